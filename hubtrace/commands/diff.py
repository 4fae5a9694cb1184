"""`hubtrace diff`: what changed between two graphs, snapshots or times."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.exit_codes import FINDINGS
from hubtrace.options import (
    SNAPSHOT,
    AbandonAfter,
    GraphAt,
    OutputFormat,
    SnapshotDir,
    table_options,
)
from hubtrace.output import Format, Table, date
from hubtrace.progress import say
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from hubtrace.queries.changes import Change, Changes, State

_TABLE: Table["Change"] = Table(
    "hubtrace.diff/1",
    {
        "kind": lambda change: change.kind,
        "family": lambda change: change.family or "",
        "what": lambda change: change.what,
        "before": lambda change: change.before or "",
        "after": lambda change: change.after or "",
        "when": lambda change: date(change.at),
    },
    first=("kind", "what", "before", "after"),
    summed_up=True,
)


@table_options
def diff(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="A graph, a server's address or a snapshot.")
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another, or the same @DATE.")],
    family: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this family; repeatable.")
    ] = None,
    snapshot: SnapshotDir = SNAPSHOT,
    abandon_after: AbandonAfter = 180,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with exit code 1 if something changed.")
    ] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List what changed: patterns, abandoned sides and branches, dead links, events.

    PLACE@DATE asks for an earlier moment, as observed by then: see `hubtrace audit --until`.

    Example:  hubtrace diff monday-snapshot hubtrace-snapshot

    Example:  hubtrace diff hubtrace.kgl@2024-01-01 hubtrace.kgl --exit-code
    """
    from hubtrace.queries.changes import changes

    thresholds = Thresholds(abandon_after_days=abandon_after)
    places = map(GraphAt.parse, (before, after))
    old, new = (state_at(place, family, snapshot, thresholds) for place in places)
    found = changes(old, new)
    _TABLE.print(found.changes, format_, found)
    if format_ is not Format.JSON:
        say(summary(found))
    if exit_code and found.changes:
        raise typer.Exit(FINDINGS)


def state_at(
    at: GraphAt, families: list[str] | None, snapshot: Path, thresholds: Thresholds
) -> "State":
    """Return the state of a graph or a snapshot.

    Raises:
        HubtraceError: there is no such graph, snapshot or family.
    """
    from hubtrace.queries.changes import state

    with at.open(families, snapshot) as store:
        return state(store, at.name, families, at.until, thresholds)


def summary(found: "Changes") -> str:
    """Return the number of changes of each kind on one line."""
    from hubtrace.queries.changes import KINDS

    parts = [f"{KINDS[kind]}: {n:,}" for kind, n in found.counts.items() if n]
    return "; ".join(parts) or "nothing changed"
