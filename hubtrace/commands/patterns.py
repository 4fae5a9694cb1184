"""`hubtrace patterns`: the synchronization pattern of each family."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.options import (
    GRAPH,
    Families,
    FrequentPeriods,
    Graph,
    OutputFormat,
    PeriodDays,
    RarePeriods,
    Until,
    parse_until,
)
from hubtrace.output import Format, print_rows
from hubtrace.progress import progress

if TYPE_CHECKING:
    from hubtrace.queries.patterns import FamilyPattern
    from hubtrace.queries.thresholds import Thresholds

COLUMNS = (
    "family",
    "code",
    "pattern",
    "lag",
    "sync",
    "intensity",
    "stability",
    "runner_up",
    "early_code",
    "late_code",
    "published_code",
    "reason",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("patterns")(patterns)


def patterns(
    families: Families = None,
    graph: Graph = GRAPH,
    until: Until = None,
    stability: Annotated[
        bool, typer.Option(help="Shift the bins to see how firm each label is; ten times the work.")
    ] = True,
    period_days: PeriodDays = 14,
    rare_periods: RarePeriods = 3,
    frequent_periods: FrequentPeriods = 5,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Tell each family's synchronization pattern, how firm it is, and how it changed.

    Example:  hubtrace patterns 01-ai_YI --until 2024-10-06 --format json
    """
    thresholds = make_thresholds(period_days, rare_periods, frequent_periods)
    found = find_patterns(graph, families, parse_until(until), thresholds, stability=stability)
    print_rows(
        [row_of(pattern) for pattern in found],
        COLUMNS,
        format_,
        "hubtrace.patterns/1",
        key="families",
        extra={"until": parse_until(until), "thresholds": asdict(thresholds)},
    )


def make_thresholds(period_days: int, rare_periods: int, frequent_periods: int) -> "Thresholds":
    """Return thresholds with these numbers; a bin has as many day offsets as days.

    Raises:
        CatalogueError: a number is out of its range.
    """
    from hubtrace.queries.thresholds import Thresholds

    return Thresholds(
        period_days=period_days,
        rare_periods=rare_periods,
        frequent_periods=frequent_periods,
        offsets=max(period_days, 1),
    )


def find_patterns(
    graph: str,
    families: list[str] | None,
    until: int | None,
    thresholds: "Thresholds",
    *,
    stability: bool,
) -> "list[FamilyPattern]":
    """Return the patterns of families of the graph at a URL, showing progress."""
    from hubtrace.graph.store import open_store
    from hubtrace.queries.patterns import patterns as ask_patterns

    with open_store(graph) as store, progress() as show:
        return ask_patterns(
            store,
            families or None,
            until,
            thresholds,
            stability=stability,
            progress=lambda done, total: show("families", done, total),
        )


def row_of(pattern: "FamilyPattern") -> dict[str, Any]:
    """Return a pattern as a flat row for tables, and as the object that JSON shows."""
    row = asdict(pattern)
    return {**row, "published_code": pattern.published.code}
