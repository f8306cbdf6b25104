"""Google Cloud Storage in this process: as much of it as the store drivers use, and no more.

Google publishes no emulator, and those of others ignore what a create-if-absent needs.  This one
is written from the public documentation of both APIs, over the same objects:

- JSON, which google-cloud-storage speaks: https://cloud.google.com/storage/docs/json_api/v1
- XML, which obstore speaks: https://cloud.google.com/storage/docs/xml-api/reference-headers

What a client asks that is not written here is refused with 501, never ignored: an ignored
precondition would let a test pass that fails in the cloud.  Credentials are not looked at.
"""

from tests.servers.gcs.server import GcsServer

__all__ = ["GcsServer"]
