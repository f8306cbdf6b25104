"""A user's own preprocessing code, the same function in training, batch and serving.

A feature module is one Python file that defines `features(columns)`: a mapping from column
name to array of shape (n_rows,) in, another one out, each row for itself.  Numbers are float64
(NaN where missing), integers int64, booleans bool (both float64 where a value is missing),
categories and text object arrays of str (None where missing).

It ships with the deployed code and never inside a bundle: nothing from a store is ever run.
The manifest pins its sha256, and a version is served only where the very same file is.
"""

import hashlib
import os
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from spyhop.core.answers import Outputs
from spyhop.core.rows import Table
from spyhop.engines import CannotCompute, Engine
from spyhop.errors import ArtifactError, ConfigError


class Features(Struct, frozen=True):
    """A feature module: its function and the digest of its source."""

    path: str
    sha256: str
    function: Callable[[Table], Table]

    def __call__(self, table: Table) -> Table:
        """Return the columns that the pipeline takes, made from the caller's.

        Raises:
            ArtifactError: the function returned something else than columns of all rows.
        """
        rows, file = len(next(iter(table.values()))), os.path.basename(self.path)
        made = self.function(dict(table))
        if not isinstance(made, dict) or not made:
            raise ArtifactError(f"features() in {file} returned no columns by name")
        columns = {name: np.asarray(values) for name, values in made.items()}
        wrong = [name for name, values in columns.items() if values.shape != (rows,)]
        if wrong:
            raise ArtifactError(
                f"features() in {file} returned {', '.join(map(str, wrong))} with "
                f"another shape than ({rows},); expected one value a row"
            )
        return columns


def load_features(path: str | os.PathLike[str]) -> Features:
    """Return the feature module at `path`.  The file is run: it must be the deployer's own.

    Raises:
        ConfigError: there is no such file, or it defines no function `features`.
    """
    path = os.fspath(path)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise ConfigError(
            f"there is no feature module {path}. Deploy the file beside the function and name "
            "it in SPYHOP_FEATURES."
        ) from error
    import runpy  # only a deployment with features pays for it

    function = runpy.run_path(path).get("features")
    if not callable(function):
        raise ConfigError(f"{path} defines no function features(columns)")
    return Features(path, hashlib.sha256(source).hexdigest(), function)


def check_features(promised: str | None, features: Features | None, version: str) -> None:
    """Refuse feature code other than the one `version` was proved with.

    Raises:
        ConfigError: naming both digests.
    """
    found = None if features is None else features.sha256
    if found == promised:
        return
    names = [("no feature code" if d is None else f"sha256 {d[:16]}…") for d in (promised, found)]
    raise ConfigError(
        f"{version} was proved with {names[0]}, and {names[1]} is deployed here. Deploy the "
        "feature module that it was packed with (SPYHOP_FEATURES), or release a version packed "
        "with this one."
    )


class WithFeatures:
    """An engine that sees what the feature module makes of the caller's columns."""

    def __init__(self, engine: Engine, features: Features) -> None:
        self._engine, self._features = engine, features

    def run(self, table: Table) -> Outputs:
        """See `Engine.run`."""
        try:
            made = self._features(table)
        except Exception as error:  # the user's code raises what it raises
            raise CannotCompute(type(error).__name__) from error
        return self._engine.run(made)
