"""GitHub REST client: retry, rate limit, ETags (conditional requests) and pagination."""

import re
from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import httpx2
import msgspec

from hubtrace.graph.decoding import decode_json
from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people
from hubtrace.ingest.http import (
    RateLimited,
    RetryableError,
    Sleeper,
    TransientError,
    Transport,
    retry_after,
    scrub,
    ssl_context,
)
from hubtrace.ingest.source import Limits, Previous
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.tokens import Address, Token, TokenPool

if TYPE_CHECKING:
    from github.Requester import HTTPRequestsConnectionClass, Requester

T = TypeVar("T")
R = TypeVar("R")
_API_VERSION = "2022-11-28"
_NUMBER = re.compile(r"[0-9]{1,12}")
_RATE_LIMIT = "x-ratelimit-"
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{1,200}"')
"""RFC 9110, without obs-text: it is sent again as a header."""
_WAITS = 5
_STORAGE = (".blob.core.windows.net", ".githubusercontent.com", ".github.com")
"""Ends of the hosts where GitHub keeps files that its API links to."""


class AccessDenied(SourceError):
    """GitHub responds with an error, of which `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A response."""

    body: T | None
    """None if nothing has changed (HTTP 304)."""
    etag: str | None = None
    """To be sent with the next request."""
    next_page: str | None = None
    path: str = ""
    """For messages about it."""

    @property
    def content(self) -> T:
        """The body of a response to a request without an ETag.

        Raises:
            SourceError: the server responds 304 to an unconditional request.
        """
        if self.body is None:
            raise SourceError(f"{self.path}: GitHub responds 304 to an unconditional request")
        return self.body


