"""DynamoDB's own JSON, `{"age": {"N": "41"}}`, as plain values."""

from collections.abc import Callable, Mapping
from typing import Any


def plain_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an item's attributes as JSON values.

    Raises:
        ValueError, KeyError, TypeError: it is no item, or holds what JSON has no word for.
    """
    return {name: _plain(value) for name, value in item.items()}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, inner),) = value.items()
    return _READERS[kind](inner)


def _number(text: str) -> int | float:
    """Return a number; DynamoDB writes whole ones without a point."""
    try:
        return int(text)
    except ValueError:
        return float(text)


_READERS: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "N": _number,
    "BOOL": bool,
    "NULL": lambda _: None,
    "L": lambda items: [_plain(item) for item in items],
    "M": plain_item,
    "SS": list,
    "NS": lambda texts: [_number(text) for text in texts],
    "B": str,
    "BS": list,
}
