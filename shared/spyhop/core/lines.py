"""Lines out of pieces of bytes: a large table read in bounded memory."""

from collections.abc import Iterable, Iterator


def lines(pieces: Iterable[bytes], most_bytes: int) -> Iterator[bytes | None]:
    """Return the lines in `pieces` with their line feeds; None for one longer than `most_bytes`.

    The last line may lack its line feed.  Only `\\n` ends a line.
    """
    begun, is_too_long = b"", False
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for end in ended:
            yield _line(begun + end + b"\n", is_too_long, most_bytes)
            begun, is_too_long = b"", False
        begun += rest
        if len(begun) > most_bytes:
            begun, is_too_long = b"", True
    if begun or is_too_long:
        yield _line(begun, is_too_long, most_bytes)


def _line(found: bytes, is_too_long: bool, most_bytes: int) -> bytes | None:
    return None if is_too_long or len(found) > most_bytes + 1 else found
