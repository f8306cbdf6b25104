"""The clouds' own runtimes on this machine: what the demo, the tests and the benchmark call.

Each is the vendor's real program around our real door, listening on the loopback alone.
"""

from pathlib import Path

import spyhop
from spyhop.errors import ConfigError


def door_folder(name: str) -> Path:
    """Return the folder of a door's source, "aws_lambda", "container" or "gcp_function".

    Raises:
        ConfigError: this installation has no such door.
    """
    package = Path(spyhop.__file__).parent
    for functions in (package / "functions", package.parent.parent / "functions"):
        if (functions / name).is_dir():
            return functions / name
    raise ConfigError(f"found no folder functions/{name}; install spyhop from its wheel or clone")
