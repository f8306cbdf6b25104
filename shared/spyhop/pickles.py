"""Pickles, for pipelines that skops cannot hold: served only where the deployer said so.

Opening a pickle runs whatever code it holds, with all rights of the function.  Digests and
signatures say whose code that is; whether to run it is for the deployer alone to say.
"""

from spyhop.errors import ConfigError

PICKLE = "model.joblib"


def is_pickle(artefact: str) -> bool:
    """Return whether the artefact of this name is a pickle."""
    return artefact == PICKLE


def check_pickle(artefact: str, allowed: bool, version: str) -> None:
    """Return if the artefact is no pickle, or pickles are allowed.

    Raises:
        ConfigError: it is one, and they are not.
    """
    if is_pickle(artefact) and not allowed:
        raise ConfigError(
            f"the model of {version} is a pickle ({PICKLE}), and opening a pickle runs whatever "
            "code it holds. If you trust who packed it, say so: SPYHOP_ALLOW_PICKLE=1 on the "
            "function, allow_pickle=True in Python, --allow-pickle on the command line."
        )
