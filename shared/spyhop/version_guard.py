"""Is this bundle loaded by the libraries it was proved on?

scikit-learn promises nothing about a pipeline that was fitted by another release.  So a bundle
of the sklearn engine serves under other libraries only if its golden rows are answered exactly
as before, and the log says which libraries changed.
"""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

GUARDED = ("scikit-learn", "numpy", "scipy")


def changed_libraries(proved_on: Mapping[str, str]) -> list[str]:
    """Return what differs here from `proved_on`, e.g. "scikit-learn 1.9.1, proved on 1.8.0".

    Of Python the minor release counts: 3.11.7 and 3.11.9 are the same.
    """
    changed = [
        f"{name} {found}, proved on {proved_on[name]}"
        for name in GUARDED
        if name in proved_on and (found := _installed(name)) != proved_on[name]
    ]
    python, proved_python = platform.python_version(), proved_on.get("python", "")
    if _minor(python) != _minor(proved_python):
        changed.insert(0, f"Python {python}, proved on {proved_python}")
    return changed


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _minor(python: str) -> list[str]:
    return python.split(".")[:2]
