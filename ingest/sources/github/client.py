"""The GitHub REST client: endpoint, one request, retries, rate limits, quota."""

import json
import re
import threading
import time
from collections.abc import ItemsView, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from github.Auth import Token as TokenAuth
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people
from hubtrace.ingest.source import Limits
from hubtrace.ingest.sources.github.endpoint import Address
from hubtrace.ingest.sources.github.schemas import Fields, clean, shown
from hubtrace.ingest.sources.github.tokens import Pool, Token
from hubtrace.ingest.waiting import Waiter

_API_VERSION = "2022-11-28"
_BLOCK = 1 << 16
_NUMBER = re.compile(r"[0-9]{1,12}")
_NUMBERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


class TransientError(Exception):
    """The answer did not come, or not whole; asking again may help, after `wait` seconds."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait


class TooLong(SourceError):
    """The answer is longer than anybody wants to read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    text: str = field(repr=False)


class Wire:
    """A connection to one GitHub with one token. It is for one thread."""

    def __init__(self, address: Address, token: Token, limits: Limits) -> None:
        auth = None if token.is_anonymous else TokenAuth(token.text)
        self._host = address.api_host
        self._requester = Requester(
            auth=auth,
            base_url=address.api,
            timeout=int(limits.silent_seconds),
            user_agent=f"hubtrace/{version('hubtrace')}",
            per_page=100,
            verify=True,
            retry=0,
            pool_size=None,
            api_version=_API_VERSION,
        )
        parts = urlsplit(address.api)
        kind = _SecureConnection if parts.scheme == "https" else _Connection
        self._connection = kind(parts.hostname or "", parts.port, retry=0)
        self._connection.session.close()
        self._connection.session = _Session()
        self._connection.limits = self._limits = limits

    def get(
        self, place: str, parameters: Mapping[str, str], headers: Mapping[str, str], limit: int
    ) -> Reply:
        """Return the answer to one GET, whatever its status, reading at most `limit` bytes.

        Raises:
            Broken: there is no whole answer.
            TooLong: there is more than `limit`.
        """
        self._connection.most = limit
        try:
            status, told, text = self._requester.requestJson(
                "GET", place, dict(parameters), dict(headers), None, self._connection
            )
        except _Elsewhere as elsewhere:
            return elsewhere.reply
        except requests.exceptions.SSLError:
            raise SourceError(
                f"{self._host} shows a certificate that is not trusted; "
                "REQUESTS_CA_BUNDLE can name the authorities to trust"
            ) from None
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise TransientError(_reason(error, self._limits)) from None
        return Reply(status, told, text)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._requester.close()


class _Elsewhere(Exception):
    """Carries an answer past PyGithub, which would follow it, or sleep and ask again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class _Answered(RequestsResponse):
    """An answer whose body has been read already, within the limit."""

    def __init__(self, answer: requests.Response, text: str) -> None:
        super().__init__(answer)
        self._text = text

    def read(self) -> str:
        return self._text

    def getheaders(self) -> ItemsView[str, str]:
        # PyGithub takes these for numbers, whatever they are.
        told = {name.lower(): value for name, value in self.headers.items()}
        for name in _NUMBERS:
            if not _NUMBER.fullmatch(told.get(name, "0")):
                del told[name]
        return told.items()


class _Session(requests.Session):
    """Follows nothing: requests would read a redirect's whole body, and trust its target."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = Requester.noopAuth  # else .netrc is asked for a password

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _Connection(HTTPRequestsConnectionClass):
    limits = Limits()
    most = 0

    def getresponse(self) -> RequestsResponse:
        return _fetch(self, self.limits, self.most)


class _SecureConnection(HTTPSRequestsConnectionClass):
    limits = Limits()
    most = 0

    def getresponse(self) -> RequestsResponse:
        return _fetch(self, self.limits, self.most)


