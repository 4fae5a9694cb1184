"""Whose token it is, for `hubtrace doctor`; never the token itself."""

from dataclasses import dataclass
from typing import Any

from graph.errors import SourceError
from ingest.huggingface import answers
from ingest.huggingface.hub import Hub


@dataclass(frozen=True, slots=True)
class Account:
    """Who the Hub takes us for."""

    name: str
    role: str | None
    """What the token may do: `read`, `write` or `fineGrained`."""
    remaining: int | None
    """Requests that are left in this window, if the Hub said so."""
    renewed_in: int | None
    """Seconds until the next window."""


def account_of(hub: Hub) -> Account:
    """Return whose token a Hub was given.

    Raises:
        SourceError: there is none, it is refused, or the Hub cannot be asked.
    """
    if not hub.has_token:
        raise SourceError(f"there is no token for {hub.label}; set HF_TOKEN or run `hf auth login`")
    with hub.ask("the account of the token"):
        told: Any = hub.api.whoami()
        name = answers.text(told["name"])
        role = answers.optional_text(told.get("auth", {}).get("accessToken", {}).get("role"))
    quota = hub.manners.quota
    if quota is None:
        return Account(name, role, None, None)
    return Account(name, role, quota.remaining, quota.reset_in_seconds)
