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
    """Print each family's synchronization pattern, how firm it is, and how it changed.

    Example:  hubtrace patterns 01-ai_YI --until 2024-10-06 --format json
    """
    from hubtrace.graph import open_store
    from hubtrace.queries.patterns import patterns as find_patterns
    from hubtrace.queries.thresholds import Thresholds

    thresholds, at = Thresholds(period_days, rare_periods, frequent_periods), parse_until(until)
    named = families or None
    with open_store(graph) as store, progress() as show:
        found = find_patterns(store, named, at, thresholds, stability=stability, progress=show)
    print_rows(
        [row_of(pattern) for pattern in found],
        COLUMNS,
        format_,
        "hubtrace.patterns/1",
        key="families",
        extra={"until": at, "thresholds": asdict(thresholds)},
    )


def row_of(pattern: "FamilyPattern") -> dict[str, Any]:
    """Return a pattern as a flat row for tables, and as the object that JSON shows."""
    row = asdict(pattern)
    return {**row, "published_code": pattern.published.code}
