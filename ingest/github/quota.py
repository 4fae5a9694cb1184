"""What is left of a token's quota, for `hubtrace doctor`: never the token itself."""

import json
from dataclasses import dataclass

from graph.errors import SourceError
from ingest.github.fields import Fields, clean
from ingest.github.tokens import Token
from ingest.github.wire import Reply


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
