"""HTTP for both hosts: retry, rate limits, size limits, one origin, a countdown while waiting.

PyGithub and huggingface_hub make the requests; `Transport` sends them
(docs/decisions/0036-one-http-room.md).
"""

import json
import logging
import os
import re
import socket
import ssl
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from math import ceil
from pathlib import Path
from typing import TypeVar

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people, to_text
from hubtrace.ingest.source import Limits, Progress, no_progress

T = TypeVar("T")
Send = Callable[[httpx2.Request], httpx2.Response]

_TRIES = 5
"""Of one request that fails; the pauses between them grow: 1, 2, 4 and 8 seconds."""
_REDIRECTS = 5
_MINUTE = 60.0
_LONGEST = 2 * 60 * 60
"""Seconds that are waited at most. Both hosts' limits are renewed within the hour."""
_BLOCK = 1 << 16
_SECONDS = re.compile(r"([0-9]{1,9})[0-9]*")
# True of the bytes on the wire only, and words of the server for huggingface_hub's log.
_DROPPED_HEADERS = (
    b"content-encoding",
    b"content-length",
    b"transfer-encoding",
    b"x-hf-warning",
)

# At DEBUG it logs every header of a response, in which a server could repeat our token.
logging.getLogger("httpcore2").setLevel(logging.INFO)


class RetryableError(Exception):
    """No usable response came; another try may help."""


