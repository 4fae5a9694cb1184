"""The commit graph of one project, by number, so that every pass is a loop; and its changes."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.errors import IngestError
from hubtrace.ingest.records import Observation


@dataclass(frozen=True, slots=True)
class History:
    """The commits of one project, numbered in the order in which they were given.

    A parent that is not among the commits, e.g. beyond the cut of a shallow clone, is dropped
    from `parents`, never replaced: `first_parent` of such a commit is None even if a later
    parent is known, so that a first-parent walk does not stray onto a merged branch.
    """

    shas: list[str]
    parents: list[tuple[int, ...]]
    """The known parents of each commit, in git's order."""
    first_parent: list[int | None]
    """The commit that each was made on; None for a root and where it is unknown."""
    committed_at: list[int]
    """Committer times, epoch seconds, UTC; they need not grow along the graph."""
    number: dict[str, int]
    """The number of each sha."""
    order: Sequence[int]
    """All numbers, parents before children."""
    cut: frozenset[int]
    """The commits of which a parent is unknown: below them ancestry is incomplete."""

    @classmethod
    def from_columns(
        cls,
        shas: list[str],
        parents: Sequence[Sequence[str]],
        committed_at: list[int],
    ) -> "History":
        """Make the history of three columns of equal length, in any order.

        Raises:
            IngestError: a commit is listed twice or is its own ancestor.
        """
        if not len(shas) == len(parents) == len(committed_at):
            raise ValueError("the columns of a history differ in length")
        number = dict(zip(shas, range(len(shas)), strict=True))
        if len(number) < len(shas):
            repeated = next(sha for n, sha in enumerate(shas) if number[sha] != n)
            raise IngestError(f"commit {repeated} occurs twice in one history")
        get = number.get
        first = [get(names[0]) if names else None for names in parents]
        known = [
            (oldest,) if oldest is not None and len(names) == 1 else _known(names, number)
            for names, oldest in zip(parents, first, strict=True)
        ]
        both = zip(parents, known, strict=True)
        cut = frozenset([n for n, (names, found) in enumerate(both) if len(names) > len(found)])
        return cls(shas, known, first, committed_at, number, _parents_first(known, shas), cut)

    def ancestors(self, heads: Iterable[int]) -> list[bool]:
        """Tell for each commit whether one of `heads` reaches it; a head reaches itself."""
        reached = [False] * len(self.shas)
        stack = list(heads)
        while stack:
            commit = stack.pop()
            if not reached[commit]:
                reached[commit] = True
                stack += self.parents[commit]
        return reached

    def masks(self, tips: Sequence[int]) -> list[int]:
        """Return for each commit the set of `tips` that reach it, bit i standing for `tips[i]`.

        One pass for all tips. Commits that the same tips reach mostly share one int, so that
        the memory grows with the number of branchings, not with commits times tips.
        """
        return self.masks_of([[tip] for tip in tips])

    def masks_of(self, groups: Sequence[Iterable[int]]) -> list[int]:
        """Return for each commit the set of `groups` of tips that reach it, as `masks` does."""
        masks = [0] * len(self.shas)
        for bit, tips in enumerate(groups):
            for tip in tips:
                masks[tip] |= 1 << bit
        parents = self.parents
        for commit in reversed(self.order):
            if mask := masks[commit]:
                for parent in parents[commit]:
                    masks[parent] = masks[parent] | mask if masks[parent] else mask
        return masks

    def first_seen(self, observations: Sequence[Observation], never: int) -> list[int]:
        """Return when a ref first reached each commit; `never` where none did in any look."""
        times = [seen.observed_at for seen in observations]
        if len(times) == 1:
            return times * len(self.shas)
        number = self.number
        refs = [
            [number[r.target] for r in seen.refs if r.target in number] for seen in observations
        ]
        times.append(never)
        return [times[(mask & -mask).bit_length() - 1] for mask in self.masks_of(refs)]

    def first_parent_chain(self, head: int) -> list[int]:
        """Return `head`, its first parent, that one's first parent and so on to the root."""
        chain: list[int] = []
        commit: int | None = head
        while commit is not None:
            chain.append(commit)
            commit = self.first_parent[commit]
        return chain


def _known(names: Sequence[str], number: dict[str, int]) -> tuple[int, ...]:
    return tuple([number[name] for name in names if name in number])


def _parents_first(parents: list[tuple[int, ...]], shas: list[str]) -> Sequence[int]:
    """Return a topological order without regard to times, which may be anything.

    Most histories arrive sorted, newest first as `git log` lists them or oldest first: then a
    `range` is the order, at no cost.
    """
    count = len(parents)
    if all(parent < child for child, found in enumerate(parents) for parent in found):
        return range(count)
    if all(parent > child for child, found in enumerate(parents) for parent in found):
        return range(count - 1, -1, -1)
    return _sort_parents_first(parents, shas)


def _sort_parents_first(parents: list[tuple[int, ...]], shas: list[str]) -> list[int]:
    """Sort by taking commits away whose children are all taken, then turning the list round."""
    children = [0] * len(parents)
    for found in parents:
        for parent in found:
            children[parent] += 1
    ready = [commit for commit, waiting in enumerate(children) if not waiting]
    order: list[int] = []
    while ready:
        commit = ready.pop()
        order.append(commit)
        for parent in parents[commit]:
            children[parent] -= 1
            if not children[parent]:
                ready.append(parent)
    if len(order) < len(parents):
        stuck = next(commit for commit, waiting in enumerate(children) if waiting)
        raise IngestError(f"the history goes round in a circle at or above commit {shas[stuck]}")
    order.reverse()
    return order


def values(rows: pa.Table, name: str) -> list[Any]:
    """Return a column as Python values."""
    column: list[Any] = rows[name].to_pylist()
    return column


def history_of(rows: pa.Table) -> History:
    """Return the history of commits in columns `sha`, `parents` and `committed_at`."""
    return History.from_columns(
        values(rows, "sha"), values(rows, "parents"), values(rows, "committed_at")
    )


ChangeRow = tuple[str, str, str | None]
"""The sha of a commit, a path that it changed, and the new blob id or None if it was deleted."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the commits of one project changed against their first parents, without renames.

    `table` has the columns `sha`, `path` and `blob` (null if deleted), all strings, one row for
    each commit and path, in any order (`PathChange`). It may hold millions of
    rows: only those asked for become Python objects.
    """

    table: pa.Table

    def of_commits(self, shas: Collection[str]) -> Iterator[ChangeRow]:
        """Yield the changes of the commits `shas`."""
        return self._rows("sha", shas)

    def of_paths(self, paths: Collection[str]) -> Iterator[ChangeRow]:
        """Yield the changes of the files `paths`, in whatever commit."""
        return self._rows("path", paths)

    def _rows(self, column: str, values: Collection[str]) -> Iterator[ChangeRow]:
        if not values:
            return iter(())
        wanted = pa.array(values, type=self.table.schema.field(column).type)
        rows = self.table.filter(pc.is_in(self.table[column], value_set=wanted))
        columns = [rows[name].to_pylist() for name in ("sha", "path", "blob")]
        return zip(*columns, strict=True)
