"""How the fast engine computes many rows: in parts, on several threads, with the same answers."""

import numpy as np
import pytest
from msgspec.structs import replace

from spyhop.core.rows import parse_rows
from spyhop.engines import CannotCompute
from spyhop.engines.onnx import MOST_ROWS, PARTS_TO_SHARE, OnnxEngine


def engine_of(bundle, threads):
    artefact = bundle.files[bundle.artefact]
    return OnnxEngine(artefact, bundle.blocks, bundle.answers, threads=threads)


def many_rows(packed):
    rows = packed.rows * (PARTS_TO_SHARE * MOST_ROWS // len(packed.rows) + 1)
    return parse_rows(rows, packed.bundle.schema)


@pytest.mark.parametrize("threads", [1, 3])
def test_rows_in_parts_are_answered_as_alone_and_in_their_order(whales, threads):
    few, many = parse_rows(whales.rows, whales.bundle.schema), many_rows(whales)

    alone = engine_of(whales.bundle, 1).run(few)
    found = engine_of(whales.bundle, threads).run(many)

    n_rows = len(next(iter(many.values())))
    assert n_rows > PARTS_TO_SHARE * MOST_ROWS
    assert found.labels.tolist() == np.resize(alone.labels, n_rows).tolist()
    assert np.array_equal(found.probabilities, np.resize(alone.probabilities, (n_rows, 2)))


def test_a_part_that_cannot_be_computed_is_no_answer_for_the_others(whales):
    numbers, *others = whales.bundle.blocks
    narrower = replace(numbers, columns=numbers.columns[1:])
    engine = engine_of(replace(whales.bundle, blocks=(narrower, *others)), threads=2)

    with pytest.raises(CannotCompute):
        engine.run(many_rows(whales))
