"""The servers as fixtures: each starts when the first test asks for it, and stops with the run.

Each has `endpoint`, `environ` (what a client's process must have) and `new_bucket()`.
"""

import pytest

from tests.servers.gcs import GcsServer
from tests.servers.gcs_emulator import GcsEmulator
from tests.servers.s3 import LocalStack, MotoS3


@pytest.fixture(scope="session")
def localstack(tmp_path_factory):
    """LocalStack's S3: checks digests and signed URLs; exactly one of many creators wins."""
    with LocalStack(tmp_path_factory.mktemp("localstack")) as server:
        yield server


@pytest.fixture(scope="session")
def moto_s3(tmp_path_factory):
    """moto's S3: checks the signature of every request."""
    with MotoS3(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def gcs_server():
    """Our GCS, JSON and XML; a page of a listing has three objects."""
    with GcsServer() as server:
        yield server


@pytest.fixture(scope="session")
def gcs_emulator():
    """gcp-storage-emulator: the JSON API without conditions; reads and listings only."""
    with GcsEmulator() as server:
        yield server
