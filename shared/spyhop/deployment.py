"""What whoever deploys brings to a bundle, and a bundle can never bring itself."""

from collections.abc import Iterable
from os import PathLike

from msgspec import Struct

from spyhop.features import Features, load_features


class Deployment(Struct, frozen=True):
    """`trusted_types`: full names of types beyond scikit-learn's own that an artefact may
    construct.  `features`: the feature module that runs before the pipeline.  `allow_pickle`:
    whether an artefact may be a pickle (model.joblib), which runs whatever code it holds."""

    trusted_types: frozenset[str] = frozenset()
    features: Features | None = None
    allow_pickle: bool = False


def deployment(
    trusted_types: Iterable[str] = (),
    features: str | PathLike[str] | None = None,
    allow_pickle: bool = False,
) -> Deployment:
    """Return the deployment with these types trusted and the feature module at `features`.

    Raises:
        ConfigError: the feature module is not there, or is none.
    """
    module = None if features is None else load_features(features)
    return Deployment(frozenset(trusted_types), module, allow_pickle)
