"""How dates, commits, numbers and names are written for a reader: the one formatter of hubtrace.

Seconds are Unix time in UTC. Git accepts times that no calendar has; such a time stays a number,
`@1000000000000000000`, instead of an error.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches

MINUTE, HOUR, DAY = 60, 3_600, 86_400
"""Seconds."""
SHORT_SHA = 10
"""Characters of a sha that are shown."""


def date(seconds: int | None, missing: str = "unknown") -> str:
    """Return an ISO date, e.g. `2024-05-01`; `missing` for None."""
    return missing if seconds is None else _strftime(seconds, "%Y-%m-%d")


def date_time(seconds: int | None, missing: str = "unknown") -> str:
    """Return an ISO date with hour and minute, e.g. `2024-05-01 13:05`; midnight is left out."""
    if seconds is None:
        return missing
    return _strftime(seconds, "%Y-%m-%d %H:%M" if seconds % DAY else "%Y-%m-%d")


def timestamp(seconds: int | None, missing: str = "unknown") -> str:
    """Return an ISO 8601 timestamp, e.g. `2024-05-01T13:05:00Z`; `missing` for None."""
    return missing if seconds is None else _strftime(seconds, "%Y-%m-%dT%H:%M:%SZ")


def _strftime(seconds: int, pattern: str) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(pattern)
    except (OverflowError, ValueError, OSError):
        return f"@{seconds}"


def is_day(sha: str) -> bool:
    """Return True for `day:<variant>:<date>`, a commit of which only its day is known."""
    return sha.startswith("day:")


def short_sha(sha: str | None, missing: str = "unknown", day: str | None = None) -> str:
    """Return the first characters of a sha.

    A commit of which only the day is known has no sha: `day` stands for it, or its whole key.
    """
    if sha is None:
        return missing
    if is_day(sha):
        return sha if day is None else day
    return sha[:SHORT_SHA]


def dated_sha(sha: str | None, at: int | None, missing: str = "none") -> str:
    """Return a commit as its short sha and its day: `0123456789 of 2024-05-01`."""
    if sha is None or at is None:
        return missing
    return f"{short_sha(sha, day='a commit')} of {date(at)}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, e.g. `1 project`, `2,000 days`, `3 families`, `4 branches`."""
    if number != 1:
        if noun.endswith("y") and noun[-2:] != "ay":
            noun = f"{noun[:-1]}ie"
        noun = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{number:,} {noun}"


def duration(seconds: int) -> str:
    """Return a length of time in its largest fitting unit: `5 minutes`, `47 hours`, `4 days`."""
    size = abs(seconds)
    if size < HOUR:
        return count(size // MINUTE, "minute")
    if size < 2 * DAY:
        return count(size // HOUR, "hour")
    return count(size // DAY, "day")


def later(seconds: int) -> str:
    """Return a signed lag: `4 days later`, `2 hours earlier`."""
    return f"{duration(seconds)} {'later' if seconds >= 0 else 'earlier'}"


def shorten(text: str, longest: int) -> str:
    """Return `text`, cut with an ellipsis if it has more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def words(name: str) -> str:
    """Return an identifier as words: `upstream_first` becomes `upstream first`."""
    return name.replace("_", " ")


def closest(name: str, known: Iterable[str], *, limit: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known names most like `name`, the best first; case is ignored."""
    folded = {text.lower(): text for text in known}
    return [folded[text] for text in get_close_matches(name.lower(), folded, limit, cutoff)]


def did_you_mean(names: Sequence[str], kind: str = "") -> str:
    """Return the end of an error message, e.g. ``; did you mean `a` or `b`?``.

    It is empty without names. `kind` stands before them: ``did you mean the family `a`?``.
    """
    if not names:
        return ""
    quoted = " or ".join(f"`{name}`" for name in names)
    return f"; did you mean {f'the {kind} ' if kind else ''}{quoted}?"
