"""Of many columns of counts only those with a term are fed, and hashes need no vocabulary."""

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC

import spyhop
from spyhop.core.answers import predictions
from spyhop.core.parity import compare
from spyhop.derive import derive_schema
from spyhop.engines import convert as conversion
from spyhop.engines.convert import STRATEGIES, convert
from spyhop.engines.fitted import answer_spec
from spyhop.engines.onnx import MOST_OCCURRING, OnnxEngine
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.tables import TableView
from tests.engines.test_text_models import (
    LABELS,
    MODELS,
    NUMBERS,
    ODD_TEXTS,
    TEXTS,
    assert_served_like_scikit_learn,
)
from tests.models import fitted

HASHED = {
    "default": make_pipeline(HashingVectorizer(), SGDClassifier(loss="log_loss", random_state=0)),
    "characters": make_pipeline(
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), norm="l1", n_features=2**18),
        LogisticRegression(),
    ),
    "weighted": make_pipeline(
        HashingVectorizer(norm=None, binary=True), TfidfTransformer(sublinear_tf=True), LinearSVC()
    ),
    "bayes": make_pipeline(
        HashingVectorizer(alternate_sign=False, norm=None, n_features=2**16), MultinomialNB()
    ),
    "search": GridSearchCV(
        make_pipeline(HashingVectorizer(), SGDClassifier(random_state=0)),
        {"sgdclassifier__alpha": [1e-4, 1e-3]},
        cv=2,
    ),
}


@pytest.mark.parametrize("pipeline", HASHED.values(), ids=HASHED)
def test_a_model_of_hashed_texts_is_served_like_scikit_learn(pipeline: Any, tmp_path: Any) -> None:
    packed = fitted(pipeline, TEXTS, LABELS, tmp_path / "bundle")

    assert_served_like_scikit_learn(packed, ODD_TEXTS + TEXTS[:8])
    (fed,) = packed.bundle.manifest["engine"]["feed"]
    assert fed["dtype"] == "occurring"


def test_few_hashes_may_be_read_by_any_model(tmp_path: Any) -> None:
    pipeline = make_pipeline(HashingVectorizer(n_features=32), RandomForestClassifier(9))

    packed = fitted(pipeline, TEXTS, LABELS, tmp_path / "bundle")

    assert_served_like_scikit_learn(packed, ODD_TEXTS)


def graph_of(pipeline: Any, y: Any = LABELS) -> Any:
    pipeline.fit(TEXTS, y)
    answers = answer_spec(pipeline)
    return convert(
        pipeline, derive_schema(pipeline, TableView(TEXTS), answers), answers, STRATEGIES[0]
    )


def test_more_hashes_than_a_forest_can_be_fed_are_left_to_scikit_learn() -> None:
    pipeline = make_pipeline(HashingVectorizer(), RandomForestClassifier(2))

    with pytest.raises(spyhop.ArtifactError, match="hashes texts to 1048576 columns"):
        graph_of(pipeline)


NARROWED = {
    **{
        name: MODELS[name]
        for name in ("logistic", "bayes", "kernel", "sublinear", "l1", "svd", "vote")
    },
    "calibrated": make_pipeline(TfidfVectorizer(), CalibratedClassifierCV(LinearSVC(), cv=3)),
    "yes or no": make_pipeline(CountVectorizer(), BernoulliNB()),
    "scaled": make_pipeline(CountVectorizer(), MaxAbsScaler(), LogisticRegression()),
    "network": make_pipeline(TfidfVectorizer(), MLPClassifier((8,), max_iter=20, random_state=0)),
    "ridge": make_pipeline(TfidfVectorizer(), Ridge()),
}
WHOLE = {name: MODELS[name] for name in ("best", "forest", "union")}


def assert_answers_like_scikit_learn(pipeline: Any, graph: Any) -> None:
    texts = (ODD_TEXTS + TEXTS) * (1 + MOST_OCCURRING // len(TEXTS))
    answers = answer_spec(pipeline)
    engine = OnnxEngine(graph.artefact, graph.blocks, answers)
    expected = predictions(pipeline_outputs(pipeline, texts, answers), answers)

    found = predictions(engine.run({"text": np.array(texts, dtype=object)}), answers)

    parity = compare(expected, found, answers, 1e-12, 1.0)
    assert parity.holds, parity.why_not()


@pytest.mark.parametrize("name", NARROWED)
def test_what_adds_up_its_columns_is_fed_those_with_a_term(name: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(conversion, "WIDE", 1)
    pipeline = NARROWED[name]

    graph = graph_of(pipeline, NUMBERS[: len(TEXTS)] if name == "ridge" else LABELS)

    assert {block.dtype for block in graph.blocks} == {"occurring"}
    assert_answers_like_scikit_learn(pipeline, graph)


@pytest.mark.parametrize("name", WHOLE)
def test_what_needs_its_columns_of_zeros_is_fed_them(name: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(conversion, "WIDE", 1)

    graph = graph_of(WHOLE[name])

    assert {block.dtype for block in graph.blocks} == {"counts"}
    assert_answers_like_scikit_learn(WHOLE[name], graph)
