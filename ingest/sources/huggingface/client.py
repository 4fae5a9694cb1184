"""One Hugging Face Hub by its own client: endpoint, token, retries, rate limits, errors."""

import os
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import version
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import HfApi, constants, get_token, set_client_factory
from huggingface_hub.errors import (
    DeviceCodeError,
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    OIDCError,
    RemoteEntryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import RateLimitInfo, build_hf_headers, parse_ratelimit_headers

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import HUGGING_FACE, is_private, server_url
from hubtrace.graph.text import for_people
from hubtrace.ingest.source import Limits, ProjectGone
from hubtrace.ingest.waiting import Waiter


def checked_endpoint(endpoint: str | None = None) -> str:
    """Return the base URL of the Hub: `endpoint`, else HF_ENDPOINT, else huggingface.co.

    Raises:
        SourceError: it is not the URL of a web server.
    """
    return server_url(endpoint or os.environ.get("HF_ENDPOINT") or HUGGING_FACE, "a Hub")


def label_of(endpoint: str) -> str:
    """Return what people call the Hub at an address."""
    return "Hugging Face" if endpoint == HUGGING_FACE else urlsplit(endpoint).netloc


_TRIES = 5
"""Of one request that fails; the pauses between them grow: 1, 2, 4 and 8 seconds."""
_WAITS = 20
"""Of one request, for a rate limit; the Hub's windows are five minutes long."""
_REDIRECTS = 5
_BUSY = (408, 500, 502, 503, 504)
_SECONDS = re.compile(r"[0-9]{1,9}")

Send = Callable[[httpx2.Request], httpx2.Response]


class NotModified(Exception):
    """The answer is still the one whose ETag was sent along."""


class OffHost(SourceError):
    """The hub points to another host, which is not asked."""


class TooManyPages(SourceError):
    """A list goes on beyond `Limits.pages`."""


@dataclass(slots=True)
class RequestContext:
    """What is asked of a hub, in one request or in the pages of one list."""

    manners: "RetryingTransport"
    what: str
    """For people: `the model ada/one`."""
    known: str | None = None
    """The ETag of the answer that is held already."""
    keep: int | None = None
    """Keep this many bytes of the answer, and hang up; None refuses an answer that is too long."""
    pages: int | None = None
    """The most pages of a list that are asked for; None if the answer is no list."""
    etag: str | None = None
    """Of the answer that came."""
    cut: bool = False
    """True if the answer was longer than `keep`."""
    asked: int = 0
    """Requests so far."""


current: ContextVar[RequestContext | None] = ContextVar("question", default=None)
"""What the requests of this thread are for; None if they are not ours."""


class RetryingTransport:
    """The rules for one hub; threads may share them, and then share its rate limit too."""

    def __init__(self, endpoint: str, label: str, waiter: Waiter, limits: Limits) -> None:
        self.label = label
        """What people call the hub."""
        self.quota: RateLimitInfo | None = None
        """What the hub last said of its rate limit."""
        self._origin = _origin(httpx2.URL(endpoint))
        self._waiter, self._limits = waiter, limits
        # huggingface_hub itself waits without an end.
        self._times = dict.fromkeys(("connect", "read", "write", "pool"), limits.silent_seconds)
        self._not_before = 0.0

    @contextmanager
    def asking(
        self,
        what: str,
        *,
        known: str | None = None,
        keep: int | None = None,
        pages: int | None = None,
    ) -> Iterator[RequestContext]:
        """Rule the requests that are made inside `with`; see the fields of `Question`."""
        question = RequestContext(self, what, known, keep, pages)
        token = current.set(question)
        try:
            yield question
        finally:
            current.reset(token)

    def send(
        self, send: Send, request: httpx2.Request, question: RequestContext
    ) -> httpx2.Response:
        """Return the answer to a request, read to its end; ask again where that may help.

        Raises:
            NotModified: it is the answer that is known.
            SourceError: there is no answer to be had; one sentence says why.
        """
        most = min(question.pages or 1, self._limits.pages)
        if question.asked >= most:
            raise TooManyPages(f"{question.what}: the list has more than {most:,} pages")
        question.asked += 1
        waits = 0
        for tried in count(1):
            self._waiter.until(self._not_before, f"{self.label}'s rate limit")
            try:
                response = self._follow(send, request, question)
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                self._pause(tried - waits, _reason(error), question)
                continue
            if response.status_code == 429:
                waits += self._told_to_wait(response, waits, tried - waits, question)
            elif response.status_code in _BUSY:
                reason = f"it answers {response.status_code}"
                self._pause(tried - waits, reason, question, _retry_after(response, self._waiter))
            else:
                return response
        raise AssertionError  # `count` has no end

    def _told_to_wait(
        self, response: httpx2.Response, waits: int, tried: int, question: RequestContext
    ) -> int:
        """Note when the hub may be asked again; return 1 if it said when, else pause."""
        seconds = _retry_after(response, self._waiter)
        limit = _limit(response)
        if limit is not None and limit.remaining == 0:
            seconds = min(limit.reset_in_seconds, 10**9) + 1.0  # it rounds down
        if seconds is None:
            self._pause(tried, "it answers 429 and not when to come back", question)
            return 0
        if waits >= _WAITS:
            raise SourceError(
                f"{self.label} limits how often it is asked for {question.what}, "
                f"after {waits} waits still"
            )
        self._not_before = max(self._not_before, self._waiter.clock() + seconds)
        return 1

    def _pause(
        self, tried: int, reason: str, question: RequestContext, seconds: float | None = None
    ) -> None:
        if tried >= _TRIES:
            raise SourceError(
                f"{self.label} cannot be asked for {question.what}: {reason} ({tried} tries)"
            )
        pause = 2.0 ** (tried - 1) if seconds is None else seconds
        self._waiter.wait(pause, f"{self.label} ({reason})")

    def _follow(
        self, send: Send, request: httpx2.Request, question: RequestContext
    ) -> httpx2.Response:
        for _ in range(_REDIRECTS + 1):
            if _origin(request.url) != self._origin:
                raise OffHost(
                    f"{self.label} points to another host for {question.what}: "
                    f"{for_people(request.url.netloc.decode())} is not asked"
                )
            request.extensions["timeout"] = self._times
            if question.known:
                request.headers["If-None-Match"] = question.known
            response = self._read(send(request), question)
            if response.next_request is None:
                return response
            request = response.next_request
        raise SourceError(f"{self.label} redirects in circles for {question.what}")

    def _read(self, response: httpx2.Response, question: RequestContext) -> httpx2.Response:
        """Return the answer with its body, which has an end."""
        try:
            self.quota = _limit(response) or self.quota
            if response.status_code == 304 and question.known:
                raise NotModified
            body = self._body(response, question) if response.next_request is None else b""
        finally:
            response.close()
        # huggingface_hub takes an object for a list without entries.
        if question.pages and response.is_success and body[:64].lstrip()[:1] != b"[":
            raise ValueError("a list is none")
        question.etag = response.headers.get("ETag")
        whole = httpx2.Response(
            response.status_code,
            headers=[
                pair for pair in response.headers.multi_items() if pair[0] not in _OF_THE_WIRE
            ],
            content=body,
            request=response.request,
        )
        whole.next_request = response.next_request
        return whole

    def _body(self, response: httpx2.Response, question: RequestContext) -> bytes:
        body = bytearray()
        limit = self._limits.answer_bytes if question.keep is None else question.keep
        latest = self._waiter.clock() + self._limits.answer_seconds
        for block in response.iter_bytes():
            body += block
            if len(body) > limit:
                if question.keep is None:
                    raise SourceError(f"{self.label} answers without an end for {question.what}")
                question.cut = response.is_success
                return bytes(body[:limit])
            if self._waiter.clock() > latest:
                raise SourceError(f"{self.label} answers too slowly for {question.what}")
        return bytes(body)


# What is true of the bytes on the wire only, and words of the server for the client's log.
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding", "x-hf-warning")


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host.lower(), port


def _limit(response: httpx2.Response) -> RateLimitInfo | None:
    try:
        return parse_ratelimit_headers(response.headers)
    except ValueError:  # a number too long to be one
        return None


def _retry_after(response: httpx2.Response, waiter: Waiter) -> float | None:
    """Return the seconds of `Retry-After`, which may be a date; None if it says nothing clear."""
    told = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(told):
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - waiter.clock())
    except (ValueError, OverflowError):
        return None


