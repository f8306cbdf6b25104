"""The classic workflow from a project file."""

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import spyhop
from spyhop.errors import ConfigError
from spyhop.train import Project, read_project, split, train


def table():
    return pd.DataFrame({"x": range(100), "y": [0] * 80 + [1] * 20})


def test_a_project_is_fitted_proved_and_packed(tmp_path):
    project = Project("steps", "y", table, LogisticRegression)
    told = []

    bundle = train(project, tmp_path / "bundle", told.append)

    assert spyhop.load(tmp_path / "bundle").bundle.version == bundle.version
    assert bundle.parity.rows == 25
    assert told[1] == "fitting on 75 rows"


def test_classes_keep_their_shares_in_both_parts():
    (_, y_train), (_, y_test) = split(Project("steps", "y", table, LogisticRegression))

    assert y_train.mean() == y_test.mean() == pytest.approx(0.2)


def test_the_same_project_splits_the_same_way_every_time():
    project = Project("steps", "y", table, LinearRegression, test_share=0.5, seed=3)

    first, second = split(project), split(project)

    assert first[1][0].equals(second[1][0])
    assert len(first[1][0]) == 50


def test_a_project_file_says_what_it_lacks(tmp_path):
    (tmp_path / "project.py").write_text('name = "steps"\ntarget = "y"\n')

    with pytest.raises(ConfigError, match=r"does not define data, pipeline"):
        read_project(tmp_path / "project.py")


def test_a_target_that_is_no_column_is_named_with_the_columns_there_are():
    with pytest.raises(ConfigError, match=r'no column "z", .* It has: x, y'):
        split(Project("steps", "z", table, LinearRegression))
