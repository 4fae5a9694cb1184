"""What every loopback hub is: a threaded HTTP server that logs, routes, and fails when told to."""

import socket
import ssl
import struct
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from .faults import Faults
from .wire import Answer, Ending, Logged, Request, Route, json_answer


class LoopbackHub:
    """A hub on this machine, from `with` to its end.

        with LoopbackHub(routes) as hub:
            hub.faults.inject("tags", status(502), times=2)
            ...
            assert hub.counts() == {"tags": 3}

    A subclass overrides `respond` for what concerns all requests (tokens, rate limits, ETags).
    With `tls` it speaks https. It takes requests for other hosts too, as a proxy does.
    """

    def __init__(self, routes: Iterable[Route] = (), *, tls: SSLContext | None = None) -> None:
        self.tls = tls
        self.port = 0
        """The port to listen on; 0 is any that is free."""
        self.routes: list[Route] = list(routes)
        self.faults = Faults()
        self.log: list[Logged] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, or `https`."""
        assert self._server is not None, "the hub is not running"
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def counts(self) -> Counter[str]:
        """Return how many requests of each kind came in since the log was forgotten."""
        with self._lock:
            return Counter(logged.kind for logged in self.log)

    def forget(self) -> None:
        """Begin the log anew."""
        with self._lock:
            self.log.clear()

    def route(self, request: Request) -> tuple[Route, tuple[str, ...]] | None:
        """Return what answers a request, with the parts of its path."""
        method = "GET" if request.method == "HEAD" else request.method
        for route in self.routes:
            if route.method in (request.method, method):
                found = route.path.fullmatch(request.path)
                if found:
                    return route, found.groups()
        return None

    def respond(self, request: Request, route: Route, groups: Sequence[str]) -> Answer:
        """Return the honest answer."""
        return route.handler(request, *groups)

    def lost(self, request: Request) -> Answer:
        """Return the answer where no route leads."""
        return json_answer({"message": f"no such place: {request.path}"}, 404)

    def answer(self, request: Request) -> Answer:
        """Return what is sent: the honest answer, or what a fault makes of it; and log it."""
        found = self.route(request)
        kind = found[0].kind if found else "lost"
        honest = self.respond(request, *found) if found else self.lost(request)
        fault = self.faults.take(kind)
        sent = fault(request, honest) if fault else honest
        with self._lock:
            entry = Logged(kind, request.method, request.target, sent.status, request.headers)
            self.log.append(entry)
        return sent

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.stop()
        self._thread.join()
        if self._server.failure is not None and error is None:
            raise self._server.failure


class _Server(ThreadingHTTPServer):
    """Ends with all its connections, and remembers what went wrong in them."""

    daemon_threads = False

    def __init__(self, hub: LoopbackHub) -> None:
        self.hub = hub
        self.ending = threading.Event()
        self.failure: BaseException | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", hub.port), _Handler)
        if hub.tls is not None:
            # The handshake is left to the connection's own thread.
            self.socket = hub.tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def stop(self) -> None:
        self.shutdown()
        self.ending.set()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        # A client that hangs up, or does not trust us, is no failure.
        if not isinstance(error, ConnectionError | ssl.SSLError):
            self.failure = error


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    raw_requestline: bytes = b""
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def _serve(self) -> None:
        body = _body(self.headers, self.rfile)
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            f"{urlsplit(self.server.hub.url).scheme}://{self.headers.get('Host', '')}",
            self.path,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            self.headers,
            body,
        )
        self._send(self.server.hub.answer(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _send(self, answer: Answer) -> None:
        if answer.delay:
            self.server.ending.wait(answer.delay)
        if answer.ending is Ending.RESET:
            self._reset()
            return
        self.send_response(answer.status)
        headers = dict(answer.headers)
        if isinstance(answer.body, bytes):
            if answer.status not in (204, 304):
                headers["Content-Length"] = str(len(answer.body))
        elif "Content-Length" not in headers:
            headers["Connection"] = "close"
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        if not isinstance(answer.body, bytes):
            for block in answer.body:
                if self.server.ending.is_set():
                    break
                self.wfile.write(block)
        elif answer.ending is Ending.CUT:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # no wait for what is unsent: a RST instead of a FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def send_error(self, code: int, *args: Any, **more: Any) -> None:
        """Show what could not be read as a request, which no log of ours has."""
        print(f"hub: {code} for {self.raw_requestline!r}", file=sys.stderr)
        super().send_error(code, *args, **more)

    def log_message(self, format: str, *args: Any) -> None:
        """The hub keeps its own log."""


def _body(headers: Message, stream: Any) -> bytes:
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return b"".join(_chunks(stream))
    body = stream.read(int(headers.get("Content-Length") or 0))
    assert isinstance(body, bytes)
    return body


def _chunks(stream: Any) -> Iterable[bytes]:
    while size := int(stream.readline().partition(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass  # trailers


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # the client was first
        connection.shutdown(socket.SHUT_RDWR)
