"""How times, commits and lags are written for people."""

from datetime import UTC, datetime

from hubtrace.graph.format import count

_DAY = 86_400


def later(lag_seconds: int) -> str:
    """Return a lag in words: `4 days later`, `2 hours earlier`."""
    size = abs(lag_seconds)
    if size < 3600:
        amount = count(size // 60, "minute")
    elif size < 2 * _DAY:
        amount = count(size // 3600, "hour")
    else:
        amount = count(size // _DAY, "day")
    return f"{amount} {'later' if lag_seconds >= 0 else 'earlier'}"


_SHORT = 10
"""Characters of a sha that are shown."""


def day(seconds: int | None) -> str:
    """Return an ISO date; `unknown` where the moment is not known."""
    return _moment(seconds, "%Y-%m-%d")


def moment(seconds: int | None) -> str:
    """Return an ISO date and time in UTC; `unknown` where the moment is not known."""
    return _moment(seconds, "%Y-%m-%dT%H:%M:%SZ")


def short_or_day(sha: str) -> str:
    """Return the beginning of a sha; of a commit that is known by its day alone, no sha."""
    return "a commit" if is_day(sha) else sha[:_SHORT]


def is_day(sha: str) -> bool:
    """Return True if a commit is known by its day alone (docs/design.md, section 5)."""
    return sha.startswith("day:")


_LONGEST = 300
"""Characters of a text that a page shows: a title of a megabyte must not drown the rest."""


def cut(text: str | None) -> str:
    """Return a text, empty for None; one that is too long ends in an ellipsis."""
    if text is None:
        return ""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def words(name: str) -> str:
    """Return an identifier for people: `upstream_first` becomes `upstream first`."""
    return name.replace("_", " ")


def _moment(seconds: int | None, form: str) -> str:
    if seconds is None:
        return "unknown"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(form)
    except (OverflowError, ValueError, OSError):  # git takes years that no calendar has
        return f"@{seconds}"