def _fetch(
    connection: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass,
    limits: Limits,
    most: int,
) -> RequestsResponse:
    """Send the request that a connection holds, and read its answer."""
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    with connection.session.get(
        f"{connection.protocol}://{host}:{connection.port}{connection.url}",
        headers=connection.headers,
        timeout=limits.silent_seconds,
        verify=connection.verify,
        allow_redirects=False,
        stream=True,
    ) as answer:
        told = _Answered(answer, _read(answer, limits, most))
    if told.status == 202 or (told.status // 100 == 3 and told.status != 304):
        raise _Elsewhere(Reply(told.status, dict(told.getheaders()), told.read()))
    return told


def _read(answer: requests.Response, limits: Limits, most: int) -> str:
    blocks, size, end = [], 0, time.monotonic() + limits.answer_seconds
    for block in answer.iter_content(_BLOCK):
        size += len(block)
        if size > most:
            raise TooLong(f"an answer of more than {most:,} bytes is not read")
        if time.monotonic() > end:
            raise TransientError(f"took more than {limits.answer_seconds:g} seconds to answer")
        blocks.append(block)
    return b"".join(blocks).decode("utf-8", "replace")


def _reason(error: Exception, limits: Limits) -> str:
    """Return what happened, in words of ours: a library's could hold a proxy's password."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "cannot be reached through the proxy"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "cannot be reached: no connection in time"
    if isinstance(error, requests.exceptions.Timeout | TimeoutError):
        return f"sent nothing for {limits.silent_seconds:g} seconds"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "is not known here: its name has no address"
        if isinstance(cause, ConnectionRefusedError):
            return "cannot be reached: the connection is refused"
        cause = cause.__cause__ or cause.__context__
    return "broke the connection off"


_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Pause:
    """How long a caller must wait."""

    until: float
    """Epoch seconds."""
    primary: bool
    """True if a token's quota is used up; False if the caller asks too much at a time."""


def asked_to_wait(reply: Reply, now: float, pauses: int) -> Pause | None:
    """Return how long to wait before asking again; None if the answer is no limit.

    `pauses` is how often the same question has been limited before.
    """
    if reply.status not in (403, 429):
        return None
    seconds = retry_after(reply, now)
    if seconds:
        return Pause(now + seconds, primary=False)
    told = reply.headers
    if told.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in told:
        # A second more: it is not said when in that second the quota is renewed.
        return Pause(max(float(told["x-ratelimit-reset"]), now) + 1, primary=True)
    if reply.status == 429 or Requester.isRateLimitError(_message(reply)):
        return Pause(now + _MINUTE * 2**pauses, primary=False)
    return None


def retry_after(reply: Reply, now: float = 0.0) -> float:
    """Return the seconds of `Retry-After`, a number or a date; 0 if there is none."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told[:9])
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - now) if told and now else 0.0
    except ValueError:
        return 0.0


def _message(reply: Reply) -> str:
    try:
        body = json.loads(reply.text)
    except (ValueError, RecursionError):
        return ""
    said = body.get("message") if isinstance(body, dict) else None
    return said if isinstance(said, str) else ""


_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')
"""RFC 9110, but for what nobody has seen: it is sent again as a header."""
_TRIES = 5
_HOPS = 5


class AccessDenied(SourceError):
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
        except TransientError as broken:
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
            except TransientError as broken:
                failures += 1
                self._recover(broken, failures)

    def _recover(self, broken: TransientError, failures: int) -> None:
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
            raise AccessDenied(self._sentence(reply.status, body, shown_place), reply.status)
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
        raise TransientError(told, retry_after(reply))
    if reply.status == 304:
        return None
    try:
        return json.loads(reply.text)
    except (ValueError, RecursionError):
        if reply.status >= 300:
            return None
        raise TransientError("answers with something else than JSON") from None


@dataclass(frozen=True, slots=True)
class Quota:
    """What GitHub says of a token."""

    source: str
    """Where it was found, or `no token`."""
    accepted: bool
    scopes: tuple[str, ...] = ()
    """Of a classic token; a fine-grained one tells none, and has none."""
    limit: int = 0
    """Requests an hour."""
    remaining: int = 0
    resets_at: int = 0
    """Epoch seconds."""


def quota_of(token: Token, reply: Reply) -> Quota:
    """Return what an answer of `/rate_limit` says.

    Raises:
        SourceError: it says something else.
    """
    if reply.status == 401:
        return Quota(token.source, accepted=False)
    where = f"GitHub's answer on {token.source}"
    if reply.status == 404:  # a server on which rate limits are switched off
        return Quota(token.source, accepted=True)
    try:
        body = json.loads(reply.text)
    except (ValueError, RecursionError):
        raise SourceError(f"{where} is no JSON (HTTP {reply.status})") from None
    core = Fields(body, where).inner("resources").inner("core")
    told = clean(reply.headers.get("x-oauth-scopes", ""))
    scopes = tuple(scope.strip() for scope in told.split(",") if scope.strip())
    numbers = (core.number("limit"), core.number("remaining"), core.number("reset"))
    return Quota(token.source, True, scopes, *numbers)
