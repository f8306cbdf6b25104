"""What arrives without a caller who waits: records of streams and queues, names of objects.

A cloud hands over a `Delivery` of `Record`s and repeats what it is told to.  An envelope decodes
them, `scoring.py` answers them.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

# What a cloud repeats when records could not be scored.  "each": those that failed (a queue).
# "from-first": the first that failed and all after it, of which it wants the first (a shard).
# "rest": the same, of which it wants all (a queue in order).  "all": everything, told by an error.
Repeats = Literal["each", "from-first", "rest", "all"]


class ObjectName(Struct, frozen=True):
    """One revision of an object in any bucket; `bucket` is its URL, `etag` without quotes.

    There is a `version` (at Google a generation) or an `etag`, or at the least a `sequence`
    that tells this writing of the object from others.
    """

    bucket: str
    key: str
    version: str = ""
    etag: str = ""
    sequence: str = ""

    @property
    def revision(self) -> str:
        """What tells these contents from others under the same key."""
        return self.version or self.etag or self.sequence


class Record(Struct, frozen=True):
    """One record.  `id` is the same at each delivery, and no other record's of `source`.

    `content` is a row or `{"instances": [row, …]}`; or there are `objects` full of rows; or
    there is a `fault`, which says why it can never be scored.  `item` is what the cloud calls
    it when told to repeat it.  Columns among `keys` are left out where the model lacks them.
    """

    source: str
    id: str
    item: str = ""
    content: Any = None
    objects: tuple[ObjectName, ...] = ()
    fault: str | None = None
    keys: frozenset[str] = frozenset()


class Delivery(Struct, frozen=True):
    """Records in the cloud's order, and how it repeats those that could not be scored."""

    records: Sequence[Record]
    repeats: Repeats


class NotARecord(ValueError):
    """What should be a record lacks something, or cannot be decoded; the message says why."""


def decoded(text: str | bytes) -> Any:
    """Return the JSON in `text`.

    Raises:
        NotARecord: it is none.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotARecord(
            'the record is not JSON, expected a row or {"instances": [row, …]}'
        ) from error


def items_to_repeat(delivery: Delivery, failed: Sequence[bool]) -> list[str]:
    """Return the items to name to the cloud, where `failed` says which records failed."""
    items = [record.item for record in delivery.records]
    if not any(failed):
        return []
    if delivery.repeats == "from-first":
        return [items[failed.index(True)]]
    if delivery.repeats == "rest":
        return items[failed.index(True) :]
    return [item for item, has_failed in zip(items, failed, strict=True) if has_failed]
