"""Gzip, for every HTTP door: bodies that come in, bounded; replies that go out, where taken."""

import zlib
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from spyhop.errors import InvalidRequest
from spyhop.http_reply import Reply

# Below this a packet is a packet: compression saves nobody anything.
LEAST_BYTES = 1024

# What is unpacked at a time of something large.
PIECE_BYTES = 1024 * 1024

# zlib's name for gzip's own header and checksum around the deflated bytes.
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_STARTS_WITH = b"\x1f"
# A function is paid by the millisecond; JSON of numbers shrinks to a third at level 1 already.
_LEVEL = 1


def unpacked(body: bytes, content_encoding: str, most_bytes: int) -> bytes:
    """Return `body` without its content encoding.

    Raises:
        InvalidRequest: it is cut off or damaged, would have more than `most_bytes`, or the
            encoding is neither gzip nor identity.
    """
    coding = content_encoding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise InvalidRequest("got a content-encoding that we do not take, expected gzip or none")
    # A gateway may have unpacked the body already and left the header; no JSON starts so.
    return gunzipped(body, most_bytes) if body.startswith(_GZIP_STARTS_WITH) else body


def gunzipped(body: bytes, most_bytes: int) -> bytes:
    """Return what the gzip members in `body` hold, one after the other; see `unpacked`."""
    found = b""
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            found += member.decompress(body, most_bytes + 1 - len(found))
            if len(found) > most_bytes:
                raise _too_much(most_bytes)
            if not member.eof:
                raise InvalidRequest("the body is gzip and ends too early. Send all of it.")
            body = member.unused_data
    except zlib.error as error:
        raise InvalidRequest("the body is marked as gzip and is damaged. Send it anew.") from error
    return found


def gunzipped_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return what gzipped `pieces` hold, in pieces of some MiB at the most.

    Raises:
        InvalidRequest: while reading: they are damaged or end too early.
    """
    member = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if member.eof:
                    member = zlib.decompressobj(_GZIP)
                yield member.decompress(rest, PIECE_BYTES)
                rest = member.unconsumed_tail or member.unused_data
    except zlib.error as error:
        raise InvalidRequest("the gzip is damaged. Send it anew.") from error
    if not member.eof:
        raise InvalidRequest("the gzip ends too early. Send all of it.")


def _too_much(most_bytes: int) -> InvalidRequest:
    return InvalidRequest(
        f"the body unpacks to more than {most_bytes} bytes. Send the rows in several requests.",
        fault="size",
    )


def packed(reply: Reply, accept_encoding: object) -> Reply:
    """Return `reply`, gzipped if it is large and the caller's accept-encoding takes that."""
    if len(reply.body) <= LEAST_BYTES or "content-encoding" in reply.headers:
        return reply
    headers = {**reply.headers, "vary": "accept-encoding"}
    if not takes_gzip(accept_encoding):
        return replace(reply, headers=headers)
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    body = packer.compress(reply.body) + packer.flush()
    return replace(reply, headers={**headers, "content-encoding": "gzip"}, body=body)


def takes_gzip(accept_encoding: object) -> bool:
    """Return whether this accept-encoding (RFC 9110, section 12.5.3) names gzip; absent: no."""
    if not isinstance(accept_encoding, str):
        return False
    parts = (part.partition(";") for part in accept_encoding.lower().split(","))
    weights = {coding.strip(): _weight(parameters) for coding, _, parameters in parts}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
