"""docs/design.md, section 2, in plain Python, written from its words and not from the queries."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

DAY = 86_400


@dataclass
class PlainFamily:
    """Commit times on the default branches: one list per project."""

    upstream: list[list[int]] = field(default_factory=list)
    variants: list[list[int]] = field(default_factory=list)

    def until(self, moment: int) -> "PlainFamily":
        """Return the family as it was at a moment."""
        sides = (self.upstream, self.variants)
        return PlainFamily(*([[t for t in p if t <= moment] for p in side] for side in sides))

    @property
    def earliest(self) -> int:
        """The family's earliest commit on either side."""
        return min(t for project in self.upstream + self.variants for t in project)


@dataclass
class Periods:
    """The active periods of a family on one grid."""

    upstream: set[int]
    variants: list[set[int]]
    """Only those that are active at all."""

    @property
    def all(self) -> set[int]:
        """The periods in which anybody is active."""
        return self.upstream.union(*self.variants)

    def part(self, part: str) -> "Periods":
        """Return one half of the family's life: cut at the period boundary nearest its middle."""
        if part == "whole" or not self.all:
            return self
        first, beyond = min(self.all), max(self.all) + 1
        middle = (first + beyond) / 2
        # Of two boundaries at the same distance the later one.
        cut = min(range(first, beyond + 1), key=lambda edge: (abs(edge - middle), -edge))
        keep = range(first, cut) if part == "early" else range(cut, beyond)
        rest = [variant & set(keep) for variant in self.variants]
        return Periods(self.upstream & set(keep), [variant for variant in rest if variant])


def periods_of(family: PlainFamily, days: int, offset: int = 0) -> Periods:
    """Return whole days since the earliest commit, shifted by the offset, // days."""
    if not any(family.upstream + family.variants):
        return Periods(set(), [])
    start = family.earliest

    def active(times: Sequence[int]) -> set[int]:
        return {((t - start) // DAY + offset) // days for t in times}

    variants = [active(times) for times in family.variants if times]
    return Periods(set().union(*map(active, family.upstream)), variants)


def lag_of(periods: Periods) -> str | None:
    """Who is active in the family's first active period."""
    if not periods.upstream or not periods.variants:
        return None
    first = min(periods.all)
    downstream = any(first in variant for variant in periods.variants)
    if first in periods.upstream:
        return "simultaneous" if downstream else "upstream_first"
    return "downstream_first"


def sync_of(periods: Periods) -> str | None:
    """`CS`, `PS`, `VS` or `AS`."""
    if not periods.upstream or not periods.variants:
        return None
    pairs = [period for variant in periods.variants for period in variant]
    shared = [period in periods.upstream for period in pairs]
    if all(shared):
        return "CS"
    if any(shared):
        return "PS"
    crowded = [p for p in periods.all if sum(p in v for v in periods.variants) >= 3]
    return "VS" if len(crowded) >= 3 else "AS"


def intensity_of(periods: Periods) -> str | None:
    """`R`, `F` or `S`."""
    if not periods.upstream or not periods.variants:
        return None
    if max(len(variant) for variant in periods.variants) <= 3:
        return "R"
    frequent = any(
        all(first + step in variant & periods.upstream for step in range(5))
        for variant in periods.variants
        for first in variant
    )
    return "F" if frequent else "S"


def code_of(periods: Periods) -> str | None:
    """Return the three letters."""
    sync, intensity = sync_of(periods), intensity_of(periods)
    return None if sync is None else f"{sync.replace('VS', 'AS')}{intensity}"


def switches_of(family: PlainFamily) -> Iterator[tuple[str, int, int]]:
    """Yield from side, from time and to time of every switch of the merged timeline."""
    timeline = sorted(
        (t, order)
        for order, side in enumerate((family.upstream, family.variants))
        for project in side
        for t in project
    )
    for (earlier, side), (later, other) in pairwise(timeline):
        if side != other:
            yield ("upstream", "downstream")[side], earlier, later


def summary_of(lags: Sequence[int]) -> tuple[int, float, float, int]:
    """Return count, mean, median and nearest-rank p90 of lags in seconds, in whole days."""
    days = sorted(lag // DAY for lag in lags)
    rank = math.ceil(len(days) * 9 / 10)
    return len(days), sum(days) / len(days), median(days), days[rank - 1]


def tail_of(family: PlainFamily) -> tuple[str, int] | None:
    """Return the side that moved last and its commits after the other side's last; or None."""
    upstream = [t for project in family.upstream for t in project]
    downstream = [t for project in family.variants for t in project]
    if not upstream or not downstream or max(upstream) == max(downstream):
        return None
    if max(upstream) > max(downstream):
        return "upstream", sum(t > max(downstream) for t in upstream)
    return "downstream", sum(t > max(upstream) for t in downstream)
