"""One request to a loopback hub, and its answer."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from enum import Enum
from re import Pattern
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked."""

    method: str
    origin: str
    """`http://127.0.0.1:PORT`: the address that the client used."""
    target: str
    """Path and query as they were sent."""
    path: str
    """Without the query, with `%xx` undone."""
    query: Mapping[str, str]
    headers: Message
    body: bytes = b""

    @property
    def token(self) -> str:
        """The token that came with it, or empty; git sends it as a password."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return base64.b64decode(token).decode().partition(":")[2]
        return token.strip() if scheme.lower() in ("bearer", "token") else ""

    def url(self, **changed: str | int) -> str:
        """Return the URL of this request with some parameters changed."""
        query = urlencode({**self.query, **{name: str(value) for name, value in changed.items()}})
        path = self.target.partition("?")[0]
        return f"{self.origin}{path}?{query}" if query else f"{self.origin}{path}"


class Ending(Enum):
    """How an answer ends."""

    WHOLE = "whole"
    CUT = "cut"
    """The connection closes before the promised length."""
    RESET = "reset"
    """The connection is reset before a byte is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hub answers."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    """An iterable is sent as it comes, to the end of the connection unless there is a length."""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE
    delay: float = 0.0
    """Seconds before the first byte; the end of the server ends it sooner."""

    def having(self, **changed: Any) -> "Answer":
        """Return it with some fields changed."""
        return replace(self, **changed)

    def adding(self, headers: Mapping[str, str]) -> "Answer":
        """Return it with more headers."""
        return replace(self, headers={**self.headers, **headers})


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a JSON body as an answer."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status, json.dumps(value).encode(), {**kind, **(headers or {})})


@dataclass(frozen=True, slots=True)
class Route:
    """Requests of one kind, and what answers them."""

    kind: str
    """How the log counts them and how faults find them: `tags`, `git`, …"""
    method: str
    """A GET answers a HEAD too."""
    path: Pattern[str]
    """Of the whole path; its groups become the handler's arguments."""
    handler: Callable[..., Answer]
    """Called as `handler(request, *groups)`."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that came in, as it was answered."""

    kind: str
    method: str
    target: str
    status: int
    headers: Message
