"""Lag, sync type and intensity of families on many grids, from the days they were active on.

The definition is docs/design.md, section 2. The stored queries `lag`, `sync_type` and `intensity`
answer it from the commits; here it is computed from the times that `activity` returns, of few
families in sets and of many in columns: numpy takes longer to import than a few families
(docs/decisions/0069). A test holds all three equal on both stores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from hubtrace.graph.activity import group_text
from hubtrace.graph.errors import GraphError
from hubtrace.graph.format import DAY
from hubtrace.queries.catalogue import Progress, ask_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.thresholds import Thresholds

FEW = 400_000
"""Characters of activity, some 60,000 commits, that are labelled in sets."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods of so many days, shifted by an offset, of a part of each family's life."""

    period_days: int
    offset_days: int = 0
    part: str = "whole"
    """`whole`, or the `early` or `late` half: cut at the period boundary nearest to the middle."""


class Dimensions(NamedTuple):
    """The dimensions of a family on a grid; None where a side is silent."""

    lag: str | None
    """`upstream_first`, `downstream_first` or `simultaneous`."""
    sync: str | None
    """`CS`, `PS`, `VS` or `AS`."""
    intensity: str | None
    """`R`, `F` or `S`."""


_SILENT = Dimensions(None, None, None)
_LAGS, _SYNCS = ("upstream_first", "downstream_first", "simultaneous"), ("CS", "PS", "VS", "AS")
_INTENSITIES = ("R", "F", "S")


class ActiveDays(Protocol):
    """The days on which families moved, counted from the earliest commit of each."""

    @property
    def upstream_moved(self) -> list[bool]:
        """Of each family: whether its upstream moved at all."""
        ...

    def on(self, grid: Grid, thresholds: Thresholds) -> list[Dimensions]:
        """Return the dimensions of every family on a grid."""
        ...


def active_days(
    store: GraphStore,
    names: Sequence[str],
    until: int | None,
    progress: Progress | None = None,
    few: int = FEW,
) -> ActiveDays:
    """Return the active days of these families, in their order."""
    rows = ask_all(store, "activity", names, progress, until=until)
    by_commits = sorted({row["family"] for row in rows if row["times"] is None})
    walked = {
        (row["family"], row["project"]): [group_text(None, None, row["times"])]
        for row in ask_all(store, "commit_times", by_commits, until=until)
    }
    number = {name: position for position, name in enumerate(names)}
    units = _Units()
    for row in sorted(rows, key=lambda row: (number[row["family"]], not row["upstream"])):
        times = row["times"]
        if times is None:
            times = walked.get((row["family"], row["project"]), [])
        if row["until"] is not None:
            units.add(number[row["family"]], row["upstream"], row["until"], times)
    size = sum(map(len, units.texts))
    return _Sets(units, len(names)) if size <= few else _Columns.of(units, len(names))


