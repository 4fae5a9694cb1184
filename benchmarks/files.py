"""The world of `families.py` with files: what commits bring, and what variants take over.

Every commit of a repository brings a file that nobody else has, some bring one that others vendor
too; all begin with a licence and an empty file. A variant has weights and settings of its own, and
takes files over from its repository, now and then from another one.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.families import Size, World
from hubtrace.ingest.records import Commit, Family, PathChange
from hubtrace.ingest.source import ProjectData

LICENCE, EMPTY = (
    "261eeb9e9f8b2b4b0d119366dda99c6fd7d35c64",
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
)
_VENDORED = 2_000
"""Files that several repositories keep a copy of."""


class FileWorld:
    """Families as `World` has them, with the files that each commit brought."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self._world = World(size, seed)
        self._random = random.Random(seed)
        self._vendored = [self._blob() for _ in range(_VENDORED)]
        self._seen: list[str] = []

    def families(self) -> Iterator[tuple[Family, list[ProjectData]]]:
        """Yield every family with the readings of its projects."""
        for family, readings in self._world.families():
            commits = [self._upstream(number, c) for number, c in enumerate(readings[0].commits)]
            blobs = [change.blob for commit in commits for change in commit.changes[-1:]]
            own = [blob for blob in blobs if blob is not None]
            self._seen = (self._seen + own[:20])[-5_000:]
            repository = replace(readings[0], commits=iter(commits))
            yield family, [repository, *(self._variant(one, own) for one in readings[1:])]

    def _upstream(self, number: int, commit: Commit) -> Commit:
        changes = [_brings("LICENSE", LICENCE), _brings("src/__init__.py", EMPTY)]
        changes = changes if number == 0 else []
        if self._random.random() < 0.01:
            changes.append(_brings(f"third_party/{number}.py", self._random.choice(self._vendored)))
        path = f"src/part{self._random.randrange(20)}/module{self._random.randrange(300)}.py"
        return replace(commit, changes=(*changes, _brings(path, self._blob())))

    def _variant(self, reading: ProjectData, upstream: Sequence[str]) -> ProjectData:
        commits = [
            self._downstream(number, c, upstream) for number, c in enumerate(reading.commits)
        ]
        return replace(reading, commits=iter(commits))

    def _downstream(self, number: int, commit: Commit, upstream: Sequence[str]) -> Commit:
        changes = [_brings("LICENSE", LICENCE)] if number == 0 else []
        changes.append(_brings("model.safetensors", self._blob()))
        changes.append(_brings("config.json", self._blob()))
        changes += [
            _brings(f"code{self._random.randrange(30)}.py", self._taken(upstream))
            for _ in range(self._random.randrange(4))
        ]
        unlike = {change.path: change for change in changes}
        return replace(commit, changes=tuple(unlike.values()))

    def _taken(self, upstream: Sequence[str]) -> str:
        chance = self._random.random()
        if chance < 0.1:
            return self._random.choice(self._vendored)
        return self._random.choice(self._seen if chance < 0.2 and self._seen else upstream)

    def _blob(self) -> str:
        return self._random.randbytes(20).hex()


def _brings(path: str, blob: str) -> PathChange:
    return PathChange("A", path, blob, "100644")
