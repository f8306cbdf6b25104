"""S3 on this machine, twice: LocalStack, which checks what it is sent, and moto, which is quick.

LocalStack checks digests and the signatures of signed URLs, and lets exactly one of many
concurrent creators win.  moto is a second opinion, and promises nothing about races.  Neither
checks the signature in a request's Authorization header.
"""

import sys
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

import boto3
from moto.server import ThreadedMotoServer

from spyhop.emulators.process import ServerProcess, free_port
from spyhop.errors import ConfigError

REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = (
    "test",
    "test",
)  # LocalStack expects a signed URL to be signed with this secret


class S3Endpoint:
    """Where an S3 server listens, and what a client must know of it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which boto3 and obstore find this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ALLOW_HTTP": "true",  # obstore wants to be told
        }

    def client(self, secret_key: str = SECRET_KEY):
        """Return a boto3 client of this server; it may be shared by threads."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=secret_key,
        )

    def new_bucket(self) -> str:
        """Return the name of a bucket that was just made."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name


class LocalStack(ServerProcess, S3Endpoint):
    """LocalStack's S3, with its files in `folder`, until the `with` block ends.

    It has a virtual environment of its own inside ours, for its pins are not ours.
    """

    def __init__(self, folder: Path) -> None:
        python = Path(sys.prefix) / "localstack" / "bin" / "python"
        if not python.exists():
            raise ConfigError(f"found no LocalStack at {python}. `make test` installs it.")
        port = free_port()
        S3Endpoint.__init__(self, f"http://127.0.0.1:{port}")
        command = [str(python), "-m", "localstack.runtime.main"]
        ServerProcess.__init__(self, command, port, folder, _localstack_settings(folder, port))


def _localstack_settings(folder: Path, port: int) -> dict[str, str]:
    return {
        "GATEWAY_SERVER": "hypercorn",  # the default one listens on every interface
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "SERVICES": "s3",
        "STRICT_SERVICE_LOADING": "1",
        "S3_SKIP_SIGNATURE_VALIDATION": "0",
        "DNS_ADDRESS": "0",
        # nothing leaves this machine, nothing is left on it
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "FILESYSTEM_ROOT": str(folder),
        "HOME": str(folder),
        "TMPDIR": str(folder),
    }


class MotoS3(S3Endpoint):
    """moto's S3 in a thread of this process, until the `with` block ends."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        super().__init__(f"http://{host}:{port}")

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
