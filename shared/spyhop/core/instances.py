"""The rows in a request, `{"instances": [row, …]}`, before anything of them is read."""

from typing import Any

from spyhop.errors import InvalidRequest

_TYPE_NAMES = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def type_name(value: object) -> str:
    """Return what JSON calls the type of `value`, else Python's name for it."""
    return _TYPE_NAMES.get(type(value), f"a Python {type(value).__name__}")


def instances(request: object, most_rows: int) -> list[Any]:
    """Return the rows that `request` holds.

    Raises:
        InvalidRequest: it is no such request, or has more rows than `most_rows`.
    """
    expected = 'expected {"instances": [row, …]}'
    if not isinstance(request, dict):
        raise InvalidRequest(f"got {type_name(request)}, {expected}")
    if "instances" not in request:
        raise InvalidRequest(f'"instances" is absent; {expected}')
    rows = request["instances"]
    if not isinstance(rows, list):
        raise InvalidRequest(f'got {type_name(rows)} as "instances", {expected}')
    check_number(len(rows), most_rows)
    return rows


def check_number(n_rows: int, most_rows: int) -> None:
    """Refuse more rows than `most_rows`.

    Raises:
        InvalidRequest: there are more.
    """
    if n_rows > most_rows:
        raise InvalidRequest(
            f"got too many rows, expected at most {most_rows} a request. "
            "Send them in several requests.",
            fault="size",
        )
