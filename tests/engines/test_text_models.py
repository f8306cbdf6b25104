"""Text models are served by the onnx engine, with scikit-learn's own answers."""

import json
import textwrap
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC

import spyhop
from spyhop.core.answers import predictions
from spyhop.core.parity import compare
from spyhop.core.schema import Column, Schema
from spyhop.derive import derive_schema
from spyhop.engines import onnx
from spyhop.engines.convert import STRATEGIES, convert
from spyhop.engines.fitted import answer_spec
from spyhop.engines.onnx import OnnxEngine
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.tables import TableView
from tests.models import Packed, fitted

ODD_TEXTS = [
    "İstanbul'da IŞIK, free!",
    "Straße STRASSE ẞ spam",
    "ΣΊΣΥΦΟΣ Σ ας",
    "cafe\u0301 café CAFÉ",
    "👩‍👩‍👧 😀 free call",
    "日本語 テスト",
    "",
    "the and of",
    "win  win\t\tWIN\n\nham",
]
TEXTS = [
    "spam eggs now",
    "ham and eggs",
    "FREE Spam, win win win",
    "Ünder the sea, ΣΊΣΥΦΟΣ",
    "call me at the café",
    "win eggs in İstanbul",
    "日本語 spam 😀",
    "die Straße am Meer",
] * 9
LABELS = np.array(["spam", "ham", "spam", "ham", "ham", "spam", "spam", "ham"] * 9)
NUMBERS = np.random.default_rng(0).normal(size=len(TEXTS))

WORDS_AND_CHARACTERS = FeatureUnion(
    [
        ("words", TfidfVectorizer(stop_words="english")),
        ("characters", make_pipeline(CountVectorizer(analyzer="char"), TfidfTransformer())),
    ],
    transformer_weights={"characters": 0.5},
)

MODELS = {
    "logistic": make_pipeline(TfidfVectorizer(), LogisticRegression()),
    "bayes": make_pipeline(TfidfVectorizer(), MultinomialNB()),
    "complement": make_pipeline(CountVectorizer(binary=True), ComplementNB()),
    "char_wb": make_pipeline(CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)), LinearSVC()),
    "kernel": make_pipeline(TfidfVectorizer(), SVC()),
    "sublinear": make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression()),
    "l1": make_pipeline(TfidfVectorizer(norm="l1"), LogisticRegression()),
    "no norm": make_pipeline(TfidfVectorizer(norm=None, use_idf=False), LogisticRegression()),
    "ascii": make_pipeline(
        TfidfVectorizer(strip_accents="ascii", stop_words=["the", "am"]), LogisticRegression()
    ),
    "transformer": make_pipeline(CountVectorizer(), TfidfTransformer(), LogisticRegression()),
    "svd": make_pipeline(TfidfVectorizer(), TruncatedSVD(5), Normalizer(), LogisticRegression()),
    "best": make_pipeline(CountVectorizer(), SelectKBest(chi2, k=9), LogisticRegression()),
    "forest": make_pipeline(TfidfVectorizer(), RandomForestClassifier(9)),
    "calibrated": make_pipeline(TfidfVectorizer(), CalibratedClassifierCV(LinearSVC(), cv=3)),
    "union": make_pipeline(WORDS_AND_CHARACTERS, LogisticRegression()),
    "vote": VotingClassifier(
        [
            ("a", make_pipeline(TfidfVectorizer(), LogisticRegression())),
            ("b", make_pipeline("passthrough", CountVectorizer(), MultinomialNB())),
        ],
        voting="soft",
    ),
    "grid": GridSearchCV(
        make_pipeline(TfidfVectorizer(), LogisticRegression()), {"logisticregression__C": [1, 9]}
    ),
}


def assert_served_like_scikit_learn(packed: Packed, asked: Any) -> None:
    model = spyhop.load(packed.folder)
    answers = model.bundle.answers
    expected = predictions(pipeline_outputs(packed.pipeline, asked, answers), answers)
    rows = TableView(asked).rows(range(len(asked)))

    alone = [model.predict([row])[0] for row in rows]

    assert packed.bundle.strategy == "onnx float64", packed.bundle.not_chosen
    for answered in (alone, model.predict(rows)):
        parity = compare(expected, answered, answers, 1e-12, packed.bundle.parity.scale)
        assert parity.holds, parity.why_not()


@pytest.mark.parametrize("pipeline", MODELS.values(), ids=MODELS)
def test_a_text_model_is_served_like_scikit_learn(pipeline, tmp_path):
    packed = fitted(pipeline, TEXTS, LABELS, tmp_path / "bundle")

    assert_served_like_scikit_learn(packed, ODD_TEXTS + TEXTS[:8])


COLUMNS = {
    "one vectoriser": TfidfVectorizer(),
    "a chain": make_pipeline(CountVectorizer(), TfidfTransformer(), TruncatedSVD(3)),
    "a union": WORDS_AND_CHARACTERS,
}


def notes(texts: list[str]) -> pd.DataFrame:
    n = len(texts)
    return pd.DataFrame(
        {
            "note": texts,
            "length": NUMBERS[:n],
            "plan": (["basic", "plus", "basic"] * n)[:n],
            "subject": texts[::-1],
        }
    )


@pytest.mark.parametrize("on_note", COLUMNS.values(), ids=COLUMNS)
def test_texts_beside_numbers_and_categories_are_served_like_scikit_learn(on_note, tmp_path):
    columns = ColumnTransformer(
        [
            ("note", on_note, "note"),
            ("numbers", StandardScaler(), ["length"]),
            ("plan", OneHotEncoder(handle_unknown="ignore"), ["plan"]),
            ("subject", CountVectorizer(analyzer="char_wb", ngram_range=(1, 2)), 3),
        ],
        transformer_weights={"note": 2.0},
    )
    pipeline = make_pipeline(columns, LogisticRegression())

    packed = fitted(pipeline, notes(TEXTS), LABELS, tmp_path / "bundle")

    assert [column.kind for column in packed.bundle.schema.columns] == [
        *("text", "number", "category", "text")
    ]
    assert_served_like_scikit_learn(packed, notes(ODD_TEXTS))


