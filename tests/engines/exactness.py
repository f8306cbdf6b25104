"""A table of whales, its pipelines at the gate, and their graphs beside them in this process."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

import spyhop
from spyhop.derive import derive_schema
from spyhop.engines.convert import STRATEGIES, convert
from spyhop.engines.fitted import answer_spec
from spyhop.engines.onnx import OnnxEngine
from spyhop.tables import TableView

TRAINED = 140
EXACT = 0.0
ROUNDED = 1e-12


class Whales:
    """A table of measurements, with gaps and texts where a test asks for them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        n = 200
        self.numbers = pd.DataFrame(
            {
                "length_m": rng.normal(10, 3, n),
                "dive_m": rng.normal(0, 1e3, n),
                "speed": rng.exponential(1, n),
                "calves": rng.integers(0, 9, n),
            }
        )
        self.gaps = self.numbers.astype(float).mask(rng.random((n, 4)) < 0.15)
        sea = pd.Series(rng.choice(["north", "south", "open"], n).astype(object))
        self.mixed = self.gaps.assign(sea=sea.mask(rng.random(n) < 0.1))
        score = (self.numbers.length_m - 10) / 3 + self.numbers.dive_m / 1e3
        score = score + rng.normal(0, 0.5, n)
        self.two = np.where(score > 0, "baleen", "toothed")
        self.three = np.digitize(score, [-1, 1])
        self.value = score.to_numpy() * 7 + 50


whales = Whales()

small = {"n_estimators": 8, "random_state": 0}


def packed(pipeline: Any, X: pd.DataFrame, y: Any, tmp_path: Any) -> spyhop.Bundle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.fit(X[:TRAINED], y[:TRAINED])
        return spyhop.pack(
            pipeline,
            name="whales",
            train=(X[:TRAINED], y[:TRAINED]),
            test=(X[TRAINED:], y[TRAINED:]),
            out=tmp_path / "bundle",
        )


def assert_exact(bundle: spyhop.Bundle, worst: float) -> None:
    assert bundle.strategy == "onnx float64", bundle.not_chosen
    assert bundle.parity.labels_differ == ()
    assert bundle.parity.worst_difference <= worst


class Engine:
    """A fitted pipeline beside its float64 graph."""

    def __init__(self, pipeline: Any, X: pd.DataFrame) -> None:
        answers = answer_spec(pipeline)
        schema = derive_schema(pipeline, TableView(X), answers)
        graph = convert(pipeline, schema, answers, STRATEGIES[0])
        self.pipeline, self.names = pipeline, list(X.columns)
        self.engine = OnnxEngine(graph.artefact, graph.blocks, answers)
        self.engine_names = schema.names

    def assert_same(self, rows: np.ndarray, tolerance: float) -> None:
        found = self.engine.run(dict(zip(self.engine_names, rows.T.copy(), strict=True)))
        asked = pd.DataFrame(rows, columns=self.names)
        if found.values is not None:
            assert abs(found.values - self.pipeline.predict(asked)).max() <= tolerance
            return
        assert (found.labels == self.pipeline.predict(asked)).all()
        if found.probabilities is not None:
            apart = found.probabilities - self.pipeline.predict_proba(asked)
            assert abs(apart).max() <= tolerance
