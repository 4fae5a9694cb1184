"""Pieces of an audit's page: projects, commits, numbers."""

from queries.audit.facts import CommitFact
from queries.audit.page import Cell, Linked, cut
from queries.audit.wording import day, is_day, short


def project(name: str | None, key: str, url: str | None) -> Linked:
    """Return a project by its name, or by its key, as a link to its page."""
    return Linked(cut(name or key), url)


def address(url: str) -> Linked:
    """Return a URL as a link that names itself, so that it can be read on paper."""
    return Linked(cut(url.partition("://")[2]), url)


def sha(commit: CommitFact) -> Linked:
    """Return the whole sha of a commit, as a link to it."""
    text = f"known by its day alone, {day(commit.at)}" if is_day(commit.sha) else commit.sha
    return Linked(text, commit.url)


def short_sha(commit: CommitFact) -> Linked:
    """Return the beginning of a commit's sha, as a link to it."""
    return Linked(short(commit.sha), commit.url)


def dated(commit: CommitFact | None) -> Cell | None:
    """Return the beginning of a commit's sha as a link to it, and its day."""
    return None if commit is None else (short_sha(commit), f" of {day(commit.at)}")


def confidence(value: float | None) -> str:
    """Return a number from 0 to 1 with two digits; a dash where there is none."""
    return "-" if value is None else f"{value:.2f}"


def yes(value: object) -> str:
    """Return a value as text; nothing for None."""
    return "" if value is None else str(value)


def kept(*facts: tuple[str, Cell | None]) -> tuple[tuple[str, Cell], ...]:
    """Return the facts that have a value."""
    return tuple((label, value) for label, value in facts if value not in (None, ""))
