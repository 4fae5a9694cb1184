"""Whether GitHub asks a caller to wait, and until when.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: with Retry-After,
that many seconds; with nothing remaining, until the reset; else a minute, then longer and longer.
"""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from github.Requester import Requester

from ingest.github.wire import Reply

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Pause:
    """How long a caller must wait."""

    until: float
    """Epoch seconds."""
    primary: bool
    """True if a token's quota is used up; False if the caller asks too much at a time."""


def asked_to_wait(reply: Reply, now: float, pauses: int) -> Pause | None:
    """Return how long to wait before asking again; None if the answer is no limit.

    `pauses` is how often the same question has been limited before.
    """
    if reply.status not in (403, 429):
        return None
    seconds = retry_after(reply, now)
    if seconds:
        return Pause(now + seconds, primary=False)
    told = reply.headers
    if told.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in told:
        # A second more: it is not said when in that second the quota is renewed.
        return Pause(max(float(told["x-ratelimit-reset"]), now) + 1, primary=True)
    if reply.status == 429 or Requester.isRateLimitError(_message(reply)):
        return Pause(now + _MINUTE * 2**pauses, primary=False)
    return None


def retry_after(reply: Reply, now: float = 0.0) -> float:
    """Return the seconds of `Retry-After`, a number or a date; 0 if there is none."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told[:9])
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - now) if told and now else 0.0
    except ValueError:
        return 0.0


def _message(reply: Reply) -> str:
    try:
        body = json.loads(reply.text)
    except (ValueError, RecursionError):
        return ""
    said = body.get("message") if isinstance(body, dict) else None
    return said if isinstance(said, str) else ""
