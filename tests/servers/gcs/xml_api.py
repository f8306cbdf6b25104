"""The XML API: paths /bucket and /bucket/object, conditions and digests in headers."""

from datetime import UTC, datetime
from http import HTTPStatus
from xml.sax.saxutils import escape

from tests.servers.gcs.objects import (
    Buckets,
    Conditions,
    Refused,
    StoredObject,
    check_digests,
    digests_in,
    not_written_here,
)
from tests.servers.gcs.wire import Reply, Request, media

NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"
_NOT_WRITTEN_HERE = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


def answer(buckets: Buckets, request: Request) -> Reply:
    """Return the reply to one request of the XML API, errors included."""
    try:
        return _answer(buckets, request)
    except Refused as refused:
        return _error(refused)


def _answer(buckets: Buckets, request: Request) -> Reply:
    for header in _NOT_WRITTEN_HERE:
        if header in request.headers:
            raise not_written_here(f"the header {header}")
    match request.method, request.parts:
        case "GET", (bucket,):
            return _list(buckets, bucket, request)
        case (("GET" | "HEAD"), (bucket, name)):
            request.only_takes("generation")
            generation = request.number("generation")
            found = buckets.read(bucket, name, _conditions(request), generation)
            return media(found, request.headers["range"])
        case "PUT", (bucket, name):
            return _put(buckets, bucket, name, request)
    raise not_written_here(f"{request.method} of {len(request.parts)} names")


def _put(buckets: Buckets, bucket: str, name: str, request: Request) -> Reply:
    request.only_takes()
    new = StoredObject(
        name, request.body, request.headers.get("content-type", "binary/octet-stream")
    )
    digests = digests_in(",".join(request.headers.get_all("x-goog-hash", [])))
    if "content-md5" in request.headers:
        digests["md5"] = request.headers["content-md5"]
    check_digests(new, digests)
    buckets.write(bucket, new, _conditions(request))
    headers = dict(media(new, None).headers)
    return Reply(HTTPStatus.OK, {**headers, "Content-Type": "text/html; charset=UTF-8"})


def _list(buckets: Buckets, bucket: str, request: Request) -> Reply:
    request.only_takes("list-type", "prefix", "continuation-token", "start-after", "max-keys")
    if request.query.get("list-type") != "2":
        raise not_written_here("a listing without list-type=2")
    prefix = request.query.get("prefix", "")
    page = buckets.page(
        bucket,
        prefix,
        token=request.query.get("continuation-token"),
        after=request.query.get("start-after", ""),
        limit=request.number("max-keys"),
    )
    more = f"<NextContinuationToken>{page.next_token}</NextContinuationToken>"
    return _xml(
        HTTPStatus.OK,
        f'<ListBucketResult xmlns="{NAMESPACE}"><Name>{escape(bucket)}</Name>'
        f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page.objects)}</KeyCount>"
        f"<IsTruncated>{'true' if page.next_token else 'false'}</IsTruncated>"
        f"{more if page.next_token else ''}{''.join(map(_entry, page.objects))}"
        "</ListBucketResult>",
    )


def _entry(found: StoredObject) -> str:
    updated = datetime.fromtimestamp(found.updated_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return (
        f"<Contents><Key>{escape(found.name)}</Key><Generation>{found.generation}</Generation>"
        f"<MetaGeneration>1</MetaGeneration><LastModified>{updated}</LastModified>"
        f"<ETag>{escape(found.etag)}</ETag><Size>{len(found.body)}</Size></Contents>"
    )


def _conditions(request: Request) -> Conditions:
    headers = request.headers
    if_match, if_not_match = (
        int(headers[name]) if name in headers else None
        for name in ("x-goog-if-generation-match", "x-goog-if-generation-not-match")
    )
    return Conditions(if_match, if_not_match)


def _error(refused: Refused) -> Reply:
    if refused.status == HTTPStatus.NOT_MODIFIED:
        return Reply(refused.status, {})
    return _xml(
        refused.status,
        f"<Error><Code>{refused.xml_code}</Code><Message>{escape(str(refused))}</Message></Error>",
    )


def _xml(status: HTTPStatus, document: str) -> Reply:
    body = f"<?xml version='1.0' encoding='UTF-8'?>{document}".encode()
    return Reply(status, {"Content-Type": "application/xml; charset=UTF-8"}, body)
