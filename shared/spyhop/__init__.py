"""Put a fitted scikit-learn pipeline into serverless production, proved and watched.

    bundle = spyhop.pack(pipeline, name="whales", train=(X, y), test=(X_test, y_test), out=folder)
    model = spyhop.load(folder)
    model.predict([{"hair": True, "legs": 4}])

Importing spyhop imports nothing else: `load` brings the serving path, `pack` the training side.
"""

from typing import TYPE_CHECKING, Any

from spyhop.errors import (
    ArtifactError,
    ConfigError,
    Conflict,
    InvalidRequest,
    Problem,
    SpyhopError,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from spyhop.bundle import Bundle
    from spyhop.feature_table import apply_features
    from spyhop.model import Model, load
    from spyhop.packing import pack

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "Bundle",
    "ConfigError",
    "Conflict",
    "InvalidRequest",
    "Model",
    "Problem",
    "SpyhopError",
    "StoreUnavailable",
    "apply_features",
    "load",
    "pack",
]

_HOME = {
    "Bundle": "spyhop.bundle",
    "Model": "spyhop.model",
    "load": "spyhop.model",
    "apply_features": "spyhop.feature_table",
    "pack": "spyhop.packing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'spyhop' has no attribute {name!r}")
    import importlib

    try:
        return getattr(importlib.import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if name not in ("apply_features", "pack"):
            raise
        needed = f'spyhop.{name} needs {error.name}. Install it with: pip install "spyhop[train]"'
        raise ConfigError(needed) from error