def test_a_regressor_on_texts_is_served_like_scikit_learn(tmp_path):
    packed = fitted(make_pipeline(TfidfVectorizer(), Ridge()), TEXTS, NUMBERS, tmp_path / "bundle")

    assert_served_like_scikit_learn(packed, ODD_TEXTS)


def test_a_vocabulary_is_a_file_of_its_own_that_cannot_be_changed_unnoticed(tmp_path):
    packed = fitted(MODELS["logistic"], TEXTS, LABELS, tmp_path / "bundle")
    file = packed.folder / "vectoriser_1.json"

    terms = json.loads(file.read_text())["terms"]
    (fed,) = packed.bundle.manifest["engine"]["feed"]
    file.write_text(file.read_text().replace("spam", "ham"))

    assert terms == sorted(packed.pipeline[0].vocabulary_)
    assert (fed["columns"], fed["vectoriser"]) == (["text"], file.name)
    with pytest.raises(spyhop.ArtifactError, match=r"vectoriser_1.json .* does not match"):
        spyhop.load(packed.folder)


def test_a_null_text_is_refused_with_its_row(tmp_path):
    packed = fitted(MODELS["logistic"], TEXTS, LABELS, tmp_path / "bundle")

    with pytest.raises(spyhop.InvalidRequest, match=r"rows\[1\].text: got null"):
        spyhop.load(packed.folder).predict([{"text": "spam"}, {"text": None}])


def test_many_texts_of_a_large_vocabulary_are_answered_in_portions(monkeypatch):
    pipeline = MODELS["logistic"].fit(TEXTS, LABELS)
    answers = answer_spec(pipeline)
    schema = derive_schema(pipeline, TableView(TEXTS), answers)
    graph = convert(pipeline, schema, answers, STRATEGIES[0])
    table = {"text": np.array(TEXTS, dtype=object)}
    whole = OnnxEngine(graph.artefact, graph.blocks, answers).run(table)

    monkeypatch.setattr(onnx, "MOST_COUNTS", 5 * graph.blocks[0].width)
    parts = OnnxEngine(graph.artefact, graph.blocks, answers).run(table)

    assert (parts.labels == whole.labels).all()
    assert np.allclose(parts.probabilities, whole.probabilities, rtol=0, atol=1e-15)


def split_at_spaces(text):
    return text.split(" ")


def shouted(texts):
    return [text.upper() for text in texts]


class OwnVectorizer(CountVectorizer):
    def build_analyzer(self):
        return split_at_spaces


REFUSED = {
    "tokenizer": (
        CountVectorizer(tokenizer=split_at_spaces, token_pattern=None),
        "CountVectorizer has a tokenizer that is a function",
    ),
    "analyzer": (TfidfVectorizer(analyzer=split_at_spaces), "analyzer that is a function"),
    "preprocessor": (CountVectorizer(preprocessor=str.upper), "preprocessor that is a function"),
    "accents": (CountVectorizer(strip_accents=str.upper), "strip_accents that is a function"),
    "subclass": (OwnVectorizer(), "OwnVectorizer has a way of its own to count"),
    "float32": (TfidfVectorizer(dtype=np.float32), "TfidfVectorizer counts in float32"),
    "overflowing": (CountVectorizer(dtype=np.uint8), "CountVectorizer counts in uint8"),
    "earlier step": (
        make_pipeline(FunctionTransformer(shouted), CountVectorizer()),
        "counts terms of what an earlier step makes of the texts",
    ),
}


@pytest.mark.parametrize(("vectoriser", "said"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.numbers)
def test_what_counts_in_a_way_of_its_own_is_not_made_a_graph(vectoriser, said, strategy):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = make_pipeline(vectoriser, LogisticRegression()).fit(TEXTS, LABELS)
    schema = Schema("vector", (Column("text", "text", "object"),))

    with pytest.raises(spyhop.ArtifactError, match=said):
        convert(pipeline, schema, answer_spec(pipeline), strategy)


def test_a_tokenizer_that_is_a_function_is_served_by_scikit_learn(tmp_path):
    pipeline = make_pipeline(
        TfidfVectorizer(tokenizer=textwrap.wrap, token_pattern=None), LogisticRegression()
    )

    packed = fitted(pipeline, TEXTS, LABELS, tmp_path / "bundle", trusted=["textwrap.wrap"])

    assert packed.bundle.engine == "sklearn"
    assert "a tokenizer that is a function" in packed.bundle.not_chosen["onnx float64"]
    answers = spyhop.load(packed.folder, trusted_types={"textwrap.wrap"}).predict(
        [{"text": text} for text in ODD_TEXTS]
    )
    assert [a["label"] for a in answers] == packed.pipeline.predict(ODD_TEXTS).tolist()


def test_a_table_of_which_a_vectoriser_makes_texts_is_not_made_a_graph():
    first = FunctionTransformer(lambda table: table["note"])
    columns = make_column_transformer((make_pipeline(first, CountVectorizer()), ["note"]))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(notes(TEXTS), LABELS)
    schema = Schema("frame", tuple(Column(name, "text", "object") for name in notes(TEXTS)))

    with pytest.raises(spyhop.ArtifactError, match="terms of the texts of one column"):
        convert(pipeline, schema, answer_spec(pipeline), STRATEGIES[0])
