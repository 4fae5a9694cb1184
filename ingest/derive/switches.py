"""Switches: where a family's merged timeline passes from one side to the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hubtrace.graph.identity import Side

_SIDES = np.array([Side.UPSTREAM, Side.DOWNSTREAM], dtype=object)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The commits of one or many families, one entry per family, project and commit, any order.

    The same commit may stand in several projects and on both sides: forks share commits.
    """

    family: NDArray[np.int64]
    """A number for each family."""
    at: NDArray[np.int64]
    """The commit's time on its side, epoch seconds, UTC (DESIGN.md section 1, *commit*)."""
    downstream: NDArray[np.bool_]
    """True for commits of variants, False for commits of repositories."""
    project: Sequence[str]
    """Project keys."""
    sha: Sequence[str]


@dataclass(frozen=True, slots=True)
class Switches:
    """Columns of equal length, one entry per switch, by family and time (DESIGN.md section 1)."""

    family: NDArray[np.int64]
    from_side: list[Side]
    """The side that the earlier commit is on; the later one is on the other."""
    from_sha: list[str]
    to_sha: list[str]
    from_at: NDArray[np.int64]
    to_at: NDArray[np.int64]
    lag_seconds: NDArray[np.int64]
    """From the earlier commit to the later one; 0 at equal times. People are shown whole days."""


def find_switches(timeline: Timeline) -> Switches:
    """Return every pair of neighbours on different sides, family by family.

    Neighbours in the order of family, time, side (upstream before downstream at equal times),
    project key and sha, so that the same entries in any order give the same switches. Entries
    equal in the first three form a run. A switch lies between two runs, from the last entry of
    one to the first of the next, so strings are compared only in runs of several entries.
    """
    moment = timeline.at * 2 + timeline.downstream
    order = np.lexsort((moment, timeline.family))
    starts = _run_starts(timeline.family[order], moment[order])
    first = order[starts]
    family, downstream = timeline.family[first], timeline.downstream[first]
    switch = np.flatnonzero((family[1:] == family[:-1]) & (downstream[1:] != downstream[:-1]))
    from_row, to_row = _ends(timeline, order, np.append(starts, len(order)), switch)
    from_at, to_at = timeline.at[from_row], timeline.at[to_row]
    return Switches(
        family=family[switch],
        from_side=_SIDES[downstream[switch].astype(np.intp)].tolist(),
        from_sha=[timeline.sha[row] for row in from_row.tolist()],
        to_sha=[timeline.sha[row] for row in to_row.tolist()],
        from_at=from_at,
        to_at=to_at,
        lag_seconds=to_at - from_at,
    )


def _run_starts(family: NDArray[np.int64], moment: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where a new family or moment begins in the sorted columns."""
    begins = np.ones(len(family), dtype=np.bool_)
    begins[1:] = (family[1:] != family[:-1]) | (moment[1:] != moment[:-1])
    return np.flatnonzero(begins)


def _ends(
    timeline: Timeline,
    order: NDArray[np.intp],
    bounds: NDArray[np.intp],
    switch: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that each switch goes from and to: the last of a run, the first of the next.

    Run r holds the rows `order[bounds[r]:bounds[r + 1]]`; `switch` holds the r before each switch.
    """

    def key(row: int) -> tuple[str, str]:
        return timeline.project[row], timeline.sha[row]

    from_row, to_row = order[bounds[switch]], order[bounds[switch + 1]]
    size = np.diff(bounds)
    for i in np.flatnonzero(size[switch] > 1).tolist():
        from_row[i] = max(order[bounds[switch[i]] : bounds[switch[i] + 1]].tolist(), key=key)
    for i in np.flatnonzero(size[switch + 1] > 1).tolist():
        to_row[i] = min(order[bounds[switch[i] + 1] : bounds[switch[i] + 2]].tolist(), key=key)
    return from_row, to_row
