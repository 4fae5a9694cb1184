"""What changed since another moment, as a part of a report."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from graph.text import for_markdown
from queries.changes import KINDS, Changes
from queries.pages.figures import UNKNOWN
from queries.pages.rendering import date, short

_LONGEST = 120


def changes_document(found: Changes) -> dict[str, Any]:
    """Return the changes as the report's JSON has them."""
    return {
        "before": {"name": found.before, "until": found.before_until},
        "after": {"name": found.after, "until": found.after_until},
        "counts": found.counts(),
        "changes": [asdict(change) for change in found.changes],
    }


def to_markdown(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the changes of a document."""
    before, after = (document[side] for side in ("before", "after"))
    yield f"From {_moment(before)} to {_moment(after)}.\n"
    if not document["changes"]:
        yield "Nothing changed.\n"
        return
    yield "| kind | family | what | before | after | when |"
    yield "|---|---|---|---|---|---|"
    for change in document["changes"]:
        cells = [
            change["kind"],
            _text(change["family"]),
            _text(change["what"]),
            _text(change["before"]),
            _text(change["after"]),
            UNKNOWN if change["at"] is None else date(change["at"]),
        ]
        yield f"| {' | '.join(cells)} |"
    told = ", ".join(f"{n} {KINDS[kind]}" for kind, n in document["counts"].items() if n)
    yield f"\n{told}.\n"


def _moment(side: Mapping[str, Any]) -> str:
    return f"{_text(side['name'])} ({date(side['until'])})"


def _text(text: str | None) -> str:
    return UNKNOWN if text is None else for_markdown(short(text, _LONGEST))
