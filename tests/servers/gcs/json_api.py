"""The JSON API: buckets, objects and their bytes; what writes objects is in uploads.py."""

import json
from datetime import UTC, datetime
from http import HTTPStatus

from tests.servers.gcs.objects import (
    Buckets,
    Conditions,
    Refused,
    StoredObject,
    not_written_here,
)
from tests.servers.gcs.wire import Reply, Request, media

_SHAPE = ("alt", "fields", "prettyPrint", "projection")  # of the reply; they may be ignored
_CONDITIONS = ("ifGenerationMatch", "ifGenerationNotMatch")


def answer(buckets: Buckets, request: Request) -> Reply:
    """Return the reply to one request below /storage/v1 or /download/storage/v1."""
    match request.method, request.parts:
        case "POST", ("b",):
            request.only_takes("project", *_SHAPE)
            bucket = json.loads(request.body)["name"]
            buckets.create(bucket)
            return as_json(_bucket(bucket))
        case "GET", ("b", bucket):
            request.only_takes(*_SHAPE)
            buckets.check(bucket)
            return as_json(_bucket(bucket))
        case "GET", ("b", bucket, "o"):
            return _list(buckets, bucket, request)
        case "GET", ("b", bucket, "o", name):
            return _read(buckets, bucket, name, request)
        case "DELETE", ("b", bucket, "o", name):
            request.only_takes(*_SHAPE)
            buckets.delete(bucket, name)
            return Reply(HTTPStatus.NO_CONTENT, {})
    raise not_written_here(f"{request.method} /{'/'.join(request.parts[:3])}")


def resource(bucket: str, found: StoredObject) -> dict[str, str]:
    """Return an object as the JSON API describes it."""
    updated = datetime.fromtimestamp(found.updated_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{found.name}/{found.generation}",
        "name": found.name,
        "bucket": bucket,
        "generation": str(found.generation),
        "metageneration": "1",
        "contentType": found.content_type,
        "size": str(len(found.body)),
        "md5Hash": found.md5,
        "crc32c": found.crc32c,
        "etag": found.etag,
        "timeCreated": updated,
        "updated": updated,
    }


def conditions(request: Request) -> Conditions:
    return Conditions(*(request.number(parameter) for parameter in _CONDITIONS))


def error(refused: Refused) -> Reply:
    """Return the JSON API's way to say that a request is refused."""
    if refused.status == HTTPStatus.NOT_MODIFIED:
        return Reply(refused.status, {})
    one = {"message": str(refused), "domain": "global", "reason": refused.json_reason}
    whole = {"code": refused.status.value, "message": str(refused), "errors": [one]}
    return as_json({"error": whole}, refused.status)


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    return Reply(status, headers, json.dumps(value).encode())


def _list(buckets: Buckets, bucket: str, request: Request) -> Reply:
    request.only_takes("prefix", "pageToken", "maxResults", "startOffset", *_SHAPE)
    page = buckets.page(
        bucket,
        request.query.get("prefix", ""),
        token=request.query.get("pageToken"),
        at_least=request.query.get("startOffset", ""),
        limit=request.number("maxResults"),
    )
    items = [resource(bucket, found) for found in page.objects]
    return as_json(
        {"kind": "storage#objects"}
        | ({"items": items} if items else {})
        | ({"nextPageToken": page.next_token} if page.next_token else {})
    )


def _read(buckets: Buckets, bucket: str, name: str, request: Request) -> Reply:
    request.only_takes("generation", *_CONDITIONS, *_SHAPE)
    found = buckets.read(bucket, name, conditions(request), request.number("generation"))
    if request.query.get("alt") == "media":
        return media(found, request.headers["range"])
    return as_json(resource(bucket, found))


def _bucket(bucket: str) -> dict[str, str]:
    return {"kind": "storage#bucket", "id": bucket, "name": bucket, "location": "US"}
