"""The S3 servers do what our stores rely on in the cloud; else their tests prove nothing."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor

import obstore
import pytest
import requests
from botocore.exceptions import ClientError
from obstore.store import S3Store

from tests.servers.s3 import REGION, S3Endpoint

pytestmark = pytest.mark.server


@pytest.fixture(params=["localstack", "moto_s3"])
def server(request):
    return request.getfixturevalue(request.param)


def open_with_obstore(server: S3Endpoint, bucket: str, secret_key: str = "") -> S3Store:
    config = {
        "endpoint": server.endpoint,
        "region": REGION,
        "access_key_id": server.access_key,
        "secret_access_key": secret_key or server.secret_key,
    }
    return S3Store(bucket, config=config, client_options={"allow_http": True})


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def test_of_many_boto3_writers_exactly_one_creates_the_object(localstack):
    bucket, client = localstack.new_bucket(), localstack.client()

    def create(number: int) -> bool:
        try:
            client.put_object(
                Bucket=bucket, Key="raced", Body=str(number).encode(), IfNoneMatch="*"
            )
        except ClientError as error:
            # S3 answers 409 to a writer that meets another one at work
            assert error.response["Error"]["Code"] in (
                "PreconditionFailed",
                "ConditionalRequestConflict",
            )
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(create, range(16)))

    body = client.get_object(Bucket=bucket, Key="raced")["Body"].read()
    assert created.count(True) == 1
    assert int(body) == created.index(True)


def test_of_many_obstore_writers_exactly_one_creates_the_object(localstack):
    store = open_with_obstore(localstack, localstack.new_bucket())

    def create(number: int) -> bool:
        try:
            obstore.put(store, "raced", str(number).encode(), mode="create")
        except obstore.exceptions.AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(create, range(16)))

    assert created.count(True) == 1
    assert int(bytes(store.get("raced").bytes())) == created.index(True)


def test_a_body_that_does_not_match_its_sha256_is_refused(localstack):
    bucket, client = localstack.new_bucket(), localstack.client()

    client.put_object(Bucket=bucket, Key="right", Body=b"whale", ChecksumSHA256=sha256(b"whale"))
    with pytest.raises(ClientError) as error:
        client.put_object(Bucket=bucket, Key="wrong", Body=b"whale", ChecksumSHA256=sha256(b"?"))

    listed = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert code_of(error) in ("BadDigest", "InvalidRequest")
    assert [entry["Key"] for entry in listed] == ["right"]


@pytest.mark.parametrize(("secret_key", "status"), [("test", 200), ("wrong", 403)])
def test_a_signed_url_is_answered_only_if_its_signature_is_right(localstack, secret_key, status):
    bucket = localstack.new_bucket()
    localstack.client().put_object(Bucket=bucket, Key="key", Body=b"whale")

    signer = localstack.client(secret_key=secret_key)
    url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "key"})
    reply = requests.get(url, timeout=10)

    assert reply.status_code == status
    assert ("<Code>SignatureDoesNotMatch</Code>" in reply.text) == (status == 403)


def test_a_request_with_a_wrong_signature_is_refused(moto_s3):
    bucket = moto_s3.new_bucket()

    with pytest.raises(ClientError) as error:
        moto_s3.client(secret_key="wrong").put_object(Bucket=bucket, Key="key", Body=b"")
    with pytest.raises(obstore.exceptions.PermissionDeniedError):
        obstore.put(open_with_obstore(moto_s3, bucket, "wrong"), "key", b"", mode="create")

    assert code_of(error) == "SignatureDoesNotMatch"
    assert moto_s3.client().list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_boto3_and_obstore_read_what_the_other_wrote(server):
    bucket, body = server.new_bucket(), bytes(range(256))
    client, store = server.client(), open_with_obstore(server, bucket)

    client.put_object(Bucket=bucket, Key="from/boto3 ü%.bin", Body=body, IfNoneMatch="*")
    obstore.put(store, "from/obstore ü%.bin", body, mode="create")

    for key in ("from/boto3 ü%.bin", "from/obstore ü%.bin"):
        assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == body
        assert bytes(store.get(key).bytes()) == body


def test_an_object_is_never_replaced(server):
    bucket = server.new_bucket()
    client, store = server.client(), open_with_obstore(server, bucket)
    obstore.put(store, "key", b"first", mode="create")

    with pytest.raises(ClientError) as error:
        client.put_object(Bucket=bucket, Key="key", Body=b"second", IfNoneMatch="*")
    with pytest.raises(obstore.exceptions.AlreadyExistsError):
        obstore.put(store, "key", b"second", mode="create")

    assert code_of(error) == "PreconditionFailed"
    assert bytes(store.get("key").bytes()) == b"first"


def test_the_environment_is_all_that_obstore_needs(server, monkeypatch):
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    store = S3Store(server.new_bucket())

    obstore.put(store, "key", b"1", mode="create")

    assert bytes(store.get("key").bytes()) == b"1"