@dataclass(slots=True)
class _Units:
    """The times of units: the upstreams of a family are one, each of its variants is one.

    Units are in the order of their families, upstream first.
    """

    family: list[int] = field(default_factory=list)
    upstream: list[bool] = field(default_factory=list)
    until: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Times as `Activity.times` keeps them, without `entered_at` and `left_at`."""
    units: list[int] = field(default_factory=list)
    """Of each text."""

    def add(self, family: int, upstream: bool, until: int, times: Iterable[str]) -> None:
        """Add a project; the upstreams of a family come first, one after the other."""
        if not (upstream and self.family and self.family[-1] == family):
            self.family.append(family)
            self.upstream.append(upstream)
            self.until.append(until)
        for group in times:
            entered_at, left_at, text = group.split(" ", 2)
            if entered_at != "-" and int(entered_at) > until:
                continue
            if left_at == "-" or int(left_at) > until:
                self.texts.append(text)
                self.units.append(len(self.family) - 1)


class _Sets:
    """Active days in sets, for few families."""

    def __init__(self, units: _Units, families: int) -> None:
        times: list[set[int]] = [set() for _ in units.family]
        for unit, text in zip(units.units, units.texts, strict=True):
            until = units.until[unit]
            times[unit].update(at for at in accumulate(map(int, text.split())) if at <= until)
        self._sides: list[tuple[list[set[int]], list[set[int]]]] = [
            ([], []) for _ in range(families)
        ]
        for family, upstream, moments in zip(units.family, units.upstream, times, strict=True):
            if moments:
                self._sides[family][upstream].append(moments)
        self._last_day = [0] * families
        for family, sides in enumerate(self._sides):
            start = min(map(min, chain(*sides)), default=0)
            for moments in chain(*sides):
                days = {(at - start) // DAY for at in moments}
                moments.clear()
                moments |= days
            self._last_day[family] = max(map(max, chain(*sides)), default=0)
        self.upstream_moved = [bool(upstream) for _, upstream in self._sides]

    def on(self, grid: Grid, thresholds: Thresholds) -> list[Dimensions]:
        """Return the dimensions of every family on a grid."""
        found = []
        for (variants, upstream), last_day in zip(self._sides, self._last_day, strict=True):
            cut = None if grid.part == "whole" else _cut(last_day, grid)
            theirs = set[int]().union(*_periods(upstream, grid, cut))
            own = [periods for periods in _periods(variants, grid, cut) if periods]
            found.append(_dimensions(theirs, own, thresholds) if theirs and own else _SILENT)
        return found


def _periods(units: Iterable[set[int]], grid: Grid, cut: int | None) -> Iterator[set[int]]:
    length, offset = grid.period_days, grid.offset_days
    for days in units:
        if cut is not None:
            days = {day for day in days if (day < cut) == (grid.part == "early")}
        yield {(day + offset) // length for day in days}


def _dimensions(
    upstream: set[int], variants: Sequence[set[int]], thresholds: Thresholds
) -> Dimensions:
    first, own_first = min(upstream), min(map(min, variants))
    lag = _LAGS[2 if first == own_first else first > own_first]
    shared = [periods & upstream for periods in variants]
    crowds = Counter(chain.from_iterable(variants)).values()
    if shared == variants:
        sync = "CS"
    elif any(shared):
        sync = "PS"
    else:
        crowded = sum(crowd >= thresholds.vs_variants for crowd in crowds)
        sync = "VS" if crowded >= thresholds.vs_periods else "AS"
    if all(len(periods) <= thresholds.rare_periods for periods in variants):
        return Dimensions(lag, sync, "R")
    ahead = range(1, thresholds.frequent_periods)
    runs = any(all(x + step in both for step in ahead) for both in shared for x in both)
    return Dimensions(lag, sync, "F" if runs else "S")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Active days in columns, for many families."""

    families: int
    family: NDArray[np.int64]
    """Of each unit."""
    upstream: NDArray[np.bool_]
    """Of each unit: whether it is the upstream."""
    unit: NDArray[np.int64]
    """Of each row. Rows are distinct, in the order of units and days."""
    day: NDArray[np.int64]
    last_day: NDArray[np.int64]
    """Of each family."""
    upstream_moved: list[bool]

    @classmethod
    def of(cls, units: _Units, families: int) -> _Columns:
        """Return the days of the units, among so many families."""
        import numpy as np

        family, until = (np.array(x, dtype=np.int64) for x in (units.family, units.until))
        unit, at = _times(units)
        seen = at <= until[unit]
        unit, at = unit[seen], at[seen]
        start, stop = np.full(families, _NEVER), np.full(families, -_NEVER)
        begins = _begins(unit)
        ends = np.append(begins[1:], len(unit))[: len(begins)] - 1  # no units: no ends
        np.minimum.at(start, family[unit[begins]], at[begins])
        np.maximum.at(stop, family[unit[ends]], at[ends])
        day = (at - start[family[unit]]) // DAY
        rows = _begins(unit, day)
        last_day = (np.maximum(stop, start) - start) // DAY
        upstream = np.array(units.upstream, dtype=np.bool_)
        moved = np.zeros(families, dtype=np.bool_)
        moved[family[unit[begins][upstream[unit[begins]]]]] = True
        return cls(families, family, upstream, unit[rows], day[rows], last_day, moved.tolist())

    def on(self, grid: Grid, thresholds: Thresholds) -> list[Dimensions]:
        """Return the dimensions of every family on a grid."""
        import numpy as np

        unit, day = self.unit, self.day
        if grid.part != "whole":
            cut = _cut(self.last_day, grid)[self.family[unit]]
            kept = (day < cut) == (grid.part == "early")
            unit, day = unit[kept], day[kept]
        period = (day + grid.offset_days) // grid.period_days
        rows = _begins(unit, period)
        unit, period = unit[rows], period[rows]
        first = np.full((2, self.families), _NEVER)
        begins = _begins(unit)
        units = unit[begins]
        np.minimum.at(first, (self.upstream[units].astype(int), self.family[units]), period[begins])
        downstream_first, upstream_first = first
        lag = np.where(upstream_first < downstream_first, 0, 1)
        lag[upstream_first == downstream_first] = 2
        moves = _moves(self.family[unit], self.upstream[unit], unit, period)
        sync, intensity = self._sync(moves, thresholds), self._intensity(moves, thresholds)
        silent = (first == _NEVER).any(axis=0).tolist()
        columns = silent, lag.tolist(), sync.tolist(), intensity.tolist()
        return [
            _SILENT if none else Dimensions(_LAGS[lag], _SYNCS[sync], _INTENSITIES[intensity])
            for none, lag, sync, intensity in zip(*columns, strict=True)
        ]

    def _sync(self, moves: _Moves, thresholds: Thresholds) -> NDArray[np.int64]:
        import numpy as np

        family = self.family[moves.unit]
        moved = np.bincount(family, minlength=self.families)
        shared = np.bincount(family[moves.shared], minlength=self.families)
        alone = (shared == 0)[family]
        _, first, variants = np.unique(moves.key[alone], return_index=True, return_counts=True)
        crowded = family[alone][first[variants >= thresholds.vs_variants]]
        vs = np.bincount(crowded, minlength=self.families) >= thresholds.vs_periods
        return np.select([shared == moved, shared > 0, vs], [0, 1, 2], 3)

    def _intensity(self, moves: _Moves, thresholds: Thresholds) -> NDArray[np.int64]:
        import numpy as np

        periods = np.bincount(moves.unit, minlength=len(self.family))
        busy = np.zeros(self.families, dtype=np.bool_)
        busy[self.family[periods > thresholds.rare_periods]] = True
        unit, key = moves.unit[moves.shared], moves.key[moves.shared]
        step = thresholds.frequent_periods - 1
        last = np.arange(step, len(unit))  # `step` periods before it, a run of them begins
        runs = (unit[last] == unit[last - step]) & (key[last] - key[last - step] == step)
        frequent = np.zeros(self.families, dtype=np.bool_)
        frequent[self.family[unit[last[runs]]]] = True
        return np.select([~busy, frequent], [0, 1], 2)


