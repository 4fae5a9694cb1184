"""`hubtrace tag`: write each family's pattern into the graph."""

from hubtrace.graph.format import count
from hubtrace.options import (
    GRAPH,
    Families,
    FrequentPeriods,
    Graph,
    PeriodDays,
    RarePeriods,
    Until,
    parse_until,
)
from hubtrace.progress import progress, say


def tag(
    families: Families = None,
    graph: Graph = GRAPH,
    until: Until = None,
    period_days: PeriodDays = 14,
    rare_periods: RarePeriods = 3,
    frequent_periods: FrequentPeriods = 5,
) -> None:
    """Write each family's pattern into the graph, as one assessment per family and moment.

    Example:  hubtrace tag && hubtrace query assessments
    """
    from hubtrace.graph import open_store
    from hubtrace.queries.patterns import tag as write_tags
    from hubtrace.queries.thresholds import Thresholds

    thresholds, at = Thresholds(period_days, rare_periods, frequent_periods), parse_until(until)
    with open_store(graph) as store, progress() as show:
        written = write_tags(store, families or None, at, thresholds, progress=show)
    say(f"tagged {count(len(written), 'family')} in {graph}")
