"""Lag, sync type and intensity of many families on many grids, from the days they were active on.

The definition is docs/design.md, section 2. The stored queries `lag`, `sync_type` and `intensity`
answer it from the commits; here all families are answered at once, in columns, from the times that
`activity` returns (docs/decisions/0069). A test holds both equal on both stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hubtrace.graph.activity import group_text
from hubtrace.graph.errors import GraphError
from hubtrace.graph.format import DAY
from hubtrace.queries.catalogue import Progress, ask_all

if TYPE_CHECKING:  # a question that needs no labels does not wait for it
    import numpy as np
    from numpy.typing import NDArray

    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.thresholds import Thresholds

LAGS = ("upstream_first", "downstream_first", "simultaneous")
SYNCS = ("CS", "PS", "VS", "AS")
INTENSITIES = ("R", "F", "S")
SILENT = -1
"""Stands for no lag, sync type and intensity: a side is silent."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods of so many days, shifted by an offset, of a part of each family's life."""

    period_days: int
    offset_days: int = 0
    part: str = "whole"
    """`whole`, or the `early` or `late` half: cut at the period boundary nearest to the middle."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Positions in `LAGS`, `SYNCS` and `INTENSITIES`, or `SILENT`: one of each per family."""

    lag: NDArray[np.int64]
    sync: NDArray[np.int64]
    intensity: NDArray[np.int64]
    upstream: NDArray[np.bool_]
    """Whether upstream moved at all."""

    def lags(self) -> list[str | None]:
        """Return the lag of each family; None if a side is silent."""
        return [None if at == SILENT else LAGS[at] for at in self.lag.tolist()]

    def syncs(self) -> list[str | None]:
        """Return the sync type of each family; None if a side is silent."""
        return [None if at == SILENT else SYNCS[at] for at in self.sync.tolist()]

    def intensities(self) -> list[str | None]:
        """Return the intensity of each family; None if a side is silent."""
        return [None if at == SILENT else INTENSITIES[at] for at in self.intensity.tolist()]


@dataclass(frozen=True, slots=True)
class ActiveDays:
    """The days on which each unit moved: all upstreams of a family are one, each variant is one.

    A day is 86,400 seconds, counted from the earliest commit of the family.
    """

    families: int
    family: NDArray[np.int64]
    """Of each unit; units are in the order of their families, upstream first."""
    upstream: NDArray[np.bool_]
    """Of each unit: whether it is the upstream."""
    unit: NDArray[np.int64]
    """Of each row. Rows are distinct, in the order of units and days."""
    day: NDArray[np.int64]
    last_day: NDArray[np.int64]
    """Of each family."""

    @classmethod
    def of(
        cls,
        store: GraphStore,
        names: Sequence[str],
        until: int | None,
        progress: Progress | None = None,
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
            family, moment = row["family"], row["until"]
            times = row["times"]
            if times is None:
                times = walked.get((family, row["project"]), [])
            if moment is not None:
                units.add(number[family], row["upstream"], moment, times)
        return units.days(len(names))

    def on(self, grid: Grid, thresholds: Thresholds) -> Dimensions:
        """Return the dimensions of every family on a grid."""
        import numpy as np

        unit, day = self.unit, self.day
        if grid.part != "whole":
            cut = _cut(self.last_day, grid)[self.family[unit]]
            kept = day < cut if grid.part == "early" else day >= cut
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
        silent = (first == _NEVER).any(axis=0)
        lag, sync, intensity = (np.where(silent, SILENT, it) for it in (lag, sync, intensity))
        return Dimensions(lag, sync, intensity, upstream_first != _NEVER)

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


def _cut(last_day: NDArray[np.int64], grid: Grid) -> NDArray[np.int64]:
    """Return for each family the day on which the late half begins."""
    days, offset = grid.period_days, grid.offset_days
    middle = (offset // days + (last_day + offset) // days + 2) // 2
    return middle * days - offset


@dataclass(slots=True)
class _Units:
    """Collects the times of units, as `Activity.times` keeps them."""

    family: list[int] = field(default_factory=list)
    upstream: list[bool] = field(default_factory=list)
    until: list[int] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _units: list[int] = field(default_factory=list)
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
                self._texts.append(text)
                self._units.append(len(self.family) - 1)

    def days(self, families: int) -> ActiveDays:
        """Return the days of the units, among so many families."""
        import numpy as np

        family, until = (np.array(x, dtype=np.int64) for x in (self.family, self.until))
        unit, at = self._times()
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
        upstream = np.array(self.upstream, dtype=np.bool_)
        return ActiveDays(families, family, upstream, unit[rows], day[rows], last_day)

    def _times(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return unit and time of each commit, in the order of both."""
        import numpy as np

        if not self._texts:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        sizes = np.array([text.count(" ") + 1 for text in self._texts], dtype=np.int64)
        steps = np.fromstring(" ".join(self._texts), dtype=np.int64, sep=" ")
        if len(steps) != sizes.sum():
            raise GraphError("what the graph keeps of activity cannot be read; load it again")
        first = np.cumsum(sizes) - sizes
        total = np.cumsum(steps)
        at = total - np.repeat(total[first] - steps[first], sizes)
        of_text = np.array(self._units, dtype=np.int64)
        unit = np.repeat(of_text, sizes)
        for several in np.unique(of_text[1:][of_text[1:] == of_text[:-1]]).tolist():
            begin, end = np.searchsorted(unit, (several, several + 1))
            at[begin:end].sort()
        return unit, at
