"""Addresses of a GitHub, the tokens that belong to them, and which token has quota left."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import GITHUB, is_private, server_url
from hubtrace.ingest.http import Sleeper

_PUBLIC = ("github.com", "www.github.com", "api.github.com")
_RESIDENT = re.compile(r"(?:api\.)?([a-z0-9-]+\.ghe\.com)")
"""GitHub Enterprise Cloud with data residency: `SUBDOMAIN.ghe.com`, `api.SUBDOMAIN.ghe.com`."""


@dataclass(frozen=True, slots=True)
class Address:
    """The two base URLs of a GitHub, without a slash at the end."""

    api: str
    web: str
    """The base URL of its pages, and of what git clones."""

    @property
    def host(self) -> str:
        """The host that tokens belong to: `github.com`."""
        return urlsplit(self.web).hostname or ""

    @property
    def api_host(self) -> str:
        """The host of the API for messages: `api.github.com`, with a port if it has one."""
        return urlsplit(self.api).netloc

    @property
    def is_private(self) -> bool:
        """True if what is sent cannot be read on the way: https, or this machine."""
        return is_private(self.api)


PUBLIC = Address("https://api.github.com", GITHUB)


def parse_address(url: str) -> Address:
    """Return the GitHub that a URL names, be it the one of its pages or the one of its API.

    Raises:
        SourceError: it is not the URL of a server.
    """
    base = server_url(url, "a GitHub")
    host = urlsplit(base).hostname or ""
    if host in _PUBLIC:
        return PUBLIC
    resident = _RESIDENT.fullmatch(host)
    if resident:
        return Address(f"https://api.{resident[1]}", f"https://{resident[1]}")
    web = base.removesuffix("/api/v3")
    # https://docs.github.com/en/enterprise-server/rest: the API of a server is at /api/v3.
    return Address(f"{web}/api/v3", web)


_TOKEN = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_OURS = ("GITHUB_TOKENS", "GITHUB_TOKEN", "GH_TOKEN")
_ENTERPRISE = ("GITHUB_ENTERPRISE_TOKEN", "GH_ENTERPRISE_TOKEN")
"""The names are those of GitHub's own command line (`gh help environment`)."""
_GH_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it was found. Its text is in no message and no representation."""

    text: str = field(repr=False)
    source: str

    @property
    def is_anonymous(self) -> bool:
        """True if requests go without a token."""
        return not self.text


ANONYMOUS = Token("", "no token")


def find_tokens(address: Address, environment: Mapping[str, str]) -> tuple[Token, ...]:
    """Return the tokens for one GitHub, from the environment, else from `gh auth token`.

    A token belongs to a host: `GITHUB_TOKEN` to github.com, or to the host that `GITHUB_API_URL`
    names in the same environment; `GITHUB_ENTERPRISE_TOKEN` to any other. Each may hold several,
    with commas between them, as for `gh` and GitHub Actions
    (docs/decisions/0011-whose-token-it-is.md).

    Raises:
        SourceError: a token has invalid characters, or would be sent in clear text.
    """
    tokens = tuple(_from_environment(address, environment)) or tuple(_from_gh(address.host))
    if tokens and not address.is_private:
        raise SourceError(
            f"the token in {tokens[0].source} would be sent to {address.api_host} in clear text, "
            "over http; use https"
        )
    return tokens


def _from_environment(address: Address, environment: Mapping[str, str]) -> Iterable[Token]:
    named = environment.get("GITHUB_API_URL", "")
    home = parse_address(named) if named else PUBLIC
    seen = set()
    for name in _OURS if address.host == home.host else _ENTERPRISE:
        for number, text in enumerate(re.split(r"[,\s]+", environment.get(name, "").strip()), 1):
            if text and not _TOKEN.fullmatch(text):
                raise SourceError(
                    f"{name} is not a valid token: it contains non-ASCII or control characters"
                )
            if text and text not in seen:
                seen.add(text)
                yield Token(text, name if number == 1 else f"{name} (number {number})")


def _from_gh(host: str) -> Iterable[Token]:
    program = shutil.which("gh")
    if program is None:
        return
    try:
        done = subprocess.run(
            [program, "auth", "token", "--hostname", host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GH_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    text = done.stdout.decode("ascii", "replace").strip()
    if done.returncode == 0 and _TOKEN.fullmatch(text):
        yield Token(text, "`gh auth token`")


class TokenPool:
    """The tokens of one GitHub. The first that has quota left is used, so that ETags stay good.

    (A response's ETag differs by token: GitHub's responses vary by `Authorization`.)
    """

    def __init__(self, tokens: Sequence[Token], sleeper: Sleeper, host: str) -> None:
        self._tokens = list(tokens) or [ANONYMOUS]
        self._sleeper, self._host = sleeper, host
        self._ready_at: dict[Token, float] = {}
        self._lock = threading.Lock()
        self.refused: list[Token] = []
        """Tokens that GitHub did not accept."""

    @property
    def is_anonymous(self) -> bool:
        """True if there is no token at all."""
        return self._tokens == [ANONYMOUS]

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens that have not been refused."""
        with self._lock:
            return tuple(self._tokens)

    def ready(self) -> Token:
        """Return the token to send, after waiting if all are exhausted.

        Raises:
            SourceError: the wait is too long.
        """
        reason = f"{self._host}'s rate limit"
        if self.is_anonymous:
            reason += " (60 requests an hour; a token in GITHUB_TOKEN helps)"
        while True:
            now = self._sleeper.clock()
            ready_at = {it: max(now, self._ready_at.get(it, 0.0)) for it in self.tokens}
            token = min(ready_at, key=ready_at.__getitem__)  # the first of equals
            if ready_at[token] <= now:
                return token
            self._sleeper.sleep_until(ready_at[token], reason)

    def exhausted(self, token: Token, until: float) -> None:
        """Let a token rest until its quota is renewed."""
        with self._lock:
            self._ready_at[token] = until

    def refuse(self, token: Token) -> None:
        """Stop using a token that GitHub does not accept.

        Raises:
            SourceError: it was the last one.
        """
        with self._lock:
            if token in self._tokens:
                self.refused.append(token)
                if len(self._tokens) == 1:
                    raise SourceError(f"{self._host} does not accept the token in {token.source}")
                self._tokens.remove(token)
