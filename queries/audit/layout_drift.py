"""The part of an audit's page on what changed upstream since."""

from collections.abc import Iterator

from graph.text import count
from queries.audit.drift import LISTED
from queries.audit.facts import Audit, Count, Drift
from queries.audit.page import Cell, Facts, Note, Table, cut
from queries.audit.saying import dated, kept, short_sha
from queries.audit.wording import day, moment

_SINCE = {
    "origin": "since the origin landed",
    "revision": "since the revision: nothing proves its origin",
}


def drift(audit: Audit) -> Iterator[Facts | Table | Note]:
    """Yield what an audit says of drift."""
    found = audit.drift
    if found is None:
        yield Note("There is nothing to count: no upstream or no revision is known.")
        return
    yield Facts(_facts(found))
    if not found.commits:
        return
    yield _counts("By what they change first", "change type", found.by_type, "not classified")
    yield _counts("By where they change something", "area", found.by_area, "not known")
    if found.weighty:
        rows = tuple(
            (
                short_sha(missing.commit),
                day(missing.landed_at),
                cut(missing.commit.subject),
                ", ".join(missing.change_types or ()),
                ", ".join(missing.areas or ()),
            )
            for missing in found.weighty
        )
        columns = ("commit", "landed", "subject", "change types", "areas")
        yield Table("Commits on code, tokenizer, configuration or weights", columns, rows)
    if found.weighty_commits > LISTED:
        yield Note(f"The newest {LISTED} of {found.weighty_commits:,} are listed.")


def _facts(found: Drift) -> tuple[tuple[str, Cell], ...]:
    return kept(
        ("counted", f"{_SINCE[found.basis]}, {moment(found.since)}"),
        ("commits upstream", f"{found.commits:,}"),
        ("of them by bots", None if found.by_bots is None else f"{found.by_bots:,}"),
        ("first missed", dated(found.first)),
        ("newest", dated(found.last)),
        ("behind for", count(found.days_behind, "day")),
        ("distance", f"{count(found.distance_days, 'day')} from there to the newest"),
    )


def _counts(caption: str, column: str, counts: tuple[Count, ...], unknown: str) -> Table:
    rows = tuple((count.name or unknown, f"{count.commits:,}") for count in counts)
    return Table(caption, (column, "commits"), rows, frozenset({1}))
