"""Where files come from, by plain search with git: `rev-list` and `ls-tree`, commit by commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Commit, Observation, PathChange, Ref, RefKind
from hubtrace.ingest.source import ProjectData
from tests.ingest.derive.oracle import Git
from tests.ingest.derive.sketches import Sketch

Copy = tuple[str, str, str, str, str, str, int, bool]
"""Path, blob, repository, path in its origin, origin, variant commit, lag, is at the head."""
_NEVER = 10**9


@dataclass(frozen=True)
class Member:
    """One project of a world: the commits that its heads reach; the first head is the default's."""

    git: Git
    project: Project
    graph: Sequence[Sketch]
    shas: Sequence[str]
    heads: Sequence[int]

    @cached_property
    def commits(self) -> list[str]:
        """All commits, as git lists them."""
        return self.git.ask("rev-list", *(self.shas[head] for head in self.heads)).split()

    def reading(self) -> ProjectData:
        """Return what a source would read, the changes told by git."""
        refs = [
            Ref(f"refs/heads/{number or 'main'}", RefKind.BRANCH, self.shas[head])
            for number, head in enumerate(self.heads)
        ]
        seen = Observation(1_000, "refs/heads/main", tuple(refs))
        return ProjectData(self.project, seen, iter([self._commit(sha) for sha in self.commits]))

    def _commit(self, sha: str) -> Commit:
        sketch = self.graph[self.shas.index(sha)]
        parents = tuple(self.shas[parent] for parent in sketch.parents)
        changes = tuple(
            PathChange("M" if blob else "D", path, blob, "100644" if blob else "000000")
            for _, path, blob in self.git.changes([sha]).of_commits([sha])
        )
        moments = self.at(sha), sketch.at
        return Commit(sha, parents, "Ada", "ada@example.org", *moments, "A commit", changes)

    def at(self, sha: str) -> int:
        """Return a commit's time on its side; authors upstream have clocks of their own."""
        sketch = self.graph[self.shas.index(sha)]
        return (sketch.at * 7) % 10 if self.project.side is Side.UPSTREAM else sketch.at

    def brought(self, sha: str) -> set[tuple[str, str]]:
        """Return the files of a commit's tree that were not there in its first parent's."""
        parents = self.git.ask("rev-parse", f"{sha}^@").split()
        before = self.tree(parents[0]) if parents else set()
        return self.tree(sha) - before

    def tree(self, sha: str) -> set[tuple[str, str]]:
        """Return the paths and blobs of a commit's tree."""
        lines = self.git.ask("ls-tree", "-r", sha).splitlines()
        return {(line.split("\t")[1], line.split()[2]) for line in lines}

    @cached_property
    def chain(self) -> list[str]:
        """The default branch along first parents, oldest first."""
        head = self.shas[self.heads[0]]
        return self.git.ask("rev-list", "--first-parent", "--reverse", head).split()

    @cached_property
    def landings(self) -> dict[str, int]:
        """When each commit came into the default branch."""
        moment, found = 0, dict[str, int]()
        for tip in self.chain:
            moment = max(moment, self.graph[self.shas.index(tip)].at)
            for sha in self.git.ask("rev-list", tip).split():
                found.setdefault(sha, moment)
        return found

    def depth(self, sha: str) -> int:
        """Return the length of the longest way down to a root."""
        parents = self.graph[self.shas.index(sha)].parents
        return 1 + max((self.depth(self.shas[parent]) for parent in parents), default=0)

    def made(self, sha: str) -> int:
        """Return when a commit was made by its committer."""
        return self.graph[self.shas.index(sha)].at

    def order(self, sha: str) -> tuple[int, int, int, str]:
        """Return what the first of several commits is the smallest by."""
        return self.landings.get(sha, _NEVER), self.at(sha), self.depth(sha), sha

    @cached_property
    def holders(self) -> dict[str, list[tuple[str, str]]]:
        """Blob → the commits that brought it, each with a path."""
        found: dict[str, list[tuple[str, str]]] = {}
        for sha in self.commits:
            for path, blob in self.brought(sha):
                found.setdefault(blob, []).append((sha, path))
        return found


def expected(variant: Member, repositories: Sequence[Member]) -> set[Copy]:
    """Return every copy of a variant that there is to find."""
    found: set[Copy] = set()
    for blob, brought in variant.holders.items():
        for path in {path for _, path in brought}:
            copied = min((sha for sha, p in brought if p == path), key=variant.order)
            for network in _networks(repositories):
                holders = [one for one in network if blob in one.holders]
                if holders:
                    first = _copy(variant, holders, blob, path, copied)
                    made = _made(variant, holders, blob, path, copied, first)
                    found |= {first} if made is None else {first, made}
    return found


def _made(
    variant: Member, holders: Sequence[Member], blob: str, path: str, copied: str, first: Copy
) -> Copy | None:
    """Return the copy whose origin was made first, where the first landed one is too late."""
    origin, there = first[4], variant.at(copied)
    holder = next(one for one in holders if one.project.key == first[2])
    if first[6] >= 0 and holder.landings.get(origin, holder.at(origin)) <= there:
        return None
    made = {
        (one.made(sha), one.at(sha), one.depth(sha), sha): (one, sha)
        for one in holders
        for sha, _ in one.holders[blob]
    }
    moment, (_, sha) = min(made), made[min(made)]
    other = _copy(variant, holders, blob, path, copied, sha)
    return other if moment[0] <= there and other[6] >= 0 and sha != origin else None


def _networks(repositories: Sequence[Member]) -> list[list[Member]]:
    roots = dict[str, list[Member]]()
    for one in repositories:
        roots.setdefault(one.chain[0], []).append(one)
    return list(roots.values())


def _copy(
    variant: Member,
    holders: Sequence[Member],
    blob: str,
    path: str,
    copied: str,
    origin: str | None = None,
) -> Copy:
    moments = [(one.order(sha), one) for one in holders for sha, _ in one.holders[blob]]
    origin = origin or min(order for order, _ in moments)[-1]
    those = [one for one in holders if origin in [sha for sha, _ in one.holders[blob]]]
    holder = min(those, key=lambda one: (one.landings.get(origin, _NEVER), one.project.key))
    paths = sorted(p for sha, p in holder.holders[blob] if sha == origin)
    named = [one for one in paths if one.split("/")[-1] == path.split("/")[-1]]
    origin_path = path if path in paths else (named or paths)[0]
    lag = variant.at(copied) - holder.at(origin)
    there = (path, blob) in variant.tree(variant.chain[-1])
    return path, blob, holder.project.key, origin_path, origin, copied, lag, there
