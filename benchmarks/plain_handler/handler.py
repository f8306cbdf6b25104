"""The plain way: what most tutorials put around a scikit-learn pipeline on AWS Lambda.

It takes the same requests as spyhop's door and answers in the same form; it checks nothing.
"""

import json
import os
from typing import Any

import joblib
import pandas as pd

PIPELINE = joblib.load(os.environ["MODEL_PATH"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return labels and probabilities for the rows in an API Gateway event."""
    rows = json.loads(event["body"])["instances"]
    probabilities = PIPELINE.predict_proba(pd.DataFrame(rows))
    labels = PIPELINE.classes_[probabilities.argmax(axis=1)].tolist()
    keys = [str(label) for label in PIPELINE.classes_]
    predictions = [
        {"label": label, "probabilities": dict(zip(keys, row, strict=True))}
        for label, row in zip(labels, probabilities.tolist(), strict=True)
    ]
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"predictions": predictions}),
    }