_NEVER = 2**62


class _Moves(NamedTuple):
    """The periods in which variants moved: a row for each variant and period, in their order."""

    unit: NDArray[np.int64]
    key: NDArray[np.int64]
    """A number for each family and period; those of neighbouring periods are neighbours."""
    shared: NDArray[np.bool_]
    """Whether upstream moved in it, too."""


def _moves(
    family: NDArray[np.int64],
    upstream: NDArray[np.bool_],
    unit: NDArray[np.int64],
    period: NDArray[np.int64],
) -> _Moves:
    import numpy as np

    key = family * (period.max(initial=0) + 1) + period
    theirs, own = key[upstream], key[~upstream]
    place = np.searchsorted(theirs, own)
    return _Moves(unit[~upstream], own, np.append(theirs, -1)[place] == own)


def _begins(*columns: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows that differ from the row before in one of the columns."""
    import numpy as np

    differs = np.ones(len(columns[0]), dtype=np.bool_)
    differs[1:] = False
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(differs)


_Day = TypeVar("_Day", int, "NDArray[np.int64]")


def _cut(last_day: _Day, grid: Grid) -> _Day:
    """Return the day on which the late half of a family begins, or of many."""
    days, offset = grid.period_days, grid.offset_days
    middle = (offset // days + (last_day + offset) // days + 2) // 2
    return middle * days - offset


def _times(units: _Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return unit and time of each commit, in the order of both."""
    import numpy as np

    if not units.texts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    sizes = np.array([text.count(" ") + 1 for text in units.texts], dtype=np.int64)
    steps = np.fromstring(" ".join(units.texts), dtype=np.int64, sep=" ")
    if len(steps) != sizes.sum():
        raise GraphError("what the graph keeps of activity cannot be read; load it again")
    first = np.cumsum(sizes) - sizes
    total = np.cumsum(steps)
    at = total - np.repeat(total[first] - steps[first], sizes)
    of_text = np.array(units.units, dtype=np.int64)
    unit = np.repeat(of_text, sizes)
    for several in np.unique(of_text[1:][of_text[1:] == of_text[:-1]]).tolist():
        begin, end = np.searchsorted(unit, (several, several + 1))
        at[begin:end].sort()
    return unit, at
