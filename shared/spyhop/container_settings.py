"""A container's environment, as SageMaker, Vertex AI, Cloud Run and plain Docker set it."""

from collections.abc import Mapping

from msgspec import Struct

from spyhop.errors import ConfigError
from spyhop.http import DEFAULT_LIMITS, Limits
from spyhop.settings import number_in

DEFAULT_PORT = 8080

# Where SageMaker puts what it unpacked of the model's archive.
SAGEMAKER_MODEL = "/opt/ml/model"

# What Vertex AI lets through, in both directions; it drops what is larger without a reason.
VERTEX_BYTES = 1_500_000


class ContainerSettings(Struct, frozen=True):
    """`bundle` is the one bundle to serve, a folder or a URL; None where SPYHOP_ROOT names a
    store, whose channel is served then.  `routes` are the platform's paths and ours for them."""

    bundle: str | None
    routes: Mapping[str, str] = {}
    limits: Limits = DEFAULT_LIMITS

    @property
    def is_near(self) -> bool:
        """Whether the bundle is on this machine's disk."""
        return self.bundle is not None and "://" not in self.bundle.removeprefix("file://")


def read_container_settings(environ: Mapping[str, str]) -> ContainerSettings:
    """Return the settings in `environ`.

    SPYHOP_ROOT and what goes with it (`settings.py`), else SPYHOP_BUNDLE, else AIP_STORAGE_URI
    (Vertex AI), else /opt/ml/model (SageMaker).  AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE;
    SPYHOP_BODY_BYTES, the most that a request and its reply may have.

    Raises:
        ConfigError: a variable is no such value.
    """
    routes = {"AIP_PREDICT_ROUTE": "/predict", "AIP_HEALTH_ROUTE": "/ready"}
    named = {environ[name]: ours for name, ours in routes.items() if environ.get(name)}
    return ContainerSettings(_bundle(environ), named, _limits(environ))


def read_port(environ: Mapping[str, str]) -> int:
    """Return the port that the platform asks for.

    Raises:
        ConfigError: it is none.
    """
    for name in ("SAGEMAKER_BIND_TO_PORT", "AIP_HTTP_PORT", "PORT"):
        if environ.get(name):
            port = number_in(environ, name, DEFAULT_PORT)
            if not 0 < port < 2**16:
                raise ConfigError(f"{name} is no port; expected for example {DEFAULT_PORT}")
            return port
    return DEFAULT_PORT


def _bundle(environ: Mapping[str, str]) -> str | None:
    if environ.get("SPYHOP_ROOT"):
        return None
    return environ.get("SPYHOP_BUNDLE") or environ.get("AIP_STORAGE_URI") or SAGEMAKER_MODEL


def _limits(environ: Mapping[str, str]) -> Limits:
    if environ.get("SPYHOP_BODY_BYTES"):
        most = number_in(environ, "SPYHOP_BODY_BYTES", DEFAULT_LIMITS.body_bytes)
        return Limits(most, most)
    if environ.get("AIP_PREDICT_ROUTE"):
        return Limits(VERTEX_BYTES, VERTEX_BYTES, " (1.5 MB, Vertex AI's limit)")
    return DEFAULT_LIMITS
