"""scikit-learn-lambda as it comes: its handler reads SKLEARN_MODEL_PATH with boto3 and joblib."""

from scikit_learn_lambda import handler

__all__ = ["handler"]
