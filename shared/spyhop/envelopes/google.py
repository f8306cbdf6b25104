"""What Google Cloud delivers as CloudEvents: new objects in Cloud Storage, Pub/Sub's messages.

Of a CloudEvent only its data is asked for.  Pub/Sub writes a message's id as `messageId`, as
`message_id`, or as both.
"""

import binascii
from typing import Any

from spyhop.records import Delivery, NotARecord, ObjectName, Record, decoded

_MISSHAPEN = (AttributeError, KeyError, TypeError, ValueError)


def object_delivery(data: Any) -> Delivery:
    """Return the object that `google.cloud.storage.object.v1.finalized` tells of."""
    try:
        bucket, generation = f"gs://{data['bucket']}", str(data["generation"])
        found = ObjectName(bucket, str(data["name"]), generation)
    except _MISSHAPEN:
        return _unreadable("gcs", "", "the event's data name no bucket, object and generation")
    return Delivery([Record("gcs", f"{found.bucket}/{found.key}", objects=(found,))], "all")


def message_delivery(data: Any) -> Delivery:
    """Return the record of `google.cloud.pubsub.topic.v1.messagePublished`."""
    name = ""
    try:
        message = data["message"]
        name = str(message.get("messageId") or message["message_id"])
        content = decoded(binascii.a2b_base64(message["data"]))
    except _MISSHAPEN as error:
        told = str(error) if isinstance(error, NotARecord) else "the event's data are no message"
        return _unreadable("pubsub", name, told)
    subscription = data.get("subscription", "")
    return Delivery([Record("pubsub", f"{subscription}/{name}", content=content)], "all")


def _unreadable(source: str, name: str, fault: str) -> Delivery:
    return Delivery([Record(source, name, fault=fault)], "all")
