"""`hubtrace flags`: what was left behind."""

from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    AbandonAfter,
    Families,
    Graph,
    OutputFormat,
    SnapshotDir,
    Until,
    table_options,
)
from hubtrace.output import Format, Table
from hubtrace.past import open_at
from hubtrace.progress import say
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from hubtrace.queries.flags import Flag, Flags
    from hubtrace.queries.report.attention import Described

TABLE: Table["Described"] = Table(
    "hubtrace.flags/1",
    {
        "kind": lambda row: row.kind,
        "family": lambda row: row.family,
        "what": lambda row: row.what,
        "status": lambda row: row.status,
        "proof": lambda row: "; ".join(proof.text for proof in row.proofs),
    },
    first=("what", "status", "proof"),
    summed_up=True,
)


@table_options
def flags(
    families: Families = None,
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    until: Until = None,
    abandon_after: AbandonAfter = 180,
    all_: Annotated[bool, typer.Option("--all", help="List what is not flagged as well.")] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List orphaned and abandoned branches, sides and variants, with what proves it.

    Example:  hubtrace flags --abandon-after 90 --format json
    """
    from hubtrace.queries.flags import FlagsDocument
    from hubtrace.queries.flags import flags as find_flags
    from hubtrace.queries.report.attention import describe

    with open_at(graph, until, families, snapshot) as store:
        found = find_flags(store, families, until, Thresholds(abandon_after_days=abandon_after))
    rows: list[Flag] = [*found.sides, *found.variants, *found.branches]
    body = FlagsDocument(
        until,
        abandon_after,
        found.flagged,
        tuple(row for row in found.branches if all_ or row.flagged),
        tuple(row for row in found.sides if all_ or row.flagged),
        tuple(row for row in found.variants if all_ or row.flagged),
    )
    TABLE.print([describe(row) for row in rows if all_ or row.flagged], format_, body)
    if format_ is not Format.JSON:
        say(summary(found))


def summary(found: "Flags") -> str:
    """Return the number of flagged branches, families and variants on one line."""
    kinds = (("branches", found.branches), ("families", found.sides), ("variants", found.variants))
    parts = [f"{sum(row.flagged for row in rows)} of {len(rows)} {kind}" for kind, rows in kinds]
    return f"flagged: {', '.join(parts)}"
