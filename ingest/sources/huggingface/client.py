"""One Hugging Face Hub by huggingface_hub: endpoint, token, requests, error mapping."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import msgspec
from huggingface_hub import constants, get_token, set_client_factory
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
from hubtrace.graph.text import for_people
from hubtrace.graph.urls import HUGGING_FACE, is_private, server_url
from hubtrace.ingest.http import (
    RateLimited,
    Send,
    Sleeper,
    TransientError,
    Transport,
    retry_after,
    scrub,
    ssl_context,
)
from hubtrace.ingest.source import Limits, ProjectGone

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_WAITS = 20
"""For a rate limit, of one request; the Hub's windows are five minutes long."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_TOOL, _VERSION = "hubtrace", version("hubtrace")


def checked_endpoint(endpoint: str | None = None) -> str:
    """Return the base URL of the Hub: `endpoint`, else HF_ENDPOINT, else huggingface.co.

    Raises:
        SourceError: it is not the URL of a web server.
    """
    return server_url(endpoint or os.environ.get("HF_ENDPOINT") or HUGGING_FACE, "a Hub")


def label_of(endpoint: str) -> str:
    """Return the name of the Hub at an address, for messages."""
    return "Hugging Face" if endpoint == HUGGING_FACE else urlsplit(endpoint).netloc


class NotModified(Exception):
    """The response is still the one whose ETag was sent along."""


class TooManyPages(SourceError):
    """A list goes on beyond `Limits.pages`."""


@dataclass(slots=True)
class RequestContext:
    """What huggingface_hub's next requests are for: one response, or the pages of one list."""

    hub: "Hub" = field(repr=False)
    what: str
    """For messages: `the model ada/one`."""
    known: str | None = None
    """The ETag of the response that is held already."""
    keep: int | None = None
    """Keep this many bytes of a file, and hang up; None is for JSON."""
    pages: int | None = None
    """The most pages of a list that are fetched; None if the response is not a list."""
    wrapped: bool = False
    """True if a page is an object that holds the list, as those of discussions are."""
    etag: str | None = None
    """Of the response that came."""
    cut: bool = False
    """True if the response was longer than `keep`."""
    requests: int = 0
    """So far."""


current_request: ContextVar[RequestContext | None] = ContextVar("current_request", default=None)
"""What the requests of this thread are for; None if they are not ours."""


