"""Jumps of the answer are found to the last digit, through whatever stands before."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from spyhop.boundaries import boundary_cells
from spyhop.core.schema import Column, Schema

ONE_NUMBER = Schema("matrix", (Column("x", "number", "float64"),))


def cells(numbers, answer):
    table = {"x": np.array(numbers, dtype=np.float64)}
    return boundary_cells(table, ONE_NUMBER, lambda t: answer(t["x"]).reshape(-1, 1))


@pytest.mark.parametrize("threshold", [0.1, -3.7, 1e-300, 0.0, 12345.678])
def test_both_sides_of_a_jump_are_found_to_the_last_digit(threshold):
    found = cells([-1e6, 1e6], lambda x: x > threshold)

    values = {value for _, _, value in found}
    assert values == {threshold, np.nextafter(threshold, np.inf)}


def test_a_scaled_tree_is_searched_where_it_decides_in_float32():
    rng = np.random.default_rng(0)
    X = rng.normal(1000, 300, (200, 1))
    tree = make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=4)).fit(X, X[:, 0])

    found = cells(X[:, 0], lambda x: tree.predict(x.reshape(-1, 1)))

    assert found
    for (_, _, low), (_, _, high) in zip(found[::2], found[1::2], strict=True):
        assert high == np.nextafter(low, np.inf)
        below, above = tree.predict([[low], [high]])
        assert below != above


def test_a_column_without_two_numbers_is_left_alone():
    assert cells([3.0, 3.0, np.nan], lambda x: x > 0) == []