class Client:
    """Sends requests to one GitHub. Threads may share it."""

    def __init__(
        self, address: Address, tokens: Sequence[Token], sleeper: Sleeper, limits: Limits
    ) -> None:
        self.address, self.limits = address, limits
        self.pool = TokenPool(tokens, sleeper, address.api_host)
        self._clock = sleeper.clock
        secrets = [token.text for token in tokens]
        self._transport = Transport(
            address.api, address.api_host, sleeper, limits, rate_limit_waits=_WAITS, secrets=secrets
        )
        self._http = httpx2.Client(verify=ssl_context())
        self._requesters: dict[Token, Requester] = {}

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        for requester in self._requesters.values():
            requester.close()

    def get(
        self,
        path: str,
        type_: type[T],
        parameters: Mapping[str, str] | None = None,
        *,
        etag: str | None = None,
        limit: int | None = None,
    ) -> Answer[T]:
        """Return the response for a path below the API, or a URL from a response, as `type_`.

        Raises:
            AccessDenied: GitHub responds with an error.
            SourceError: it cannot be reached, or its response is malformed.
        """
        return self._request(path, type_, parameters or {}, etag, limit, None)

    def post(self, path: str, type_: type[T], body: object) -> Answer[T]:
        """Return the response to a question that is too long for an address; see `get`."""
        return self._request(path, type_, {}, None, None, body)

    def _request(
        self,
        path: str,
        type_: type[T],
        parameters: Mapping[str, str],
        etag: str | None,
        limit: int | None,
        body: object,
    ) -> Answer[T]:
        headers = {"If-None-Match": etag} if etag else {}
        where = for_people(httpx2.URL(path).path)

        def attempt() -> Answer[T]:
            while True:
                token = self.pool.ready()
                response = self._send(token, path, where, parameters, headers, limit, body)
                if response.status_code == 401 and not token.is_anonymous:
                    self.pool.refuse(token)
                    continue
                self._back_off(token, response)
                answer = self._check_response(response, where, type_)
                self._record_quota(token, response)
                return answer

        return self._transport.request_with_retry(where, attempt)

    def download(self, url: str, what: str, limit: int) -> bytes:
        """Return a file that a response links to, on this host or in GitHub's storage.

        No token is sent: such a link bears its own right to read.

        Raises:
            OffHost: it is elsewhere.
            SourceError: it cannot be fetched.
        """
        there = httpx2.URL(url)
        stored = there.scheme == "https" and there.port is None and there.host.endswith(_STORAGE)
        base = f"https://{there.host}/" if stored else self.address.api
        limits, sleeper = self.limits, self._transport.sleeper
        transport = Transport(base, there.host or "", sleeper, limits, rate_limit_waits=_WAITS)
        transport.check_origin(url, what)
        request = self._http.build_request("GET", there)
        send = partial(self._http.send, stream=True)
        response = transport.request_with_retry(
            what, lambda: transport.fetch(send, request, what, limit=limit)
        )
        if not response.is_success:
            raise AccessDenied(f"{transport.cannot_fetch(what)}", response.status_code)
        return response.content

    def quotas(self) -> list["Quota"]:
        """Return what is left of every token's quota, of which this takes nothing.

        Raises:
            SourceError: GitHub cannot be reached, or its response is malformed.
        """
        return [self._quota(token) for token in self.pool.tokens]

    def _quota(self, token: Token) -> "Quota":
        path = "/rate_limit"
        try:
            response = self._send(token, path, path, {}, {}, 1 << 20)
            if response.status_code == 401:
                return Quota(token.source, accepted=False)
            if response.status_code == 404:  # a server on which rate limits are switched off
                return Quota(token.source, accepted=True)
            limits = self._decode(response, path, schemas.RateLimits)
        except RetryableError as error:
            raise SourceError(f"{self._transport.cannot_fetch(path)}: {error}") from None
        named = response.headers.get("x-oauth-scopes", "").split(",")
        scopes = tuple(scope.strip() for scope in named if scope.strip())
        core = limits.resources.core
        return Quota(token.source, True, scopes, core.limit, core.remaining, core.reset)

    def _send(
        self,
        token: Token,
        path: str,
        where: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        limit: int | None,
        body: object = None,
    ) -> httpx2.Response:
        def fetch(path: str, headers: Mapping[str, str], content: str | None) -> httpx2.Response:
            url = httpx2.URL(self.address.api).join(path)
            request = self._http.build_request(verb, url, headers=headers, content=content)
            send = partial(self._http.send, stream=True)
            return self._transport.fetch(send, request, where, limit=limit)

        connection = _Connection(fetch)
        wire = cast("HTTPRequestsConnectionClass", connection)
        headers = {"Accept": "application/vnd.github+json", **headers}
        verb = "GET" if body is None else "POST"
        requester = self._requesters.get(token)
        if requester is None:  # made when it is used: PyGithub takes half a second to import
            requester = self._requesters.setdefault(token, _requester(self.address, token))
        requester.requestJson(verb, path, dict(parameters), headers, body, wire)
        return connection.response

    def _back_off(self, token: Token, response: httpx2.Response) -> None:
        """Raise RateLimited if a response is about a limit."""
        limited = rate_limit(response, self._clock())
        if limited is not None and limited.of_token:
            self.pool.exhausted(token, limited.until or 0.0)
            limited = RateLimited(0.0)
        if limited is not None:
            raise limited

    def _record_quota(self, token: Token, response: httpx2.Response) -> None:
        """Let a token rest that has just spent its quota, if there is another one."""
        if response.headers.get(f"{_RATE_LIMIT}remaining") == "0" and len(self.pool.tokens) > 1:
            self.pool.exhausted(token, (_number(response.headers, "reset") or 0) + 1)

    def _check_response(self, response: httpx2.Response, where: str, type_: type[T]) -> Answer[T]:
        status = response.status_code
        if status == 304:
            return Answer(None, path=where)
        if status == 401:
            raise AccessDenied(f"{self.address.api_host} requires a token", status)
        if status >= 300:
            words = _message(response)
            words = self._transport.redact(words[:200]) if words else "no reason given"
            raise AccessDenied(f"{self.address.api_host}{where}: {words} (HTTP {status})", status)
        body = self._decode(response, where, type_)
        etag = response.headers.get("etag", "")
        next_page = response.links.get("next", {}).get("url")
        if next_page is not None:
            self._transport.check_origin(next_page, where)
        return Answer(body, etag if _ETAG.fullmatch(etag) else None, next_page, where)

    def _decode(self, response: httpx2.Response, where: str, type_: type[T]) -> T:
        try:
            return decode_json(scrub(response.content), type_)
        except msgspec.ValidationError as error:
            wrong = f"malformed response for {where}: {for_people(str(error))}"
            raise SourceError(f"{self.address.api_host} sent a {wrong}") from None
        except ValueError:
            raise TransientError("not JSON") from None