def _reason(error: httpx2.TransportError | httpx2.DecodingError) -> str:
    """Return in our words why a connection failed.

    Raises:
        SourceError: trying again would be of no use.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise SourceError(
                f"the certificate is not trusted: {cause.verify_message}; "
                "SSL_CERT_FILE names the authorities to trust"
            ) from error
        cause = cause.__cause__ or cause.__context__
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (httpx2.ConnectTimeout, "no connection in time"),
        (httpx2.TimeoutException, "no answer in time"),
        (httpx2.ProxyError, "the proxy refuses"),
        (httpx2.ConnectError, "no connection"),
        (httpx2.DecodingError, "its answer cannot be unpacked"),
        (httpx2.UnsupportedProtocol, "its address is not of HTTP"),
    )
    words = (said for kind, said in kinds if isinstance(error, kind))
    return next(words, "the connection broke")


class AccessDenied(SourceError):
    """The Hub tells this part of a project to some people only: it is gated."""


class NotFound(SourceError):
    """There is no such file, revision, paper or user."""


@contextmanager
def map_errors(label: str, what: str, project: str | None = None) -> Iterator[None]:
    """Turn what huggingface_hub raises inside `with` into one sentence.

    Inside stand its calls only: an answer of another shape breaks its parsers in every way.

    Raises:
        ProjectGone: the Hub shows no such project.
        Refused: it shows it, but not this part of it.
        Missing: it has no such thing.
        SourceError: anything else.
    """
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise SourceError(f"{label} is not asked for {what}: HF_HUB_OFFLINE is set") from error
    except HfHubHTTPError as error:
        raise _refusal(error, label, what, project) from error
    except _UNREADABLE as error:
        raise SourceError(f"{label} sent an answer for {what} that makes no sense") from error
    except httpx2.InvalidURL as error:
        raise SourceError(f"{label} names an address for {what} that is none") from error


_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What parsers raise on JSON that is none, is of another shape, or is nested a mile deep."""


