"""GitHub's tokens: where they are found, whose turn it is, and when all must wait."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.sources.github.endpoint import PUBLIC, Address, parse_address
from hubtrace.ingest.waiting import Waiter

_TOKEN = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_OURS = ("GITHUB_TOKENS", "GITHUB_TOKEN", "GH_TOKEN")
_ENTERPRISE = ("GITHUB_ENTERPRISE_TOKEN", "GH_ENTERPRISE_TOKEN")
"""The names are those of GitHub's own command line (`gh help environment`)."""
_PATIENCE = 10.0  # seconds that gh gets for its answer


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it was found. Its text is in no sentence and no representation."""

    text: str = field(repr=False)
    source: str

    @property
    def is_anonymous(self) -> bool:
        """True for the token that is none."""
        return not self.text


ANONYMOUS = Token("", "no token")


def find_tokens(address: Address, environment: Mapping[str, str]) -> tuple[Token, ...]:
    """Return the tokens for one GitHub, from the environment, else from `gh auth token`.

    A token belongs to a host: `GITHUB_TOKEN` to github.com, or to the host that `GITHUB_API_URL`
    names in the same environment; `GITHUB_ENTERPRISE_TOKEN` to any other. Each may hold several,
    with commas between them. (As `gh` and GitHub Actions have it.)

    Raises:
        SourceError: a token has characters that no token has, or would be sent in clear.
    """
    tokens = tuple(_from_environment(address, environment)) or tuple(_from_gh(address.host))
    if tokens and not address.is_private:
        raise SourceError(
            f"{address.api_host} is asked over http, which would show the token in "
            f"{tokens[0].source} to everybody on the way; use https"
        )
    return tokens


def _from_environment(address: Address, environment: Mapping[str, str]) -> Iterable[Token]:
    named = environment.get("GITHUB_API_URL", "")
    home = parse_address(named) if named else PUBLIC
    seen = set()
    for name in _OURS if address.host == home.host else _ENTERPRISE:
        for number, text in enumerate(re.split(r"[,\s]+", environment.get(name, "").strip()), 1):
            if text and not _TOKEN.fullmatch(text):
                raise SourceError(f"what {name} holds is no token: it has other letters than ASCII")
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
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    text = done.stdout.decode("ascii", "replace").strip()
    if done.returncode == 0 and _TOKEN.fullmatch(text):
        yield Token(text, "`gh auth token`")


class Pool:
    """The tokens of one GitHub. The first that has quota left is used, so that ETags stay good.

    (An answer's ETag differs by token: GitHub's answers vary by `Authorization`.)
    """

    def __init__(self, tokens: Sequence[Token], waiter: Waiter, host: str) -> None:
        self._tokens = list(tokens) or [ANONYMOUS]
        self._waiter, self._host = waiter, host
        self._ready_at: dict[Token, float] = {}
        self._all_ready_at = 0.0
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
        """Return the token to ask with, after waiting if all are exhausted.

        Raises:
            SourceError: the wait is longer than anybody waits.
        """
        while True:
            token, moment = self._soonest()
            if moment <= self._waiter.clock():
                return token
            self._waiter.until(moment, self._why())

    def exhausted(self, token: Token, until: float) -> None:
        """Let a token rest until its quota is renewed."""
        with self._lock:
            self._ready_at[token] = until

    def pause(self, until: float) -> None:
        """Let all tokens rest: a secondary limit is about the caller, not about a quota."""
        with self._lock:
            self._all_ready_at = max(self._all_ready_at, until)

    def refuse(self, token: Token) -> None:
        """Use a token no more that GitHub does not accept.

        Raises:
            SourceError: it was the last one.
        """
        with self._lock:
            if token in self._tokens:
                self.refused.append(token)
                if len(self._tokens) == 1:
                    raise SourceError(f"{self._host} does not accept the token in {token.source}")
                self._tokens.remove(token)

    def scrubbed(self, text: str) -> str:
        """Return a server's words without any token, in case that it repeats one."""
        for token in (*self._tokens, *self.refused):
            text = text.replace(token.text, "…") if token.text else text
        return text

    def _soonest(self) -> tuple[Token, float]:
        with self._lock:
            now = self._waiter.clock()
            moments = [max(now, self._ready_at.get(token, 0.0)) for token in self._tokens]
            soonest = min(moments)
            token = self._tokens[moments.index(soonest)]
            return token, max(soonest, self._all_ready_at)

    def _why(self) -> str:
        if self.is_anonymous:
            return f"{self._host}'s rate limit (60 requests an hour; a token in GITHUB_TOKEN helps)"
        return f"{self._host}'s rate limit"
