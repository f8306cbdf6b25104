"""A proxy before a store that fails as clouds do, when it is told to.

    with FaultyProxy(server.endpoint) as proxy, proxy.failing(silent, where="model.onnx"):
        …  # whoever reads the model there gets no answer, until the inner block ends

A fault is a function of the exchange it spoils.  Requests go on with the Host header that the
client sent, for S3's signatures cover it.
"""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self
from urllib.parse import unquote

# The connection's own affair, or told anew.
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Fault = Callable[["Exchange"], None]


class Answer(NamedTuple):
    """What the store replied."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One request on its way to the store, and the reply on its way back."""

    protocol_version = "HTTP/1.1"
    proxy: "FaultyProxy"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.proxy.connections.add(self.connection)

    def finish(self) -> None:
        self.proxy.connections.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # the client has gone, the store has, or a fault ended it
            self.close_connection = True

    def _answer(self) -> None:
        self.sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = self.proxy.fault_for(f"{self.command} {self.path}")
        if fault is None:
            self.reply(self.forwarded())
        else:
            fault(self)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

    def forwarded(self) -> Answer:
        """Return what the store replies to this request."""
        store = http.client.HTTPConnection(self.proxy.store, timeout=60)
        try:
            store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    store.putheader(name, value)
            store.putheader("Content-Length", str(len(self.sent)))
            store.endheaders(self.sent)
            found = store.getresponse()
            return Answer(found.status, found.getheaders(), found.read())
        finally:
            store.close()

    def reply(self, answer: Answer, most: int | None = None) -> None:
        """Send the store's reply, of its body `most` bytes; the headers promise the whole."""
        headers = {name.lower(): value for name, value in answer.headers}
        length = headers.get("content-length") if self.command == "HEAD" else None
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[:most])
        self.wfile.flush()

    def reset(self) -> None:
        """End the connection as a crash does: RST, not FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.end()

    def end(self) -> None:
        """End the connection."""
        self.connection.close()
        for file in (self.rfile, self.wfile):  # they hold it open
            file.close()


class FaultyProxy:
    """Passes requests on to `endpoint`, until the `with` block ends."""

    def __init__(self, endpoint: str) -> None:
        self.store = endpoint.removeprefix("http://")
        self.connections: set[socket.socket] = set()
        self.mended = threading.Event()
        self.requests: list[str] = []  # "GET /bucket/key", since the last `failing`
        self._fault: Fault | None = None
        self._where, self._left = "", 0
        self._lock = threading.Lock()
        self._port = 0
        self.appear()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def failing(self, fault: Fault, where: str = "", first: int = 1_000_000) -> Iterator[None]:
        """Spoil the `first` requests that have `where` in "GET /bucket/key"."""
        with self._lock:
            self.requests = []
            self._fault, self._where, self._left = fault, where, first
            self.mended.clear()
        try:
            yield
        finally:
            self._fault = None
            self.mended.set()

    def fault_for(self, request: str) -> Fault | None:
        request = unquote(request)
        with self._lock:
            self.requests.append(request)
            if self._where not in request or self._left == 0:
                return None
            self._left -= 1
            return self._fault

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Refuse connections, and break those that there are."""
        self.disappear()
        try:
            yield
        finally:
            self.appear()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Take no connection and refuse none, as if a firewall dropped every packet."""
        with self.gone(), socket.socket() as full:
            full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            full.bind(("127.0.0.1", self._port))
            full.listen(0)
            with socket.create_connection(full.getsockname()):  # all the room that there is
                yield

    def appear(self) -> None:
        handler = type("Exchange", (Exchange,), {"proxy": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def disappear(self) -> None:
        self.mended.set()
        self._http.shutdown()
        self._http.socket.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it ended by itself

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.disappear()
