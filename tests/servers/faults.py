"""What can go wrong between a function and its store, to be given to `FaultyProxy.failing`."""

import time

from tests.servers.faulty_proxy import Answer, Exchange, Fault

EMPTY_LISTING = (
    b'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns='
    b'"http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix></Prefix>'
    b"<KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
    b"</ListBucketResult>"
)


def slow(seconds: float) -> Fault:
    """The right reply, late."""

    def fault(exchange: Exchange) -> None:
        exchange.proxy.mended.wait(seconds)
        exchange.reply(exchange.forwarded())

    return fault


def refusing(status: int, code: str, retry_after_s: int | None = None) -> Fault:
    """An error in the words of S3 and of Google's XML API."""
    headers = [("Content-Type", "application/xml")]
    if retry_after_s is not None:
        headers.append(("Retry-After", str(retry_after_s)))
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>"

    def fault(exchange: Exchange) -> None:
        exchange.reply(Answer(status, headers, b"" if is_head(exchange) else body.encode()))

    return fault


def is_head(exchange: Exchange) -> bool:
    return exchange.command == "HEAD"


def silent(exchange: Exchange) -> None:
    """No reply at all: the connection stands, and nothing comes."""
    exchange.proxy.mended.wait()
    exchange.end()


def stalling(exchange: Exchange) -> None:
    """Half of the body, and then nothing more."""
    half(exchange)
    exchange.proxy.mended.wait()
    exchange.end()


def trickling(exchange: Exchange) -> None:
    """The right reply, a byte every tenth of a second: never silent, never done."""
    answer = exchange.forwarded()
    exchange.reply(answer, most=0)
    for place in range(len(answer.body)):
        exchange.wfile.write(answer.body[place : place + 1])
        if exchange.proxy.mended.wait(0.1):
            break
    exchange.end()


def reset_halfway(exchange: Exchange) -> None:
    """Half of the body, then a reset."""
    half(exchange)
    time.sleep(0.05)  # a reset would overtake what is on its way
    exchange.reset()


def cut_short(exchange: Exchange) -> None:
    """Half of the body that Content-Length promises, then a regular end."""
    half(exchange)
    exchange.end()


def half(exchange: Exchange) -> None:
    answer = exchange.forwarded()
    # Not much of a large one: who asks for the rest, again and again, shall not get it all.
    exchange.reply(answer, most=min(len(answer.body) // 2, 100_000))


def wrong_bytes(exchange: Exchange) -> None:
    """As many bytes as are right, and one of them wrong."""
    answer = exchange.forwarded()
    middle = len(answer.body) // 2
    changed = bytes([answer.body[middle] ^ 1]) if answer.body else b""
    body = answer.body[:middle] + changed + answer.body[middle + 1 :]
    exchange.reply(answer._replace(body=body))


def empty_listing(exchange: Exchange) -> None:
    """A bucket that seems to hold nothing; other requests are answered."""
    answer = exchange.forwarded()
    if b"ListBucketResult" in answer.body:
        answer = answer._replace(body=EMPTY_LISTING)
    exchange.reply(answer)


def reply_lost(exchange: Exchange) -> None:
    """The store does what it was asked, and the reply never arrives."""
    exchange.forwarded()
    exchange.reset()
