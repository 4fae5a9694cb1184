"""How the Hub is asked: within limits, with pauses when it says so, and never anybody else.

huggingface_hub retries some of its requests and not others, waits without a word, follows a list
to any host with the token in its hand, and reads an answer whole, however long it is. So all its
requests go through one place: the client that it lets a program set (`client.py`), and that is
ruled by what stands here.
"""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count

import httpx2
from huggingface_hub.utils import RateLimitInfo, parse_ratelimit_headers

from graph.errors import SourceError
from graph.text import for_people
from ingest.host import Limits
from ingest.waiting import Waiter

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
class Question:
    """What is asked of a hub, in one request or in the pages of one list."""

    manners: "Manners"
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


current: ContextVar[Question | None] = ContextVar("question", default=None)
"""What the requests of this thread are for; None if they are not ours."""


class Manners:
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
    ) -> Iterator[Question]:
        """Rule the requests that are made inside `with`; see the fields of `Question`."""
        question = Question(self, what, known, keep, pages)
        token = current.set(question)
        try:
            yield question
        finally:
            current.reset(token)

    def send(self, send: Send, request: httpx2.Request, question: Question) -> httpx2.Response:
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
        self, response: httpx2.Response, waits: int, tried: int, question: Question
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
        self, tried: int, reason: str, question: Question, seconds: float | None = None
    ) -> None:
        if tried >= _TRIES:
            raise SourceError(
                f"{self.label} cannot be asked for {question.what}: {reason} ({tried} tries)"
            )
        pause = 2.0 ** (tried - 1) if seconds is None else seconds
        self._waiter.wait(pause, f"{self.label} ({reason})")

    def _follow(self, send: Send, request: httpx2.Request, question: Question) -> httpx2.Response:
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

    def _read(self, response: httpx2.Response, question: Question) -> httpx2.Response:
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

    def _body(self, response: httpx2.Response, question: Question) -> bytes:
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
