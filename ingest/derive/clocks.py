"""Commit times where a clock was wrong, bounded by what the commit's neighbours allow.

A commit was made after its parents and before its children, whatever the clock of its machine said,
and before it was observed. Along a chain of first parents, the longest run of commits whose times
never go back is believed; a time that does not fit between its believed neighbours by more than
`SLACK` is moved to the nearest that does (docs/decisions/0039). Of a time that fits nothing is
changed, so that most histories are left as they are, and cost one look at each parent.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa

from hubtrace.ingest.derive.dag import History, values
from hubtrace.ingest.derive.landed import default_head
from hubtrace.ingest.records import Observation

SLACK = 86_400
"""Seconds, a day: clocks that differ by less, or by a time zone, are left alone."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times of the commits of a `History`, by number; epoch seconds, UTC."""

    authored_at: Sequence[int]
    committed_at: Sequence[int]
    wrong: frozenset[int]
    """The commits of which a time is not what was recorded."""

    def settled_at(self) -> pa.Array:
        """Return the committer time of each commit that is `wrong`; null for all others."""
        if not self.wrong:
            return pa.nulls(len(self.committed_at), pa.int64())
        times = enumerate(self.committed_at)
        return pa.array([at if commit in self.wrong else None for commit, at in times], pa.int64())


def settled(
    history: History, commits: pa.Table, observations: Sequence[Observation]
) -> tuple[History, Times]:
    """Return the history of `commits` with the times that `settle` returns, and these."""
    last = observations[-1]
    seen_at = history.first_seen(observations, last.observed_at)
    head = default_head(history, last)
    times = settle(history, values(commits, "authored_at"), seen_at, head)
    if times.committed_at is not history.committed_at:
        history = replace(history, committed_at=list(times.committed_at))
    return history, times


def settle(
    history: History, authored_at: Sequence[int], seen_at: Sequence[int], head: int | None
) -> Times:
    """Return the times of a history, those of wrong clocks moved to where they can have been.

    `head` is that of the default branch, whose chain is settled first; `seen_at` is when each
    commit was first observed: a time that is later, by more than `SLACK`, cannot be.
    """
    recorded = history.committed_at
    committed = recorded
    if _is_strange(history, seen_at):
        committed = _Settling(history, seen_at).all(head)
    authored = _authored(history, authored_at, committed)
    wrong = frozenset(
        commit
        for commit, times in enumerate(zip(recorded, committed, authored_at, authored, strict=True))
        if times[0] != times[1] or times[2] != times[3]
    )
    return Times(authored, committed, wrong)


def _is_strange(history: History, seen_at: Sequence[int]) -> bool:
    """Return True if a commit is from the future, undated, or older than a parent."""
    times = history.committed_at
    if any(not 0 < at <= seen + SLACK for at, seen in zip(times, seen_at, strict=True)):
        return True
    return any(
        times[parent] > times[commit] + SLACK
        for commit, parents in enumerate(history.parents)
        for parent in parents
    )


def _authored(
    history: History, authored_at: Sequence[int], committed: Sequence[int]
) -> Sequence[int]:
    """Return author times: none after the commit was made, none before the project began.

    A patch may be older than the commit that it is made on, but not than the first of all.
    """
    roots = [commit for commit, parents in enumerate(history.parents) if not parents]
    births = [min(committed[root], authored_at[root]) for root in roots if authored_at[root] > 0]
    began = min(births, default=0) - SLACK
    return [
        at if began <= at <= then + SLACK else then
        for at, then in zip(authored_at, committed, strict=True)
    ]


class _Settling:
    """Committer times of one history while they are settled, chain by chain."""

    def __init__(self, history: History, seen_at: Sequence[int]) -> None:
        self._history = history
        self._seen_at = seen_at
        self._settled: list[int | None] = [None] * len(history.shas)
        self._children: list[list[int]] = [[] for _ in history.shas]
        for commit, parents in enumerate(history.parents):
            for parent in parents:
                self._children[parent].append(commit)

    def all(self, head: int | None) -> list[int]:
        """Settle the chain of `head`, then what leads to it, children before parents."""
        if head is not None:
            self._chain(head)
        for commit in reversed(self._history.order):
            if self._settled[commit] is None:
                self._chain(commit)
        return [at or 0 for at in self._settled]

    def _chain(self, tip: int) -> None:
        """Settle the first parents of `tip` down to one that is settled."""
        chain: list[int] = []
        commit: int | None = tip
        while commit is not None and self._settled[commit] is None:
            chain.append(commit)
            commit = self._history.first_parent[commit]
        chain.reverse()
        earliest = None if commit is None else self._settled[commit]
        children = [self._settled[child] for child in self._children[tip]]
        latest = min([at for at in children if at is not None], default=self._seen_at[tip])
        recorded = [self._history.committed_at[commit] for commit in chain]
        limits = [min(latest, self._seen_at[commit]) for commit in chain]
        for commit, at in zip(chain, bounded(recorded, earliest, limits), strict=True):
            self._settled[commit] = at


def bounded(recorded: Sequence[int], earliest: int | None, latest: Sequence[int]) -> list[int]:
    """Return times, oldest commit first, of which none is far from where its neighbours allow.

    `earliest` is the time of the commit below; None if there is none. `latest` has the last moment
    at which each can have been made.
    """
    lowest = 1 if earliest is None else earliest - SLACK
    possible = [n for n, at in enumerate(recorded) if lowest <= at <= latest[n] + SLACK]
    believed = [possible[n] for n in _longest_rise([recorded[n] for n in possible])]
    after = {n: recorded[m] for n, m in pairwise(believed)}
    settled: list[int] = []
    low, trusted = earliest, set(believed)
    above = recorded[believed[0]] if believed else max(latest, default=0)
    for number, at in enumerate(recorded):
        high = min(above, latest[number])
        if number in trusted:
            low, above = at, after.get(number, latest[-1])
        elif at > high + SLACK:
            low = at = high
        elif at <= 0 or (low is not None and at < low - SLACK):
            low = at = high if low is None else low
        settled.append(at)
    return settled


def _longest_rise(times: Sequence[int]) -> list[int]:
    """Return the positions of the longest run that never goes back; of several, the latest times.

    A clock that was never set says a time in the past, so that the later one is believed.
    """
    # From the end, with the signs turned: a longest run that never rises, of the largest values.
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = [-1] * len(times)
    for position in range(len(times) - 1, -1, -1):
        place = bisect_right(tails, -times[position])
        previous[position] = ends[place - 1] if place else -1
        tails[place : place + 1] = [-times[position]]
        ends[place : place + 1] = [position]
    found: list[int] = []
    position = ends[-1] if ends else -1
    while position >= 0:
        found.append(position)
        position = previous[position]
    return found
