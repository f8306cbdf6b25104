"""Our GCS answers both of Google's APIs as their clients expect, and refuses the rest."""

import base64
import http.client
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import google_crc32c
import obstore
import pytest
from google.api_core.exceptions import BadRequest, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from obstore.store import GCSStore

from tests.servers.gcs import GcsServer

pytestmark = pytest.mark.server

NAMES = ["a/1", "a/10", "a/2", "a/b c%.json", "a/ü", "a/~", "ab", "b/sub/x", "b/&<>"]
BINARY = bytes(range(256)) * 1000 + b"\r\n--boundary\r\n\r\n"


@pytest.fixture
def bucket(gcs_server) -> str:
    return gcs_server.new_bucket()


def open_with_google(server: GcsServer, bucket: str) -> storage.Bucket:
    options = {"api_endpoint": server.endpoint}
    client = storage.Client("test", AnonymousCredentials(), client_options=options)
    return client.bucket(bucket)


def open_with_obstore(server: GcsServer, bucket: str) -> GCSStore:
    config = {"base_url": server.endpoint, "bearer_token": "any"}
    return GCSStore(bucket, config=config, client_options={"allow_http": True})


@pytest.fixture
def google(gcs_server, bucket) -> storage.Bucket:
    return open_with_google(gcs_server, bucket)


@pytest.fixture
def store(gcs_server, bucket) -> GCSStore:
    return open_with_obstore(gcs_server, bucket)


def create_with_google(google: storage.Bucket, name: str, body: bytes) -> bool:
    try:
        google.blob(name).upload_from_string(body, if_generation_match=0)
    except PreconditionFailed:
        return False
    return True


def create_with_obstore(store: GCSStore, name: str, body: bytes) -> bool:
    try:
        obstore.put(store, name, body, mode="create")
    except obstore.exceptions.AlreadyExistsError:
        return False
    return True


def reply_to(server, method: str, path: str, body: bytes = b"", **headers: str):
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        reply = connection.getresponse()
        return reply, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("name", NAMES)
def test_each_client_reads_what_the_other_wrote(google, store, name):
    assert create_with_google(google, f"google/{name}", BINARY)
    assert create_with_obstore(store, f"obstore/{name}", BINARY)

    for key in (f"google/{name}", f"obstore/{name}"):
        assert google.blob(key).download_as_bytes() == BINARY
        assert bytes(store.get(key).bytes()) == BINARY
        assert google.get_blob(key).size == store.head(key)["size"] == len(BINARY)


def test_an_empty_object_is_an_object(google, store):
    create_with_google(google, "a", b"")
    create_with_obstore(store, "b", b"")

    assert [bytes(store.get(key).bytes()) for key in "ab"] == [b"", b""]
    assert [google.blob(key).download_as_bytes() for key in "ab"] == [b"", b""]


def test_an_object_is_never_replaced(google, store):
    assert create_with_google(google, "key", b"first")

    assert not create_with_google(google, "key", b"second")
    assert not create_with_obstore(store, "key", b"second")
    assert bytes(store.get("key").bytes()) == b"first"


def test_of_many_writers_with_both_clients_exactly_one_creates_the_object(google, store):
    def create(number: int) -> bool:
        body = str(number).encode()
        if number % 2:
            return create_with_google(google, "raced", body)
        return create_with_obstore(store, "raced", body)

    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(create, range(32)))

    assert created.count(True) == 1
    assert int(google.blob("raced").download_as_bytes()) == created.index(True)


def test_of_many_resumable_uploads_exactly_one_creates_the_object(google):
    body = BINARY * 3

    def create(number: int) -> bool:
        # of a file whose size is not told, the client sends pieces
        file = BytesIO(str(number).encode() + body)
        try:
            blob = google.blob("raced", chunk_size=256 * 1024)
            blob.upload_from_file(file, if_generation_match=0)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(create, range(8)))

    assert created.count(True) == 1
    assert google.blob("raced").download_as_bytes() == str(created.index(True)).encode() + body


def test_a_listing_of_several_pages_has_every_name_once_in_order(google, store):
    for name in NAMES:
        create_with_obstore(store, name, b"1")

    expected = sorted(NAMES, key=str.encode)
    assert [blob.name for blob in google.list_blobs()] == expected
    assert [entry["path"] for entry in store.list().collect()] == expected


def test_a_listing_has_the_names_below_a_prefix_only(google, store):
    for name in NAMES:
        create_with_google(google, name, b"1")

    below = sorted((name for name in NAMES if name.startswith("a/")), key=str.encode)
    assert [blob.name for blob in google.list_blobs(prefix="a/")] == below
    assert [entry["path"] for entry in store.list("a").collect()] == below
    assert [blob.name for blob in google.list_blobs(prefix="none/")] == []
    assert store.list("none").collect() == []


