"""gcp-storage-emulator: others' reading of the JSON API, as a check on our own in `gcs`.

It ignores ifGenerationMatch (what must not be replaced is replaced), page sizes and digests, and
knows no XML listing.  So it serves for single writes, reads and listings by google-cloud-storage.
"""

import uuid
from types import TracebackType
from typing import Self

from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import create_server

from spyhop.emulators.process import free_port


class GcsEmulator:
    """The emulator in a thread of this process, in memory, until the `with` block ends."""

    def __init__(self) -> None:
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.environ = {"STORAGE_EMULATOR_HOST": self.endpoint}
        self._server = create_server("127.0.0.1", port, in_memory=True)
        self._server.start()

    def new_bucket(self) -> str:
        """Return the name of a bucket that was just made."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        create_bucket(name, self._server._storage)
        return name

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
