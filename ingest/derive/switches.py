"""Switches: where a family's merged timeline passes from one side to the other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.project import DerivedProject
from hubtrace.ingest.derive.scopes import in_scope
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import ProjectHistory

_SIDES = np.array([Side.UPSTREAM, Side.DOWNSTREAM], dtype=object)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The commits of one or many families, one entry per family, project and commit, any order.

    The same commit may stand in several projects and on both sides: forks share commits.
    """

    family: NDArray[np.int64]
    """A number for each family."""
    at: NDArray[np.int64]
    """The commit's time on its side, epoch seconds, UTC (docs/design.md, section 1, *commit*)."""
    downstream: NDArray[np.bool_]
    """True for commits of variants, False for commits of repositories."""
    project: Sequence[str]
    """Project keys."""
    sha: Sequence[str]


@dataclass(frozen=True, slots=True)
class Switches:
    """Columns of equal length, one per switch, by family and time (docs/design.md, section 1)."""

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


@dataclass(frozen=True, slots=True)
class Entries:
    """The commits on the default branch of one project: its share of a merged timeline."""

    shas: list[str]
    at: NDArray[np.int64]

    @classmethod
    def of(cls, project: DerivedProject) -> "Entries":
        """Return the entries of a derived project."""
        mask = project.on_default.to_numpy(zero_copy_only=False)
        shas = project.commits["sha"].filter(project.on_default).to_pylist()
        return cls(shas, project.at.to_numpy()[mask])

    def only(self, scope: set[str]) -> "Entries":
        """Return the entries whose commits are in `scope`."""
        mask = np.array([sha in scope for sha in self.shas], dtype=np.bool_)
        return Entries([sha for sha in self.shas if sha in scope], self.at[mask])


@dataclass(frozen=True, slots=True)
class DerivedFamilies:
    """What follows from the members of families together."""

    families: Sequence[Family]
    in_scope: Mapping[tuple[str, str], set[str]]
    """Family and key of an upstream that is limited to paths → the shas of the commits on them."""
    switches: Switches
    """Its `family` is a position in `families`."""


def derive_families(
    families: Sequence[Family],
    histories: Mapping[str, ProjectHistory],
    entries: Mapping[str, Entries],
) -> DerivedFamilies:
    """Return the scopes and switches of families; `entries` are the timelines of their members."""
    scopes = {
        (family.name, up.project): in_scope(histories[up.project], up.paths)
        for family in families
        for up in family.upstreams
        if up.paths and up.project in histories
    }
    return DerivedFamilies(families, scopes, find_switches(_timeline(families, entries, scopes)))


def _timeline(
    families: Sequence[Family],
    entries: Mapping[str, Entries],
    scopes: Mapping[tuple[str, str], set[str]],
) -> Timeline:
    parts = [
        (number, side, key, share)
        for number, family in enumerate(families)
        for side, key, share in _shares(family, entries, scopes)
    ]
    counts = [len(share.shas) for *_, share in parts]
    return Timeline(
        family=np.repeat(np.array([number for number, *_ in parts], dtype=np.int64), counts),
        at=np.concatenate([share.at for *_, share in parts] or [np.empty(0, np.int64)]),
        downstream=np.repeat(
            np.array([side is Side.DOWNSTREAM for _, side, *_ in parts], dtype=np.bool_), counts
        ),
        project=list(chain.from_iterable([key] * len(share.shas) for _, _, key, share in parts)),
        sha=list(chain.from_iterable(share.shas for *_, share in parts)),
    )


def _shares(
    family: Family, entries: Mapping[str, Entries], scopes: Mapping[tuple[str, str], set[str]]
) -> Iterable[tuple[Side, str, Entries]]:
    for upstream in family.upstreams:
        if upstream.project in entries:
            share = entries[upstream.project]
            if upstream.paths:
                share = share.only(scopes[family.name, upstream.project])
            yield Side.UPSTREAM, upstream.project, share
    for key in family.variants:
        if key in entries:
            yield Side.DOWNSTREAM, key, entries[key]
