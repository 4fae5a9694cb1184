"""How an audit names moments, commits and numbers to people."""

from datetime import UTC, datetime

from queries.audit.facts import CommitFact

_SHORT = 10
"""Characters of a sha that people are shown."""


def day(seconds: int | None) -> str:
    """Return an ISO date; `unknown` where the moment is not known."""
    return _moment(seconds, "%Y-%m-%d")


def moment(seconds: int | None) -> str:
    """Return an ISO date and time in UTC; `unknown` where the moment is not known."""
    return _moment(seconds, "%Y-%m-%dT%H:%M:%SZ")


def short(sha: str) -> str:
    """Return the beginning of a sha; of a commit that is known by its day alone, no sha."""
    return "a commit" if is_day(sha) else sha[:_SHORT]


def is_day(sha: str) -> bool:
    """Return True if a commit is known by its day alone (DESIGN.md section 5)."""
    return sha.startswith("day:")


def commit(fact: CommitFact | None) -> str:
    """Return a commit as its short sha and its day."""
    return "unknown" if fact is None else f"{short(fact.sha)} of {day(fact.at)}"


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
