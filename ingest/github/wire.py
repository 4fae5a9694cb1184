"""One request to GitHub by PyGithub, with a limit to what is read and nothing hidden.

PyGithub makes the URL, the headers and the connection, and knows proxies and certificates. Left
to itself it would read an answer of any size, follow redirects with the token, and sleep where
nobody sees it; so the connection it uses is ours, and hands over every answer as it came.
"""

import re
import time
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
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

from graph.errors import SourceError
from ingest.github.address import Address
from ingest.github.tokens import Token
from ingest.host import Limits

_API_VERSION = "2022-11-28"
_BLOCK = 1 << 16
_NUMBER = re.compile(r"[0-9]{1,12}")
_NUMBERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


class Broken(Exception):
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
            raise Broken(_reason(error, self._limits)) from None
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
            raise Broken(f"took more than {limits.answer_seconds:g} seconds to answer")
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
