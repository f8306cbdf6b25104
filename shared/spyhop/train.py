"""The classic workflow from one small file: load, split, fit, evaluate, pack.

A project file is Python that defines

    name = "whales"          the model's name
    target = "kind"          the column to predict
    def data(): …            returns a DataFrame with the target and every feature
    def pipeline(): …        returns the unfitted scikit-learn pipeline
    test_share = 0.25        the held-out share of the rows (optional)
    seed = 0                 of the split (optional)
    features = "features.py" a feature module beside this file (optional; see features.py)
"""

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split

from spyhop.bundle import Bundle
from spyhop.errors import ConfigError
from spyhop.feature_table import apply_features
from spyhop.packing import pack

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Project:
    """What a project file defines; see this module."""

    name: str
    target: str
    data: Callable[[], Any]
    pipeline: Callable[[], Any]
    test_share: float = 0.25
    seed: int = 0
    features: Path | None = None


def read_project(path: str | Path) -> Project:
    """Return the project that the file at `path` defines.  The file is run.

    Raises:
        ConfigError: it does not define what a project needs.
    """
    if not Path(path).is_file():
        raise ConfigError(f"there is no project file {path}; expected Python, see spyhop train -h")
    defined = runpy.run_path(str(path))
    absent = [field for field in ("name", "target", "data", "pipeline") if field not in defined]
    if absent:
        raise ConfigError(
            f"{path} does not define {', '.join(absent)}. A project defines name, target, data() "
            "and pipeline(); see spyhop train -h"
        )
    fields = {field: defined[field] for field in Project.__dataclass_fields__ if field in defined}
    if "features" in fields:
        fields["features"] = Path(path).parent / fields["features"]
    return Project(**fields)


def split(project: Project) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return the project's (X, y) to train on and the (X, y) held out.

    Classes keep their shares in both parts.
    """
    table = project.data()
    if project.target not in table.columns:
        raise ConfigError(
            f'data() has no column "{project.target}", which is the target. It has: '
            f"{', '.join(map(str, table.columns))}"
        )
    X, y = table.drop(columns=project.target), table[project.target]
    X_train, X_test, y_train, y_test = train_test_split(
        X,
        y,
        test_size=project.test_share,
        random_state=project.seed,
        stratify=y if is_classifier(project.pipeline()) else None,
    )
    return (X_train, y_train), (X_test, y_test)


def train(project: Project, out: str | Path, tell: Tell = lambda step: None) -> Bundle:
    """Fit the project's pipeline, prove it and pack it into `out`; `tell` hears each step.

    Raises:
        ConfigError: the project's parts do not fit together.
        ArtifactError: the fitted pipeline cannot be packed; see `pack`.
    """
    tell("loading and splitting")
    train_part, test_part = split(project)
    tell(f"fitting on {len(train_part[0])} rows")
    X, y = train_part
    if project.features is not None:
        X = apply_features(project.features, X)
    fitted = project.pipeline().fit(X, y)
    tell(f"packing, and proving on {len(test_part[0])} held-out rows")
    return pack(
        fitted,
        name=project.name,
        train=train_part,
        test=test_part,
        out=out,
        features=project.features,
    )