class _Client(httpx2.Client):
    """Sends our requests by `Hub.send`; those of others as huggingface_hub's own client does."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        if constants.is_offline_mode():
            raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
        context = current_request.get()
        if context is None:
            return super().send(request, **options)
        options |= {"stream": True, "follow_redirects": False}
        return context.hub.send(partial(super().send, **options), request, context)


_installed = threading.Event()
_installing = threading.Lock()


def install() -> None:
    """Let huggingface_hub use our client from now on, without telemetry.

    Nothing is left that it would print: no call of ours shows a progress bar, its own retries do
    not happen, and the server's warnings are dropped (`hubtrace.ingest.http`). Why this way, see
    docs/decisions/0013-one-client-for-all-requests-to-the-hub.md.
    """
    with _installing:
        if not _installed.is_set():
            constants.HF_HUB_DISABLE_TELEMETRY = True
            set_client_factory(
                lambda: _Client(follow_redirects=True, timeout=None, verify=ssl_context())
            )
            _installed.set()


def stored_token() -> str | None:
    """Return the token of `HF_TOKEN` or of `hf auth login`; None if there is none.

    Raises:
        SourceError: there is one that cannot be read, or that no server would accept.
    """
    try:
        token = get_token()
    except (OSError, UnicodeError, DeviceCodeError, OIDCError) as error:
        kind = type(error).__name__
        raise SourceError(f"the Hugging Face token cannot be read ({kind})") from error
    if token is not None and not _TOKEN.fullmatch(token):
        raise SourceError("the Hugging Face token is not valid: it has non-ASCII or white space")
    return token


class Hub:
    """The endpoint, the token and the rate limit of one Hub. Threads may share it.

    Without `token` nothing is sent, whatever huggingface_hub finds on this machine.

    Raises:
        SourceError: the endpoint is invalid, or the token would be sent in clear text.
    """

    def __init__(
        self, endpoint: str | None, token: str | None, sleeper: Sleeper, limits: Limits
    ) -> None:
        install()
        self.endpoint = checked_endpoint(endpoint)
        self.label = label_of(self.endpoint)
        if token is not None and not is_private(self.endpoint):
            raise SourceError(
                f"the token would be sent to {self.label} in clear text, over http; "
                "use https, or unset HF_TOKEN"
            )
        self.limits = limits
        self.has_token = token is not None
        self.quota: RateLimitInfo | None = None
        """The rate limit as the Hub last reported it."""
        self._token, self._clock = token, sleeper.clock
        self._transport = Transport(
            # A mirror under a path may redirect to another path of its host.
            str(httpx2.URL(self.endpoint).copy_with(path="/")),
            self.label,
            sleeper,
            limits,
            rate_limit_waits=_WAITS,
            secrets=[token] if token else [],
        )

    @cached_property
    def api(self) -> "HfApi":
        """The API of huggingface_hub, imported when it is used: that takes half a second."""
        from huggingface_hub import HfApi

        return HfApi(
            self.endpoint, token=self._token or False, library_name=_TOOL, library_version=_VERSION
        )

    def __repr__(self) -> str:
        """Without the token, which an error report would show."""
        return f"Hub({self.endpoint!r})"

    def headers(self) -> dict[str, str]:
        """Return what goes with a request that huggingface_hub has no function for."""
        return build_hf_headers(
            token=self._token or False, library_name=_TOOL, library_version=_VERSION
        )

    @contextmanager
    def requesting(
        self,
        what: str,
        project: str | None = None,
        *,
        known: str | None = None,
        keep: int | None = None,
        pages: int | None = None,
        wrapped: bool = False,
    ) -> Iterator[RequestContext]:
        """Fetch `what`, of `project` if it is part of one, by calls of huggingface_hub inside.

        See the fields of `RequestContext`.

        Raises:
            NotModified: the response is the one whose ETag is `known`.
            SourceError: as `map_errors`.
        """
        context = RequestContext(self, what, known, keep, pages, wrapped)
        token = current_request.set(context)
        try:
            with map_errors(self.label, what, project):
                yield context
        finally:
            current_request.reset(token)

    def send(self, send: Send, request: httpx2.Request, context: RequestContext) -> httpx2.Response:
        """Return the response to a request of huggingface_hub, with its whole body.

        Raises:
            NotModified: it is the response that is known.
            SourceError: it cannot be fetched.
            ValueError: it is not a list, and should be.
        """
        most = min(context.pages or 1, self.limits.pages)
        if context.requests >= most:
            raise TooManyPages(f"{context.what}: the list has more than {most:,} pages")
        context.requests += 1
        if context.known:
            request.headers["If-None-Match"] = context.known

        def attempt() -> httpx2.Response:
            truncate = context.keep is not None
            response = self._transport.fetch(
                send, request, context.what, limit=context.keep, truncate=truncate
            )
            self._check_rate_limit(response)
            return response

        response = self._transport.request_with_retry(context.what, attempt)
        if response.status_code == 304 and context.known:
            raise NotModified
        context.etag = response.headers.get("ETag")
        context.cut = response.extensions["truncated"]
        if context.keep is None and response.is_success:
            body = scrub(response.content)
            # huggingface_hub takes an object for a list without entries.
            opening = b"{" if context.wrapped else b"["
            if context.pages is not None and body[:64].lstrip()[:1] != opening:
                raise ValueError(f"expected {'an object' if context.wrapped else 'a list'}")
            status, headers = response.status_code, response.headers
            response = httpx2.Response(
                status, headers=headers, content=body, request=response.request
            )
        return response

    def _check_rate_limit(self, response: httpx2.Response) -> None:
        try:
            limit = parse_ratelimit_headers(response.headers)
        except ValueError:  # a number too long to be one
            limit = None
        self.quota = limit or self.quota
        if response.status_code != 429:
            return
        seconds = retry_after(response.headers, self._clock())
        if limit is not None and limit.remaining == 0:
            seconds = min(limit.reset_in_seconds, 10**9) + 1.0  # it rounds down
        if seconds is None:
            raise TransientError("HTTP 429, without a time")
        raise RateLimited(self._clock() + seconds)


class AccessDenied(SourceError):
    """Part of a project is gated, and we have no access."""


class NotFound(SourceError):
    """There is no such file, revision, paper or user."""


@contextmanager
def map_errors(label: str, what: str, project: str | None = None) -> Iterator[None]:
    """Turn what huggingface_hub raises inside `with` into one message.

    Only its calls may stand inside: a malformed response breaks its parsers in every way. The
    server's words are not shown, which could repeat the token.

    Raises:
        ProjectGone: the Hub shows no such project.
        AccessDenied: it shows it, but not this part of it.
        NotFound: it has no such thing.
        SourceError: anything else.
    """
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise SourceError(f"cannot fetch {what} from {label}: HF_HUB_OFFLINE is set") from error
    except HfHubHTTPError as error:
        raise _refusal(error, label, what, project) from error
    except msgspec.ValidationError as error:
        wrong = for_people(str(error))
        raise SourceError(f"{label} sent a malformed response for {what}: {wrong}") from error
    except _MALFORMED as error:
        raise SourceError(f"{label} sent a malformed response for {what}") from error
    except httpx2.InvalidURL as error:
        raise SourceError(f"{label} links to an invalid URL for {what}") from error


_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What parsers raise on invalid JSON, on a wrong shape, and on very deep nesting."""


def _refusal(error: HfHubHTTPError, label: str, what: str, project: str | None) -> SourceError:
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return AccessDenied(f"{label} shows {what} only to those who were given access ({status})")
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        return NotFound(f"{label} does not have {what}")
    if project is not None:
        if isinstance(error, DisabledRepoError):
            return ProjectGone(project, "disabled")
        if status == 451:
            return ProjectGone(project, "blocked")
        if error.response.headers.get("X-Error-Code") == "RepoNotFound":
            return ProjectGone(project, "not_found")
        if status in (404, 410):  # any web server may respond so
            return SourceError(f"{label} responds with {status} for {what}; is it a Hub?")
    if status in (404, 410):
        return NotFound(f"{label} does not have {what}")
    if status == 401:
        return SourceError(f"{label} refuses the token, or requires one, for {what} (401)")
    return SourceError(f"{label} responds with {status} for {what}")