def test_a_listing_may_start_behind_a_name(google, store):
    for name in NAMES:
        create_with_google(google, name, b"1")

    behind = [entry["path"] for entry in store.list("a", offset="a/2").collect()]
    assert behind == ["a/b c%.json", "a/~", "a/ü"]
    assert [blob.name for blob in google.list_blobs(prefix="a/", start_offset="a/2")] == [
        "a/2",
        *behind,
    ]


def test_a_page_has_no_more_than_the_server_allows(gcs_server, google):
    for name in NAMES:
        create_with_google(google, name, b"1")

    pages = [list(page) for page in google.list_blobs(page_size=1000).pages]

    assert [len(page) for page in pages] == [3, 3, 3]


def test_a_part_of_an_object_can_be_read(google, store):
    create_with_google(google, "key", b"0123456789")

    assert bytes(store.get_range("key", start=2, end=5)) == b"234"
    assert google.blob("key").download_as_bytes(start=2, end=4) == b"234"
    assert bytes(store.get("key", options={"range": {"suffix": 3}}).bytes()) == b"789"


def test_what_is_not_there_is_not_found(google, store):
    with pytest.raises(NotFound):
        google.blob("none").download_as_bytes()
    with pytest.raises(FileNotFoundError):
        store.get("none")
    with pytest.raises(FileNotFoundError):
        store.head("none")
    assert google.get_blob("none") is None


def test_a_bucket_that_is_not_there_is_not_found(gcs_server):
    google, store = (
        opened(gcs_server, "no-bucket") for opened in (open_with_google, open_with_obstore)
    )

    assert not google.exists()
    with pytest.raises(NotFound):
        list(google.list_blobs())
    with pytest.raises(NotFound):
        google.blob("key").upload_from_string(b"1", if_generation_match=0)
    with pytest.raises(FileNotFoundError):
        obstore.put(store, "key", b"1", mode="create")


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("/{bucket}/key", {"x_goog_if_generation_not_match": "{generation}"}),
        ("/storage/v1/b/{bucket}/o/key?ifGenerationNotMatch={generation}", {}),
    ],
)
def test_a_generation_that_is_known_already_is_not_sent_again(gcs_server, google, path, header):
    create_with_google(google, "key", b"1")
    known = {"bucket": google.name, "generation": google.get_blob("key").generation}

    headers = {name: value.format(**known) for name, value in header.items()}
    reply, body = reply_to(gcs_server, "GET", path.format(**known), **headers)

    assert (reply.status, body) == (304, b"")


@pytest.mark.parametrize("digest", ["crc32c", "md5"])
def test_a_body_that_does_not_match_its_digest_is_refused(gcs_server, bucket, digest):
    wrong = base64.b64encode(bytes(4 if digest == "crc32c" else 16)).decode()

    reply, body = reply_to(
        gcs_server, "PUT", f"/{bucket}/key", b"whale", x_goog_hash=f"{digest}={wrong}"
    )

    assert reply.status == 400
    assert b"<Code>BadDigest</Code>" in body
    assert reply_to(gcs_server, "GET", f"/{bucket}/key")[0].status == 404


def test_the_digests_that_come_with_an_object_are_those_of_its_body(gcs_server, bucket):
    crc32c = base64.b64encode(google_crc32c.Checksum(b"whale").digest()).decode()

    put, _ = reply_to(gcs_server, "PUT", f"/{bucket}/k", b"whale", x_goog_hash=f"crc32c={crc32c}")
    got, _ = reply_to(gcs_server, "GET", f"/{bucket}/k")

    assert put.status == 200
    assert f"crc32c={crc32c}" in got.headers["x-goog-hash"]


def test_an_upload_whose_description_has_another_digest_is_refused(google):
    blob = google.blob("key")
    blob.crc32c = base64.b64encode(bytes(4)).decode()

    with pytest.raises(BadRequest):
        blob.upload_from_string(b"whale", if_generation_match=0, checksum=None)

    assert google.get_blob("key") is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/{}?list-type=2&delimiter=/"),
        ("GET", "/storage/v1/b/{}/o?delimiter=/"),
        ("PUT", "/{}/key?partNumber=1&uploadId=x"),
        ("DELETE", "/{}/key"),
    ],
)
def test_what_is_not_written_here_is_refused_not_ignored(gcs_server, bucket, method, path):
    reply, _ = reply_to(gcs_server, method, path.format(bucket))

    assert reply.status == 501


def test_the_environment_is_all_that_both_clients_need(gcs_server, bucket, monkeypatch):
    for name, value in gcs_server.environ.items():
        monkeypatch.setenv(name, value)

    assert create_with_obstore(GCSStore(bucket), "key", b"1")
    assert storage.Client(project="test").bucket(bucket).blob("key").download_as_bytes() == b"1"
