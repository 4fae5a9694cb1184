"""`hubtrace patterns` and `tag`: each family's synchronization pattern, printed or stored."""

from typing import Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.format import count
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Families,
    FrequentPeriods,
    Graph,
    OutputFormat,
    PeriodDays,
    RarePeriods,
    SnapshotDir,
    Until,
    table_options,
)
from hubtrace.output import Format, Table
from hubtrace.past import graph_at, open_at
from hubtrace.progress import progress, say
from hubtrace.queries.json_schema import plain
from hubtrace.queries.thresholds import Thresholds

TABLE = Table.of(
    "hubtrace.patterns/1",
    *("family", "code", "pattern", "lag", "sync", "intensity", "stability", "runner_up"),
    *("early_code", "late_code", "published_code", "reason"),
    first=("family", "code", "pattern", "lag", "stability"),
)


@table_options
def patterns(
    families: Families = None,
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
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

    Example:  hubtrace patterns Qwen_Qwen-VL --until 2024-10-06 --format json
    """
    from hubtrace.queries.patterns import PatternRow, PatternsDocument
    from hubtrace.queries.patterns import patterns as find_patterns

    thresholds = Thresholds(period_days, rare_periods, frequent_periods)
    with open_at(graph, until, families, snapshot) as store, progress() as show:
        found = find_patterns(
            store, families, until, thresholds, stability=stability, progress=show
        )
    rows = tuple(map(PatternRow.of, found))
    TABLE.print(map(plain, rows), format_, PatternsDocument(until, thresholds, rows))


def tag(
    families: Families = None,
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    until: Until = None,
    period_days: PeriodDays = 14,
    rare_periods: RarePeriods = 3,
    frequent_periods: FrequentPeriods = 5,
) -> None:
    """Write each family's pattern into the graph, as one assessment per family and moment.

    Example:  hubtrace tag && hubtrace query assessments
    """
    from hubtrace.queries.patterns import tag as write_tags

    thresholds = Thresholds(period_days, rare_periods, frequent_periods)
    with (
        open_store(graph) as store,
        graph_at(store, until, (), families, snapshot, say) as then,
        progress() as show,
    ):
        written = write_tags(store, families, until, thresholds, then=then, progress=show)
    say(f"tagged {count(len(written), 'family')} in {graph}")