class TransientError(RetryableError):
    """A request failed, after which the server wants a pause of at least `seconds`."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class RateLimited(RetryableError):
    """The server limits us `until` a time in epoch seconds; None if it is not known.

    `of_token` is true if one token's quota is used up, and another may be taken.
    """

    def __init__(self, until: float | None = None, *, of_token: bool = False) -> None:
        super().__init__("rate limit")
        self.until, self.of_token = until, of_token


class ResponseTooLong(SourceError):
    """A response is longer than the limit."""


class OffHost(SourceError):
    """The server points to another host, which is not followed: a token would go with us."""


class Sleeper:
    """Sleeps as long as a host requires, with the time left on the screen.

    `clock` returns epoch seconds. A `progress` that raises ends the sleep within a second.
    """

    def __init__(
        self,
        progress: Progress = no_progress,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self._progress, self._sleep = progress, sleep

    def sleep_with_progress(self, seconds: float, reason: str) -> None:
        """Sleep; `reason` is shown, e.g. `GitHub's rate limit`.

        Raises:
            SourceError: it would take longer than `_LONGEST`.
        """
        if seconds > _LONGEST:
            raise SourceError(f"{reason}: the host requires a wait of {ceil(seconds / 60)} minutes")
        total = max(1, ceil(seconds))
        for passed in range(total):
            self._progress(f"waiting for {reason}, {total - passed} s left", passed, total)
            self._sleep(min(1.0, seconds - passed))
        self._progress(f"waited for {reason}", total, total)

    def sleep_until(self, timestamp: float, reason: str) -> None:
        """Sleep until a time in epoch seconds; not at all if it has passed."""
        if timestamp > self.clock():
            self.sleep_with_progress(timestamp - self.clock(), reason)


class Transport:
    """Sends GET requests to one host; threads may share it, and then share its rate limit too.

    Requests go to the scheme, host, port and path prefix of `base_url` only. `label` is the
    host's name in messages, in which no `secrets` are shown.
    """

    def __init__(
        self,
        base_url: str,
        label: str,
        sleeper: Sleeper,
        limits: Limits,
        *,
        rate_limit_waits: int,
        secrets: Iterable[str] = (),
    ) -> None:
        self.label, self.sleeper, self.limits = label, sleeper, limits
        self._base = httpx2.URL(base_url)
        self._most = {TransientError: _TRIES - 1, RateLimited: rate_limit_waits}
        self._secrets = tuple(secrets)
        self._not_before = 0.0
        self._timeout = dict.fromkeys(("connect", "read", "write", "pool"), limits.silent_seconds)

    def redact(self, text: str) -> str:
        """Return a server's words without our tokens, in case that it repeats one."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return for_people(text)

    def request_with_retry(self, what: str, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns, trying again while it raises RetryableError.

        Raises:
            SourceError: it raised something else, failed five times, or is still rate-limited.
        """
        failed: Counter[type[BaseException]] = Counter()

        def try_once() -> T:
            self.sleeper.sleep_until(self._not_before, f"{self.label}'s rate limit")
            try:
                return attempt()
            except RetryableError as error:
                failed[type(error)] += 1
                raise

        def wait(state: RetryCallState) -> float:
            error = _error_of(state)
            grown = float(2 ** (failed[type(error)] - 1))
            if isinstance(error, TransientError):
                return max(error.seconds, grown)
            if isinstance(error, RateLimited):
                # Not here but before the next try, and so do all threads.
                until = error.until
                until = self.sleeper.clock() + _MINUTE * grown if until is None else until
                self._not_before = max(self._not_before, until)
            return 0.0

        def countdown(state: RetryCallState) -> None:
            if state.upcoming_sleep:
                reason = f"{self.label} ({_error_of(state)})"
                self.sleeper.sleep_with_progress(state.upcoming_sleep, reason)

        try:
            return Retrying(
                retry=retry_if_exception_type(RetryableError),
                stop=lambda state: any(failed[kind] > most for kind, most in self._most.items()),
                wait=wait,
                before_sleep=countdown,
                sleep=lambda _seconds: None,
                reraise=True,
            )(try_once)
        except TransientError as error:
            raise SourceError(f"{self.cannot_fetch(what)}: {error} ({_TRIES} tries)") from None
        except RateLimited:
            waits = self._most[RateLimited]
            raise SourceError(
                f"{self.label} is still rate-limiting us after {waits} waits for {what}"
            ) from None

    def cannot_fetch(self, what: str) -> str:
        """Return the beginning of a message."""
        return f"cannot fetch {what} from {self.label}"

    def fetch(
        self,
        send: Send,
        request: httpx2.Request,
        what: str,
        *,
        limit: int | None = None,
        truncate: bool = False,
    ) -> httpx2.Response:
        """Return the response to a request, after redirects, with its whole body.

        `truncate` cuts a body after `limit` bytes and sets the extension `truncated`.

        Raises:
            TransientError: there is none, or a server error.
            OffHost: it would come from another host.
            ResponseTooLong: it has more than `limit` bytes.
            SourceError: it cannot be fetched, and never will be.
        """
        for _ in range(_REDIRECTS + 1):
            self.check_origin(str(request.url), what)
            request.extensions["timeout"] = self._timeout
            request.headers["Accept-Encoding"] = "gzip, deflate"
            try:
                response = send(request)
                with closing(response):
                    if response.next_request is None:
                        return self._read(response, what, limit, truncate)
            except (httpx2.TransportError, zlib.error) as error:
                raise TransientError(_reason(error)) from None
            request = response.next_request
        raise SourceError(f"{self.label} redirects in circles for {what}")

    def check_origin(self, url: str, what: str) -> None:
        """Raise OffHost unless a URL is one of our host's."""
        base = self._base
        try:
            there = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise OffHost(f"{self.label} links to an invalid URL for {what}") from None
        same = _origin(there) == _origin(base)
        if not same or not there.path.startswith(f"{base.path.rstrip('/')}/"):
            host = self.redact(there.netloc.decode("ascii", "replace"))[:100] or "no host"
            raise OffHost(f"{self.label} points to another host for {what}: {host} is not followed")

    def _read(
        self, response: httpx2.Response, what: str, limit: int | None, truncate: bool
    ) -> httpx2.Response:
        limit = self.limits.answer_bytes if limit is None else limit
        body, end = bytearray(), time.monotonic() + self.limits.answer_seconds
        for block in _decompressed(response):
            body += block
            if len(body) > limit:
                if not truncate:
                    raise ResponseTooLong(
                        f"{self.label} sent more than {limit:,} bytes for {what}; not read"
                    )
                break
            if time.monotonic() > end:
                most = f"{self.limits.answer_seconds:g} seconds"
                raise SourceError(f"{self.cannot_fetch(what)}: it takes more than {most}")
        status = response.status_code
        if status in (202, 408) or (status >= 500 and status != 501):
            seconds = retry_after(response.headers, self.sleeper.clock())
            raise TransientError(f"HTTP {status}", seconds or 0.0)
        return httpx2.Response(
            status,
            headers=[
                pair for pair in response.headers.raw if pair[0].lower() not in _DROPPED_HEADERS
            ],
            content=bytes(body[:limit]),
            request=response.request,
            extensions={"truncated": len(body) > limit and response.is_success},
        )


def retry_after(headers: httpx2.Headers, now: float) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None without a valid one."""
    value = headers.get("Retry-After", "").strip()
    if digits := _SECONDS.fullmatch(value):
        return float(digits[1])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def scrub(body: bytes) -> bytes:
    r"""Return JSON whose texts can be kept as UTF-8, by the rule of `hubtrace.graph.text`.

    JSON can hold half surrogates, as `\ud800`; Parquet and the engines refuse them.

    Raises:
        ValueError, RecursionError: it is not JSON. (Not always.)
    """
    if re.search(rb"\\u[dD]", body):
        text = json.dumps(json.loads(body), ensure_ascii=False)
        body = text.encode("utf-8", "surrogatepass")
    return to_text(body).encode()


def ssl_context() -> ssl.SSLContext:
    """Return the authorities to trust.

    They are those of SSL_CERT_FILE or SSL_CERT_DIR, as httpx has it, and of REQUESTS_CA_BUNDLE, as
    requests has it; else those of the system.
    """
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle is None or os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        context = httpx2.create_ssl_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if bundle:
        folder = Path(bundle).is_dir()
        context.load_verify_locations(*((None, bundle) if folder else (bundle, None)))
    return context


def _decompressed(response: httpx2.Response) -> Iterator[bytes]:
    """Yield a body in blocks of a bounded size; httpx unpacks a block of a zip bomb whole."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        yield from response.iter_raw()
        return
    if encoding not in ("gzip", "deflate"):
        raise httpx2.DecodingError(encoding)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either header
    for block in response.iter_raw():
        while block:
            yield unpack.decompress(block, _BLOCK)
            block = unpack.unconsumed_tail
    if not unpack.eof:
        raise httpx2.DecodingError("the end is missing")


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port or {"http": 80, "https": 443}.get(url.scheme)


def _error_of(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    return error or ValueError("the try did not fail")


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (httpx2.ConnectTimeout, "no connection in time"),
    (httpx2.TimeoutException, "no response in time"),
    (httpx2.ProxyError, "the proxy refuses"),
    (ConnectionRefusedError, "the connection is refused"),
    (socket.gaierror, "its name has no address"),
    (httpx2.DecodingError, "its response cannot be unpacked"),
    (zlib.error, "its response cannot be unpacked"),
    (httpx2.UnsupportedProtocol, "its address is not of HTTP"),
    (httpx2.ConnectError, "no connection"),
)


def _reason(error: BaseException) -> str:
    """Return why a connection failed, in our words: a library's could hold a proxy's password.

    Raises:
        SourceError: trying again would be of no use.
    """
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise SourceError(
                f"the certificate is not trusted: {cause.verify_message}; SSL_CERT_FILE or "
                "REQUESTS_CA_BUNDLE names the authorities to trust"
            ) from None
        cause = cause.__cause__ or cause.__context__
    found = (reason for kind, reason in _REASONS if any(isinstance(it, kind) for it in causes))
    return next(found, "the connection broke")