class _Connection:
    """What PyGithub sends one request by: our transport, which follows redirects and waits.

    PyGithub would follow a 301 with the token, sleep on a 202, and read bodies of any size.
    """

    response: httpx2.Response

    def __init__(
        self, fetch: Callable[[str, Mapping[str, str], str | None], httpx2.Response]
    ) -> None:
        self._fetch = fetch

    def request(
        self, _verb: str, url: str, body: Any, headers: Mapping[str, str], _stream: bool = False
    ) -> None:
        self.response = self._fetch(url, headers, body)

    def getresponse(self) -> "_Connection":
        return self

    @property
    def status(self) -> int:
        return self.response.status_code

    def getheaders(self) -> ItemsView[str, str]:
        # PyGithub converts these to numbers, whatever they are; we read them ourselves.
        headers = self.response.headers.items()
        return {name: text for name, text in headers if not name.startswith(_RATE_LIMIT)}.items()

    def read(self) -> str:
        return ""  # its own log has no use for the body


def _requester(address: Address, token: Token) -> "Requester":
    from github.Auth import Token as TokenAuth
    from github.Requester import Requester

    return Requester(
        auth=None if token.is_anonymous else TokenAuth(token.text),
        base_url=address.api,
        timeout=1,  # without effect: `Transport` has its own
        user_agent=f"hubtrace/{version('hubtrace')}",
        per_page=100,
        verify=True,
        retry=0,
        pool_size=None,
        api_version=_API_VERSION,
    )


def rate_limit(response: httpx2.Response, now: float) -> RateLimited | None:
    """Return how long a response asks to wait; None if it is not about a limit."""
    if response.status_code not in (403, 429):
        return None
    if seconds := retry_after(response.headers, now):
        return RateLimited(now + seconds)
    reset = _number(response.headers, "reset")
    if response.headers.get(f"{_RATE_LIMIT}remaining") == "0" and reset is not None:
        # A second more: when in that second the quota is renewed is not known.
        return RateLimited(max(float(reset), now) + 1, of_token=True)
    from github.Requester import Requester

    if response.status_code == 429 or Requester.isRateLimitError(_message(response)):
        return RateLimited()
    return None


def _number(headers: httpx2.Headers, name: str) -> int | None:
    text = headers.get(f"{_RATE_LIMIT}{name}", "")
    return int(text) if _NUMBER.fullmatch(text) else None


def _message(response: httpx2.Response) -> str:
    try:
        return decode_json(scrub(response.content), schemas.Error).message
    except (ValueError, RecursionError):
        return ""


@dataclass(frozen=True, slots=True)
class Quota:
    """What GitHub reports of a token."""

    source: str
    """Where it was found, or `no token`."""
    accepted: bool
    scopes: tuple[str, ...] = ()
    """Of a classic token; a fine-grained one has none."""
    limit: int = 0
    """Requests an hour."""
    remaining: int = 0
    resets_at: int = 0
    """Epoch seconds."""


_FORBIDDEN = 403
_GONE = (404, 410)
_FULL_PAGE = {"per_page": "100"}