def _refusal(error: HfHubHTTPError, label: str, what: str, project: str | None) -> SourceError:
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return AccessDenied(f"{label} shows {what} only to those who were given access ({status})")
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        return NotFound(f"{label} has no such thing: {what}")
    if project is not None:
        if isinstance(error, DisabledRepoError):
            return ProjectGone(project, "disabled")
        if status == 451:
            return ProjectGone(project, "blocked")
        if error.response.headers.get("X-Error-Code") == "RepoNotFound":
            return ProjectGone(project, "not_found")
        if status in (404, 410):  # so may any web server answer that is no Hub
            return SourceError(f"{label} answers {status} for {what}; is it the address of a Hub?")
    if status in (404, 410):
        return NotFound(f"{label} has no such thing: {what}")
    if status == 401:
        return SourceError(f"{label} refuses the token, or wants one, for {what} (401)")
    return SourceError(f"{label} answers {status} for {what}")


_TOKEN = re.compile(r"[\x21-\x7e]+")
_installed = threading.Event()
_installing = threading.Lock()


class _Client(httpx2.Client):
    """Leaves the requests that are ours to their manners; others go as huggingface_hub's own do.

    Proxies and certificates come from the environment, as httpx takes them.
    """

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        if constants.is_offline_mode():
            raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
        question = current.get()
        if question is None:
            return super().send(request, **options)
        options |= {"stream": True, "follow_redirects": False}
        return question.manners.send(partial(super().send, **options), request, question)


def install() -> None:
    """Let huggingface_hub use our client from now on, and tell nobody what runs here.

    Of what it prints itself nothing is left: no call of ours shows a progress bar, what it logs
    when it retries does not happen, and the server's own warnings are dropped (`manners.py`).
    """
    with _installing:
        if not _installed.is_set():
            constants.HF_HUB_DISABLE_TELEMETRY = True
            set_client_factory(lambda: _Client(follow_redirects=True, timeout=None))
            _installed.set()


def stored_token() -> str | None:
    """Return the token of `HF_TOKEN` or of `hf auth login`; None if there is none.

    Raises:
        SourceError: there is one that cannot be read, or that no server would take.
    """
    try:
        token = get_token()
    except (OSError, UnicodeError, DeviceCodeError, OIDCError) as error:
        kind = type(error).__name__
        raise SourceError(f"the Hugging Face token cannot be read ({kind})") from error
    if token is not None and not _TOKEN.fullmatch(token):
        raise SourceError("the Hugging Face token has characters that no token has")
    return token


_TOOL, _VERSION = "hubtrace", version("hubtrace")


class Hub:
    """The address, the token and the manners of one Hub. Threads may share it.

    Without `token` nothing is sent, whatever huggingface_hub finds on this machine.

    Raises:
        SourceError: the endpoint is none, or the token would be sent in clear.
    """

    def __init__(
        self, endpoint: str | None, token: str | None, waiter: Waiter, limits: Limits
    ) -> None:
        install()
        self.endpoint = checked_endpoint(endpoint)
        self.label = label_of(self.endpoint)
        if token is not None and not is_private(self.endpoint):
            raise SourceError(
                f"{self.label} is asked over http, which would show the token to everybody on the "
                "way; use https, or unset HF_TOKEN"
            )
        self.limits = limits
        self.manners = RetryingTransport(self.endpoint, self.label, waiter, limits)
        self.has_token = token is not None
        self.api = HfApi(
            self.endpoint, token=token or False, library_name=_TOOL, library_version=_VERSION
        )
        self._token = token

    def __repr__(self) -> str:
        """Without the token, which an error report would show."""
        return f"Hub({self.endpoint!r})"

    def headers(self) -> dict[str, str]:
        """Return what goes with a request that huggingface_hub has no function for."""
        return build_hf_headers(
            token=self._token or False, library_name=_TOOL, library_version=_VERSION
        )

    @contextmanager
    def ask(
        self,
        what: str,
        project: str | None = None,
        *,
        known: str | None = None,
        keep: int | None = None,
        pages: int | None = None,
    ) -> Iterator[RequestContext]:
        """Ask for `what`, of `project` if it is part of one, by calls of huggingface_hub inside.

        Raises:
            NotModified: the answer is the one whose ETag is `known`.
            ProjectGone: the Hub shows no such project.
            Refused: it shows it, but not this part of it.
            Missing: it has no such thing.
            SourceError: it cannot be asked, or what it says makes no sense.
        """
        with (
            map_errors(self.label, what, project),
            self.manners.asking(what, known=known, keep=keep, pages=pages) as question,
        ):
            yield question
