"""A TCP proxy between a client and a server, to cut the connection between them."""

import socket
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK = 65_536


class Proxy:
    """Passes bytes on to the server, and drops connections when told to."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 7687)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"bolt://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        self._left: int | None = None
        self._each = self._times = 0
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        Thread(target=self._accept, daemon=True).start()

    def cut_after(self, bytes_: int, times: int) -> None:
        """Drop all connections when the client has sent so much more; do that so many times."""
        with self._lock:
            self._each = self._left = bytes_
            self._times = times

    def close(self) -> None:
        """Drop all connections and take no more."""
        # A plain `close` would leave the thread in `accept` holding the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._open |= {client, server}
            Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if counted and self._due(len(data)):
                    self._drop()
                    break
                target.sendall(data)
        for end in (source, target):
            self._open.discard(end)
            end.close()

    def _due(self, sent: int) -> bool:
        """Return True if the connections are to be dropped now."""
        with self._lock:
            if self._left is None:
                return False
            self._left -= sent
            if self._left > 0:
                return False
            self.cuts += 1
            self._left = self._each if self.cuts < self._times else None
            return True

    def _drop(self) -> None:
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)
