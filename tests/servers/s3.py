"""S3 on this machine, twice, for no one server checks all that the cloud checks.

LocalStack checks digests and the signatures of signed URLs, and lets exactly one of many
concurrent creators win.  moto checks the signature of every request, and promises nothing
about digests and races.
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import boto3
import requests

from spyhop.emulators.process import ServerProcess, free_port
from spyhop.errors import ConfigError

REGION = "us-east-1"


class S3Endpoint:
    """Where an S3 server listens, and what a client must know of it."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str) -> None:
        self.endpoint = endpoint
        self.access_key = access_key
        self.secret_key = secret_key

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which boto3 and obstore find this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ALLOW_HTTP": "true",  # obstore wants to be told
        }

    def client(self, secret_key: str | None = None):
        """Return a boto3 client of this server; it may be shared by threads."""
        return self._aws("s3", secret_key or self.secret_key)

    def new_bucket(self) -> str:
        """Return the name of a bucket that was just made."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def _aws(self, service: str, secret_key: str):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key,
        )


class LocalStack(ServerProcess, S3Endpoint):
    """LocalStack's S3, with its files in `folder`, until the `with` block ends.

    It has a virtual environment of its own inside ours, for its pins are not ours.
    """

    def __init__(self, folder: Path) -> None:
        python = Path(sys.prefix) / "localstack" / "bin" / "python"
        if not python.exists():
            raise ConfigError(f"found no LocalStack at {python}. `make test` installs it.")
        port = free_port()
        # it expects a signed URL to be signed with this secret
        S3Endpoint.__init__(self, f"http://127.0.0.1:{port}", "test", "test")
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


class MotoS3(ServerProcess, S3Endpoint):
    """moto's S3, in memory, for one user of its own making, until the `with` block ends."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        S3Endpoint.__init__(self, f"http://127.0.0.1:{port}", "any", "any")
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        ServerProcess.__init__(self, command, port, folder, {})
        try:
            self._ask_for_signatures()
        except BaseException:
            self.stop()
            raise

    def new_user(self, policy: dict[str, Any]) -> dict[str, str]:
        """Return the credentials of a new user who may do what `policy` says."""
        iam, name = self._aws("iam", self.secret_key), f"user-{uuid.uuid4().hex[:12]}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="its", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def _ask_for_signatures(self) -> None:
        """Make a user that may do anything in S3; from here on refuse whoever else calls."""
        iam = self._aws("iam", self.secret_key)
        iam.create_user(UserName="spyhop")
        statement = {"Effect": "Allow", "Action": ["s3:*", "iam:*"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="spyhop", PolicyName="s3", PolicyDocument=policy)
        key = iam.create_access_key(UserName="spyhop")["AccessKey"]
        self.access_key, self.secret_key = key["AccessKeyId"], key["SecretAccessKey"]
        reply = requests.post(f"{self.endpoint}/moto-api/reset-auth", data=b"0", timeout=10)
        reply.raise_for_status()
