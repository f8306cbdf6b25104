"""Records as AWS delivers them: SQS, SNS, Kinesis, DynamoDB streams, notices of new objects in S3.

SNS and SQS carry each other's envelopes and those of S3, so those are looked for inside as well.
"""

import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from spyhop.envelopes.dynamodb import plain_item
from spyhop.records import Delivery, NotARecord, ObjectName, Record, Repeats, decoded

# Returns None for what holds nothing to score, and never did.
Decoder = Callable[[dict[str, Any]], Record | None]

_MISSHAPEN = (AttributeError, KeyError, TypeError, ValueError, IndexError)


def is_schedule(event: object) -> bool:
    """Return whether EventBridge calls because it is time to."""
    return isinstance(event, dict) and event.get("source") == "aws.events"


def delivery(event: object) -> Delivery | None:
    """Return the records in `event`, or None if it is something else."""
    if not isinstance(event, dict):
        return None
    if event.get("source") == "aws.s3":
        return _delivery("s3", _bridged, [event], "all")
    raw = event.get("Records")
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], dict):
        return None
    source = _source(raw[0])
    if source not in _DECODERS:
        return None
    name = source.removeprefix("aws:")
    return _delivery(name, _DECODERS[source], raw, _repeats(source, raw[0]))


def _delivery(source: str, decode: Decoder, raw: list[Any], repeats: Repeats) -> Delivery:
    records = (_record(source, decode, r) for r in raw)
    return Delivery([record for record in records if record is not None], repeats)


def _source(raw: dict[str, Any]) -> str:
    return str(raw.get("eventSource") or raw.get("EventSource"))


def _repeats(source: str, first: dict[str, Any]) -> Repeats:
    if source == "aws:sqs":
        return "rest" if str(first.get("eventSourceARN")).endswith(".fifo") else "each"
    return "from-first" if source in ("aws:kinesis", "aws:dynamodb") else "all"


def _record(source: str, decode: Decoder, raw: Any) -> Record | None:
    """Return what `decode` makes of a record, or the record with its fault; None to skip it."""
    try:
        return decode(raw)
    except _MISSHAPEN as error:
        told = isinstance(error, NotARecord)
        fault = str(error) if told else f"the record is not as {source} sends it"
        return Record(source, _item(raw), _item(raw), fault=fault)


def _item(raw: Any) -> str:
    """Return what a misshapen record is called, as far as it says."""
    if not isinstance(raw, dict):
        return ""
    inner = raw.get("kinesis") or raw.get("dynamodb")
    numbered = inner if isinstance(inner, dict) else {}
    found = (raw.get("messageId"), numbered.get("sequenceNumber"), numbered.get("SequenceNumber"))
    return next((item for item in found if isinstance(item, str)), "")


def _sqs(raw: dict[str, Any]) -> Record | None:
    item = raw["messageId"]
    return _carried("sqs", f"{raw.get('eventSourceARN')}/{item}", item, decoded(raw["body"]))


def _sns(raw: dict[str, Any]) -> Record | None:
    notice = raw["Sns"]
    return _carried("sns", _notice_id(notice), "", decoded(notice["Message"]))


def _carried(source: str, name: str, item: str, content: Any) -> Record | None:
    """Return the record in a message, which may carry a notification of SNS or of S3."""
    if not isinstance(content, dict):
        return Record(source, name, item, content)
    if content.get("Type") == "Notification" and "TopicArn" in content:
        return _carried(source, _notice_id(content), item, decoded(content["Message"]))
    if content.get("Event") == "s3:TestEvent":  # sent once, when the notification is set up
        return None
    if content.get("source") == "aws.s3":
        return Record(source, name, item, objects=(_bridged_object(content),))
    if "Records" in content:
        return Record(source, name, item, objects=tuple(map(_object, content["Records"])))
    return Record(source, name, item, content)


def _notice_id(notice: dict[str, Any]) -> str:
    return f"{notice.get('TopicArn')}/{notice['MessageId']}"


def _kinesis(raw: dict[str, Any]) -> Record:
    item = raw["kinesis"]["sequenceNumber"]
    name = f"{raw.get('eventSourceARN')}/{raw['eventID']}"
    return Record("kinesis", name, item, decoded(binascii.a2b_base64(raw["kinesis"]["data"])))


def _dynamodb(raw: dict[str, Any]) -> Record | None:
    change = raw["dynamodb"]
    item = change["SequenceNumber"]
    name = f"{raw.get('eventSourceARN')}/{item}"
    if raw.get("eventName") == "REMOVE":
        return None
    keys = frozenset(change.get("Keys", ()))
    return Record("dynamodb", name, item, plain_item(change["NewImage"]), keys=keys)


def _s3(raw: dict[str, Any]) -> Record:
    found = _object(raw)
    return Record("s3", f"{found.bucket}/{found.key}", objects=(found,))


def _object(raw: dict[str, Any]) -> ObjectName:
    if not str(raw["eventName"]).startswith(("ObjectCreated:", "s3:ObjectCreated:")):
        raise NotARecord("nothing was created; send ObjectCreated events alone")
    found, bucket = raw["s3"]["object"], raw["s3"]["bucket"]["name"]
    return _named(bucket, unquote_plus(found["key"]), found, "versionId", "eTag")


def _bridged(event: dict[str, Any]) -> Record:
    found = _bridged_object(event)
    return Record("s3", f"{found.bucket}/{found.key}", objects=(found,))


def _bridged_object(event: dict[str, Any]) -> ObjectName:
    """Return the object that EventBridge names; there its key is not encoded."""
    if event["detail-type"] != "Object Created":
        raise NotARecord("nothing was created; send Object Created events alone")
    found, bucket = event["detail"]["object"], event["detail"]["bucket"]["name"]
    return _named(bucket, found["key"], found, "version-id", "etag")


def _named(bucket: str, key: str, found: dict[str, Any], version: str, etag: str) -> ObjectName:
    sequence = str(found.get("sequencer") or "")
    revision = str(found.get(version) or ""), str(found.get(etag) or "").strip('"'), sequence
    if not any(revision):
        raise NotARecord("the event does not say which revision of the object it is of")
    return ObjectName(f"s3://{bucket}", str(key), *revision)


_DECODERS: dict[str, Decoder] = {
    "aws:sqs": _sqs,
    "aws:sns": _sns,
    "aws:kinesis": _kinesis,
    "aws:dynamodb": _dynamodb,
    "aws:s3": _s3,
}