@dataclass
class Conditional:
    """Fetches parts of one repository with the ETags of the last time.

    Keeps the new ones, and what was cut. A part has a `kind`, under which both are kept.
    """

    client: Client
    name: str
    previous: Previous
    validators: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The repository's path below the API."""
        return f"/repos/{self.name}"

    def validator(self, kind: str) -> str | None:
        """Return what was kept under a name."""
        return self.previous.validators.get(kind) if self.previous.details is not None else None

    def keep(self, kind: str) -> None:
        """Keep the validators of a kind, and what was cut of it: it is unchanged."""
        known = self.previous.validators.items()
        self.validators |= {name: it for name, it in known if name.partition("?")[0] == kind}
        if self.previous.details is not None:
            self.cut += [cut for cut in self.previous.details.cut if cut.startswith(f"{kind}: ")]

    def cut_off(self, kind: str, what: str) -> None:
        """Record what was left out of a kind."""
        self.cut.append(f"{kind}: {what}")

    def one(self, kind: str, path: str, type_: type[T], limit: int | None = None) -> T | None:
        """Return an object; None if it is unchanged.

        Raises:
            AccessDenied: there is none, or we may not see it.
        """
        return self._get(kind, path, type_, etag=self.validator(kind), limit=limit).body

    def _get(self, kind: str, path: str, type_: type[T], **options: Any) -> Answer[T]:
        answer = self.client.get(path, type_, **options)
        if answer.body is None:
            self.keep(kind)
        elif answer.etag is not None:
            self.validators[kind] = answer.etag
        return answer

    def pages(
        self, kind: str, type_: type[T], parameters: Mapping[str, str], *, always: bool = False
    ) -> Iterator[list[T]] | None:
        """Return the pages of a list; None if its first page, fetched now, is unchanged.

        `always` sends no ETag. The pages after the first are fetched as they are read.
        """
        path, parameters = f"{self.path}/{kind}", {**_FULL_PAGE, **parameters}
        etag = None if always else self.validator(kind)
        answer = self._get(kind, path, _list_of(type_), parameters=parameters, etag=etag)
        first = answer.body
        if first is None:
            return None
        if answer.next_page is not None:
            self.validators[f"{kind}?more"] = "1"

        def read() -> Iterator[list[T]]:
            yield first
            yield from _pages_from(self.client, type_, answer.next_page)

        return read()

    def whole(
        self,
        kind: str,
        type_: type[T],
        make: Callable[[T], tuple[str, R]],
        limit: int,
        *,
        moved: bool = True,
    ) -> dict[str, R] | None:
        """Return a list as a whole by its items' names; None if it is unchanged.

        `make` turns an item into its name and a record, so that no page is kept. The ETag of the
        first page covers that page only: a list of several pages is also read again if `moved`. A
        list without an end, or one that repeats itself, is cut.
        """
        again = moved and self.validator(f"{kind}?more") is not None
        pages = self.pages(kind, type_, {}, always=again)
        if pages is None:
            return None
        found: dict[str, R] = {}
        for page in pages:
            before = len(found)
            found |= map(make, page)
            if len(found) > limit:
                self.cut_off(kind, f"only the first {limit:,} are kept")
                return dict(islice(found.items(), limit))
            if page and len(found) == before:
                self.cut_off(kind, "the list repeats itself and has no end")
                break
        return found

    def is_missing(self, kind: str, denied: AccessDenied) -> bool:
        """Return True if there is no such thing, and False if this token may not see it.

        A token with few rights, as a CI job's, need not see everything; the rest is cut.

        Raises:
            AccessDenied: for any other reason.
        """
        if denied.status == _FORBIDDEN:
            self.cut_off(kind, "GitHub does not show them to this token")
            return False
        if denied.status not in _GONE:
            raise denied
        return True


def paginate(
    client: Client, path: str, type_: type[T], parameters: Mapping[str, str]
) -> Iterator[list[T]]:
    """Yield the pages of a list; at an empty page it ends, whatever that links to.

    Raises:
        SourceError: it has more pages than `Limits.pages`.
    """
    answer = client.get(path, _list_of(type_), {**_FULL_PAGE, **parameters})
    yield answer.content
    yield from _pages_from(client, type_, answer.next_page)


def _pages_from(client: Client, type_: type[T], url: str | None) -> Iterator[list[T]]:
    for _ in range(client.limits.pages):
        if url is None:
            return
        answer = client.get(url, _list_of(type_))
        yield answer.content
        url = answer.next_page if answer.content else None
    if url is not None:
        raise SourceError(f"{answer.path}: more than {client.limits.pages:,} pages are not read")


def _list_of(type_: type[T]) -> type[list[T]]:
    # mypy takes no variable for a type; msgspec decodes by what the variable holds.
    return list[type_]  # type: ignore[valid-type]
