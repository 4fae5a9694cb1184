"""How moments, commits, numbers and copies are written for people."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hubtrace.graph.text import count

_DAY = 86_400
_KINDS = {
    "blob": "is, byte for byte, {origin}",
    "lfs": "is, by the SHA-256 of its LFS pointer, {origin}",
    "asset": "is, by SHA-256 and size, the release asset {origin}",
    "readme": "is {origin} but for the front matter",
}


def copy_sentence(row: Mapping[str, Any]) -> str:
    """Return a row of the stored query `origins` as a sentence or two."""
    is_what = _KINDS[row["kind"]].format(origin=f"`{row['origin_path']}`")
    return f"`{row['path']}` {is_what}{_origin(row)}. {_stay(row)}. {_worth(row)}"


def _origin(row: Mapping[str, Any]) -> str:
    if row["origin_at"] is None:
        return ""
    if row["kind"] == "asset":
        return f" of {date(row['origin_at'])}"
    never = ", which never landed" if row["landed_at"] is None else ""
    return f" of commit {short(row['origin_sha'])} ({date(row['origin_at'])}){never}"


def _stay(row: Mapping[str, Any]) -> str:
    """Say since when the variant has the file, how much later that is, and until when."""
    lag = row["lag_seconds"]
    revision = f"{short(row['copied_sha'])} ({date(row['copied_at'])})"
    if lag is None:
        said = f"The variant took it in {revision}"
    elif lag >= 0:
        said = f"The variant took it {later(lag)}, in {revision}"
    else:
        said = f"The variant had it {later(lag)}, in {revision}: it flowed back"
    return (
        said
        if row["gone_at"] is None
        else f"{said}, and replaced or removed it on {date(row['gone_at'])}"
    )


def _worth(row: Mapping[str, Any]) -> str:
    if row["boilerplate"]:
        return "Everybody has this file, so it proves nothing (weight 0)."
    if row["weight"] == 1:
        return "No other repository holds it (weight 1)."
    holders = round(1 / row["weight"])
    first = "this one had it first" if row["first"] else "another one had it earlier"
    return f"{holders} repositories hold it (weight {row['weight']:.2g}), and {first}."


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


def short(sha: str | None) -> str:
    """Return the first letters of a sha; a day without a sha is told as it is."""
    if sha is None:
        return "unknown"
    return sha if sha.startswith("day:") else sha[:10]


def date(seconds: int) -> str:
    """Return the day of a moment, in UTC; a year that no calendar has stays a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return f"@{seconds}"


_SHORT = 10
"""Characters of a sha that people are shown."""


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
    """Return True if a commit is known by its day alone (DESIGN.md section 5)."""
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
