"""The rules of the house: who may import whom, who may read the environment, how big files get."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "shared" / "spyhop"
DOORS = sorted((ROOT / "functions").glob("*/*.py"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
SERVING = (
    *("bundle", "model", "version_guard", "features", "deployment", "service"),
    *("http", "http_reply", "settings", "releases", "versions", "verified", "cache"),
    *("serving", "capture", "log", "signatures", "pickles", "row_reader", "compression"),
    *("records", "scoring", "batch", "row_files", "snapshots"),
    *("alone", "container", "container_settings", "metrics", "openapi", "docs_page", "v2"),
    *(f"codecs/{path.stem}" for path in (PACKAGE / "codecs").glob("*.py")),
)


def imports(path: Path) -> set[str]:
    """Return the full names of all modules that a file imports, at its top or inside."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


def strangers(path: Path, *allowed: str) -> set[str]:
    """Return the imports of a file that are neither standard nor below one of `allowed`."""
    return {
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == root or name.startswith(f"{root}.") for root in allowed)
    }


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda p: p.stem)
def test_core_imports_the_standard_library_numpy_msgspec_and_errors_only(path):
    assert not strangers(path, "numpy", "msgspec", "spyhop.core", "spyhop.errors")


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda p: p.stem)
def test_core_is_pure(path):
    impure = {"os", "io", "time", "datetime", "random", "pathlib", "socket", "subprocess", "sys"}

    assert not imports(path) & impure
    assert "open(" not in path.read_text(encoding="utf-8")


SDKS = {"s3": ("boto3", "botocore"), "gcs": ("google", "requests"), "lean": ("obstore",)}


@pytest.mark.parametrize("path", sorted((PACKAGE / "stores").glob("*.py")), ids=lambda p: p.stem)
def test_a_store_imports_its_own_sdk_errors_and_the_port_only(path):
    assert not strangers(path, *SDKS.get(path.stem, ()), "spyhop.errors", "spyhop.stores")


ENGINES = sorted((PACKAGE / "engines").rglob("*.py"))


@pytest.mark.parametrize("path", ENGINES, ids=lambda p: p.stem)
def test_an_engine_imports_core_errors_and_its_library_only(path):
    own = ("numpy", "msgspec", "spyhop.core", "spyhop.engines", "spyhop.errors")
    libraries = ("onnx", "onnxruntime", "pandas", "scipy", "skl2onnx", "sklearn", "skops", "joblib")

    assert not strangers(path, *own, *libraries)


@pytest.mark.parametrize("path", sorted((PACKAGE / "emulators").glob("*.py")), ids=lambda p: p.stem)
def test_an_emulator_imports_the_standard_library_and_errors_only(path):
    assert not strangers(path, "spyhop.emulators", "spyhop.errors") - {"spyhop"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "envelopes").glob("*.py")), ids=lambda p: p.stem)
def test_an_envelope_knows_requests_and_records_and_nothing_of_models_or_stores(path):
    values = ("spyhop.http", "spyhop.http_reply", "spyhop.records", "spyhop.errors")

    assert not strangers(path, "msgspec", "spyhop.envelopes", *values)


@pytest.mark.parametrize("path", DOORS, ids=lambda p: p.parent.name)
def test_a_door_imports_envelopes_and_use_cases_only(path):
    own = {"container": ("flask", "app", "spyhop.container", "spyhop.container_settings")}
    use_cases = ("spyhop.http", "spyhop.service", "spyhop.scoring", "spyhop.snapshots")
    allowed = ("spyhop.quick_start", "spyhop.envelopes", *use_cases)

    assert not strangers(path, *allowed, *own.get(path.parent.name, ()))


@pytest.mark.parametrize("path", DOORS, ids=lambda p: p.parent.name)
def test_a_door_is_at_most_forty_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 40


@pytest.mark.parametrize("name", SERVING)
def test_the_serving_path_imports_no_training_library(name):
    lean = (
        *("numpy", "msgspec", "cryptography", "snapshot_restore_py"),
        *("spyhop.codecs", *(f"spyhop.{part}" for part in SERVING)),
    )

    allowed = (*lean, "spyhop.core", "spyhop.engines", "spyhop.errors", "spyhop.stores")

    assert not strangers(PACKAGE / f"{name}.py", *allowed) - {"spyhop"}


def test_only_the_roots_read_the_environment():
    # emulators and proof read it to hand a part of it to the processes they start
    roots = {"cli", "emulators", "proof.py"}
    readers = {
        path.relative_to(PACKAGE).parts[0]
        for path in SOURCES
        if "os.environ" in path.read_text(encoding="utf-8")
        or "getenv" in path.read_text(encoding="utf-8")
    }

    assert readers <= roots


@pytest.mark.parametrize("path", [*SOURCES, *DOORS], ids=lambda p: p.name)
def test_no_file_outgrows_three_hundred_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
