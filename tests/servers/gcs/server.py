"""The server: a socket, and which API a path belongs to."""

import http.server
import threading
import uuid
from email.message import Message
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.servers.gcs import json_api, xml_api
from tests.servers.gcs.objects import Buckets, Refused
from tests.servers.gcs.uploads import Uploads
from tests.servers.gcs.wire import Reply, Request

_JSON_ROOTS = ("/storage/v1/", "/download/storage/v1/")
_UPLOAD_ROOT = "/upload/storage/v1/"


class GcsServer:
    """Both APIs on `endpoint`, until the `with` block ends.

    `page_size` is the most objects that one page of a listing has, whatever the client asks;
    it is small so that every listing of a few objects already takes several pages.
    """

    def __init__(self, page_size: int = 3) -> None:
        self.buckets = Buckets(page_size)
        self._uploads = Uploads(self.buckets)
        self._http = _HttpServer(self)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which google-cloud-storage and obstore find this server."""
        return {
            "STORAGE_EMULATOR_HOST": self.endpoint,
            "GOOGLE_BASE_URL": self.endpoint,
            "GOOGLE_BEARER_TOKEN": "any",  # without one, obstore asks Google's metadata server
        }

    def new_bucket(self) -> str:
        """Return the name of a bucket that was just made."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.buckets.create(name)
        return name

    def answer(self, method: str, target: str, headers: Message, body: bytes) -> Reply:
        """Return the reply to one request as it came over the wire."""
        url = urlsplit(target)
        query = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))

        def below(root: str, most: int = -1) -> Request:
            # split before decoding: a name's own slashes came as %2F, or belong to it
            path = url.path.removeprefix(root)
            parts = tuple(unquote(part) for part in path.split("/", most))
            return Request(method, parts, query, headers, body, self.endpoint)

        try:
            if url.path.startswith(_UPLOAD_ROOT):
                return self._uploads.answer(below(_UPLOAD_ROOT))
            for root in _JSON_ROOTS:
                if url.path.startswith(root):
                    return json_api.answer(self.buckets, below(root))
        except Refused as refused:
            return json_api.error(refused)
        return xml_api.answer(self.buckets, below("/", 1))

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _HttpServer(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, gcs: GcsServer) -> None:
        self.gcs = gcs
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: _HttpServer

    def _handle(self) -> None:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self._send(Reply(HTTPStatus.LENGTH_REQUIRED, {}))
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._send(self.server.gcs.answer(self.command, self.path, self.headers, body))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Print nothing: a test's own output is what matters."""
