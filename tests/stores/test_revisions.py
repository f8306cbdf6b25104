"""Objects of others change: a function reads the revision that an event is of, or none."""

import google.auth.credentials
import google.cloud.storage
import pytest

from spyhop.errors import ConfigError
from spyhop.stores import stream_revision

KEY = "in/rows of mönday+50%#1.jsonl"


def read(url, environ, version="", etag=""):
    pieces = stream_revision(url, KEY, version, etag, environ)
    return None if pieces is None else b"".join(pieces)


@pytest.fixture(params=["localstack", "moto_s3"])
def s3(request, monkeypatch):
    server = request.getfixturevalue(request.param)
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.mark.server
def test_an_object_written_anew_is_no_longer_the_one_with_that_etag(s3):
    bucket, client = s3.new_bucket(), s3.client()
    first = client.put_object(Bucket=bucket, Key=KEY, Body=b"first")["ETag"].strip('"')

    assert read(f"s3://{bucket}", s3.environ, etag=first) == b"first"
    client.put_object(Bucket=bucket, Key=KEY, Body=b"second")
    assert read(f"s3://{bucket}", s3.environ, etag=first) is None
    assert read(f"s3://{bucket}", s3.environ) == b"second"


@pytest.mark.server
def test_a_version_is_there_as_long_as_it_is_kept(s3):
    bucket, client = s3.new_bucket(), s3.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key=KEY, Body=b"first")["VersionId"]
    client.put_object(Bucket=bucket, Key=KEY, Body=b"second")

    assert read(f"s3://{bucket}", s3.environ, version=first) == b"first"
    client.delete_object(Bucket=bucket, Key=KEY, VersionId=first)
    assert read(f"s3://{bucket}", s3.environ, version=first) is None


@pytest.mark.server
def test_a_generation_is_gone_once_it_is_written_over(gcs_server, monkeypatch):
    for name, value in gcs_server.environ.items():
        monkeypatch.setenv(name, value)
    bucket = gcs_server.new_bucket()
    client = google.cloud.storage.Client(
        project="test", credentials=google.auth.credentials.AnonymousCredentials()
    )
    blob = client.bucket(bucket).blob(KEY)
    blob.upload_from_string(b"first")
    first = str(blob.generation)

    assert read(f"gs://{bucket}", gcs_server.environ, version=first) == b"first"
    client.bucket(bucket).blob(KEY).upload_from_string(b"second")
    assert read(f"gs://{bucket}", gcs_server.environ, version=first) is None


def test_only_buckets_have_revisions(tmp_path):
    with pytest.raises(ConfigError, match="s3://"):
        read(str(tmp_path), {})
