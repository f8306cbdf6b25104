"""The serving path is lean: what a fresh interpreter has imported once it has answered."""

import json
import subprocess
import sys

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.models import fitted

HEAVY = [
    *("sklearn", "scipy", "pandas", "joblib", "skops", "onnx", "skl2onnx"),
    *("boto3", "botocore", "google.cloud.storage", "flask", "click", "rich"),
]

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import {module} as door
answer = {call}
print(json.dumps([answer, sorted(set(sys.argv[3:]) & set(sys.modules))]))
"""


def fresh(module, call, folder, environ, rows):
    program = PROGRAM.format(module=module, call=call)
    finished = subprocess.run(
        [sys.executable, "-c", program, str(folder), json.dumps(rows), *HEAVY],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(finished.stdout)


def test_the_lambda_handler_answers_without_any_heavy_library(released, whales):
    from spyhop.emulators import door_folder

    call = "door.handler({'instances': json.loads(sys.argv[2])}, None)"

    answer, heavy = fresh("handler", call, door_folder("aws_lambda"), released, whales.rows[:3])

    assert len(answer["predictions"]) == 3
    assert heavy == []


def test_loading_and_predicting_in_python_imports_no_heavy_library(whales):
    call = f"door.load({str(whales.folder)!r}).predict(json.loads(sys.argv[2]))"

    answer, heavy = fresh("spyhop", call, whales.folder, {}, whales.rows[:3])

    assert len(answer) == 3
    assert heavy == []


def test_texts_are_counted_without_any_heavy_library(tmp_path):
    texts, truth = ["spam eggs", "ham eggs", "more spam"] * 9, [1, 0, 1] * 9
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    packed = fitted(pipeline, texts, truth, tmp_path / "bundle")
    call = f"door.load({str(packed.folder)!r}).predict(json.loads(sys.argv[2]))"

    answer, heavy = fresh("spyhop", call, packed.folder, {}, packed.rows[:3])

    assert [a["label"] for a in answer] == truth[:3]
    assert heavy == []


def test_the_fast_engine_is_imported_while_the_store_is_asked(tmp_path):
    program = f"""
import sys, threading
from spyhop.service import released_service
try:
    released_service({{"SPYHOP_ROOT": {str(tmp_path)!r}, "SPYHOP_MODEL": "none"}}).serving()
except Exception as error:
    assert "Nothing is released" in str(error)
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join()
print("onnxruntime" in sys.modules)
"""

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert said.stdout == "True\n", said.stderr


@pytest.mark.parametrize("module", ["numpy", "onnxruntime", "msgspec", *HEAVY])
def test_importing_spyhop_alone_imports_nothing(module):
    program = f"import sys, spyhop; print({module!r} in sys.modules)"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert said.stdout == "False\n"
