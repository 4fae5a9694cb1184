"""Asking GitHub with manners: limits waited for, failures retried, tokens in turn.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api and
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api are the rules.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from graph.errors import SourceError
from graph.text import for_people
from ingest.github.address import Address
from ingest.github.fields import shown
from ingest.github.limits import Pause, asked_to_wait, retry_after
from ingest.github.tokens import Pool, Token
from ingest.github.wire import Broken, Reply, TooLong, Wire
from ingest.host import Limits
from ingest.waiting import Waiter

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')
"""RFC 9110, but for what nobody has seen: it is sent again as a header."""
_TRIES = 5
_HOPS = 5


class Refused(SourceError):
    """GitHub answers, but not with what was asked for; `status` says why."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub tells."""

    body: Any
    """Parsed JSON; None if nothing has changed."""
    mark: str | None
    """The ETag to ask with next time."""
    following: str | None
    """The URL of the next page."""
    unchanged: bool = False
    place: str = ""
    """The host and path, for sentences about it."""


class Client:
    """Asks one GitHub. Several threads may use it; each has connections of its own."""

    def __init__(
        self, address: Address, tokens: Sequence[Token], waiter: Waiter, limits: Limits
    ) -> None:
        self.address, self.limits = address, limits
        self.pool = Pool(tokens, waiter, address.api_host)
        self._waiter = waiter
        self._own = threading.local()
        self._wires: list[Wire] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for wire in self._wires:
                wire.close()

    def get(
        self,
        place: str,
        parameters: Mapping[str, str] | None = None,
        *,
        mark: str | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Return what GitHub tells at a path below its API, or at a URL that it named itself.

        Raises:
            Refused: it answers with an error.
            SourceError: it cannot be asked, or answers with what nobody can read.
        """
        asked, query, most = place, parameters or {}, limit or self.limits.answer_bytes
        headers = {"Accept": "application/vnd.github+json"}
        if mark is not None:
            headers["If-None-Match"] = mark
        for _ in range(_HOPS):
            try:
                reply, body = self._patiently(asked, query, headers, most)
            except TooLong as error:
                raise TooLong(f"{self._shown(place)}: {error}") from None
            if reply.status // 100 != 3 or reply.status == 304:
                return self._judged(reply, body, place)
            asked, query = self._within(reply.headers.get("location", ""), place), {}
        raise SourceError(f"{self._shown(place)} is redirected in a circle")

    def each_token(self) -> list[tuple[Token, Reply]]:
        """Return what every token's quota is; this costs nothing of it."""
        return [(token, self._once(token, "/rate_limit")) for token in self.pool.tokens]

    def _once(self, token: Token, place: str) -> Reply:
        try:
            return self._wire(token).get(place, {}, {}, 1 << 20)
        except Broken as broken:
            raise SourceError(f"{self.address.api_host} {broken}") from None

    def _patiently(
        self, place: str, parameters: Mapping[str, str], headers: Mapping[str, str], limit: int
    ) -> tuple[Reply, Any]:
        """Ask until there is an answer, or no hope for one."""
        failures = pauses = 0
        while True:
            token = self.pool.ready()
            try:
                reply = self._wire(token).get(place, parameters, headers, limit)
                pause = asked_to_wait(reply, self._waiter.clock(), pauses)
                if pause is not None:
                    pauses += 1
                    self._rest(token, pause, pauses)
                elif reply.status == 401 and not token.is_anonymous:
                    self.pool.refuse(token)
                else:
                    body = _parsed(reply)
                    self._note(token, reply)
                    return reply, body
            except Broken as broken:
                failures += 1
                self._recover(broken, failures)

    def _recover(self, broken: Broken, failures: int) -> None:
        """Wait before asking again, longer every time."""
        host = self.address.api_host
        if failures == _TRIES:
            raise SourceError(f"{host} {broken}; asked {_TRIES} times") from None
        self._waiter.wait(max(broken.wait, 2.0 ** (failures - 1)), f"{host}, which {broken}")

    def _note(self, token: Token, reply: Reply) -> None:
        """Let a token rest that has just spent its quota."""
        told = reply.headers
        if told.get("x-ratelimit-remaining") == "0" and len(self.pool.tokens) > 1:
            self.pool.exhausted(token, float(told.get("x-ratelimit-reset", 0)) + 1)

    def _rest(self, token: Token, pause: Pause, pauses: int) -> None:
        if pauses > _TRIES:
            raise SourceError(f"{self.address.api_host} lets nobody in after {_TRIES} waits")
        if pause.primary:
            self.pool.exhausted(token, pause.until)
        else:
            self.pool.pause(pause.until)

    def _judged(self, reply: Reply, body: Any, place: str) -> Answer:
        shown_place = self._shown(place)
        mark = reply.headers.get("etag", "")
        if reply.status == 304:
            return Answer(None, None, None, unchanged=True, place=shown_place)
        if reply.status >= 400:
            raise Refused(self._sentence(reply.status, body, shown_place), reply.status)
        following = self._following(reply, place)
        kept = mark if _ETAG.fullmatch(mark) else None
        return Answer(body, kept, following, place=shown_place)

    def _sentence(self, status: int, body: Any, place: str) -> str:
        said = body.get("message") if isinstance(body, dict) else None
        words = shown(self.pool.scrubbed(said)) if isinstance(said, str) else "no reason given"
        if status == 401:
            return f"{self.address.api_host} tells nobody without a token"
        return f"{place}: {words} (HTTP {status})"

    def _following(self, reply: Reply, place: str) -> str | None:
        links = requests.utils.parse_header_links(reply.headers.get("link", ""))
        named = [link["url"] for link in links if link.get("rel") == "next" and "url" in link]
        return self._within(named[0], place) if named else None

    def _within(self, url: str, place: str) -> str:
        """Return a URL that GitHub named, if it is GitHub's own: a token goes nowhere else."""
        try:
            parts = urlsplit(url)
            here = urlsplit(self.address.api)
            same = (parts.scheme, parts.hostname, parts.port) == (
                here.scheme,
                here.hostname,
                here.port,
            )
            host = parts.netloc.rpartition("@")[2]
        except ValueError:
            same, host = False, ""
        if not same or not parts.path.startswith(f"{here.path}/"):
            to = for_people(self.pool.scrubbed(host))[:100] or "nowhere"
            raise SourceError(f"{self._shown(place)} leads to another place ({to}); not followed")
        return url

    def _shown(self, place: str) -> str:
        path = urlsplit(place).path if "://" in place else place
        return f"{self.address.api_host}{for_people(path)}"

    def _wire(self, token: Token) -> Wire:
        wires: dict[Token, Wire] = self._own.__dict__.setdefault("wires", {})
        if token not in wires:
            wires[token] = Wire(self.address, token, self.limits)
            with self._lock:
                self._wires.append(wires[token])
        return wires[token]


def _parsed(reply: Reply) -> Any:
    if reply.status >= 500 or reply.status == 202:
        told = f"answers with an error of its own ({reply.status})"
        raise Broken(told, retry_after(reply))
    if reply.status == 304:
        return None
    try:
        return json.loads(reply.text)
    except (ValueError, RecursionError):
        if reply.status >= 300:
            return None
        raise Broken("answers with something else than JSON") from None
