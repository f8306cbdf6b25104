"""How columns become the tensors of a graph."""

import numpy as np
import pytest

from spyhop.core.blocks import TEXT_NAN, Block, block_array, block_from_json, block_to_json
from spyhop.core.text import Vectoriser
from spyhop.errors import ArtifactError, InvalidRequest


def no_file(name):
    raise AssertionError(f"reads {name}")


def test_columns_stand_side_by_side_in_the_blocks_own_order():
    table = {"a": np.array([1.0, 2.0]), "b": np.array([3, 4]), "c": np.array([True, False])}

    array = block_array(table, Block("numbers", "float64", ("b", "a", "c")))

    assert array.tolist() == [[3, 1, 1], [4, 2, 0]]


def test_a_number_that_float32_cannot_hold_is_refused_with_row_and_column():
    table = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 1e300])}

    with pytest.raises(InvalidRequest) as caught:
        block_array(table, Block("numbers", "float32", ("a", "b")))

    assert [problem[:2] for problem in caught.value.problems] == [(1, "b")]


def test_a_missing_text_and_the_text_nan_stay_apart():
    table = {"a": np.array([None, "nan", "x"], dtype=object)}

    array = block_array(table, Block("texts", "string", ("a",), nullable=("a",)))

    assert array[:, 0].tolist() == ["nan", TEXT_NAN, "x"]


def test_the_text_nan_stays_itself_where_nothing_may_be_missing():
    table = {"a": np.array([None, "x"], dtype=object), "b": np.array(["nan", "y"], dtype=object)}

    array = block_array(table, Block("texts", "string", ("a", "b"), nullable=("a",)))

    assert array.tolist() == [["nan", "nan"], ["x", "y"]]


def test_a_block_survives_its_own_json():
    block = Block("texts", "string", ("a", "b"), nullable=("b",))

    assert block_from_json(block_to_json(block), no_file) == block


def test_a_block_of_counts_has_its_vectoriser_in_a_file():
    block = Block("notes", "counts", ("note",), vectoriser=Vectoriser(terms=("ham",)))
    files = {"notes.json": block.vectoriser}

    assert block_from_json(block_to_json(block), files.__getitem__) == block


def test_a_block_of_counts_has_one_column_a_term():
    vectoriser = Vectoriser(terms=("eggs", "ham"))
    block = Block("notes", "counts", ("note",), vectoriser=vectoriser)

    array = block_array({"note": np.array(["Ham ham", ""], dtype=object)}, block)

    assert (block.width, array.tolist()) == (2, [[0, 2], [0, 0]])


def test_what_is_no_text_is_refused_where_terms_are_counted():
    block = Block("notes", "counts", ("note",), vectoriser=Vectoriser(terms=("ham",)))

    with pytest.raises(InvalidRequest) as caught:
        block_array({"note": np.array(["ham", None, "eggs", 3.5], dtype=object)}, block)

    assert [problem[:2] for problem in caught.value.problems] == [(1, "note"), (3, "note")]


def test_a_block_of_a_type_from_the_future_is_refused():
    with pytest.raises(ArtifactError, match="float16"):
        block_from_json({"name": "numbers", "dtype": "float16", "columns": ["a"]}, no_file)
