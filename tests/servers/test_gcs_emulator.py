"""What gcp-storage-emulator is good for, and what it is not: when this changes, use it for more."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

pytestmark = pytest.mark.server


@pytest.fixture
def bucket(gcs_emulator) -> storage.Bucket:
    options = {"api_endpoint": gcs_emulator.endpoint}
    client = storage.Client("test", AnonymousCredentials(), client_options=options)
    return client.bucket(gcs_emulator.new_bucket())


def test_objects_are_written_read_and_listed(bucket):
    body = bytes(range(256)) * 100

    for name in ("a/1", "a/b c%.bin", "b"):
        bucket.blob(name).upload_from_string(body)

    assert bucket.blob("a/b c%.bin").download_as_bytes() == body
    assert [blob.name for blob in bucket.list_blobs(prefix="a/")] == ["a/1", "a/b c%.bin"]
    assert bucket.get_blob("none") is None


def test_the_emulator_ignores_that_an_object_must_not_be_replaced(bucket):
    bucket.blob("key").upload_from_string(b"first", if_generation_match=0)

    bucket.blob("key").upload_from_string(b"second", if_generation_match=0)

    assert bucket.blob("key").download_as_bytes() == b"second"
