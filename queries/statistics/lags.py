"""How long switches take: together, by direction, by pattern (DESIGN.md section 2, *Switches*)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from hubtrace.queries.statistics.intervals import bootstrap, mean, median, p90
from hubtrace.queries.statistics.published import (
    KRUSKAL_WALLIS_H,
    LAGS_BY_DIRECTION,
    LAGS_BY_PATTERN,
    PublishedLags,
)
from hubtrace.queries.statistics.records import Lags, Switches
from hubtrace.queries.statistics.rows import Facts
from hubtrace.queries.statistics.significance import kruskal_wallis

Group = dict[str, list[int]]
"""Lags in whole days, by family."""


def switches(facts: Facts) -> Switches:
    """Return the lags of all switches, and whether they differ by pattern or direction."""
    codes = facts.codes
    all_: Group = defaultdict(list)
    directions: dict[str, Group] = {side: defaultdict(list) for side in LAGS_BY_DIRECTION}
    patterns: dict[str, Group] = {code: defaultdict(list) for code in LAGS_BY_PATTERN}
    for row in facts.switches:
        family, days = row["family"], row["lag_days"]
        all_[family].append(days)
        directions[row["from_side"]][family].append(days)
        if family in codes:
            patterns[codes[family]][family].append(days)
    return Switches(
        (
            _lags("all", all_, None),
            *(_lags(side, group, LAGS_BY_DIRECTION[side]) for side, group in directions.items()),
            *(_lags(code, group, LAGS_BY_PATTERN[code]) for code, group in patterns.items()),
        ),
        kruskal_wallis(_flat(patterns)),
        kruskal_wallis(_flat(directions)),
        KRUSKAL_WALLIS_H,
    )


def median_of(values: Iterable[float]) -> float | None:
    """Return the mean of the two middle values; None if there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _lags(name: str, group: Group, published: PublishedLags | None) -> Lags:
    days = sorted(day for found in group.values() for day in found)
    around_mean, around_median, around_p90 = bootstrap(group, [mean, median, p90])
    return Lags(
        name,
        len(group),
        len(days),
        sum(days) / len(days) if days else None,
        median_of(days),
        days[(len(days) * 9 + 9) // 10 - 1] if days else None,
        around_mean,
        around_median,
        around_p90,
        published,
    )


def _flat(groups: Mapping[str, Group]) -> dict[str, list[float]]:
    return {
        name: [float(day) for found in group.values() for day in found]
        for name, group in groups.items()
    }
