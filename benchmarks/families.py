"""A world of families: repositories and variants with histories as real projects have.

Sizes are lognormal, times come in bursts, some bursts of a variant follow one of its repository;
side lines leave the main line and mostly come back; a few authors write most of it. Everything is
drawn from a seed, so that a world is the same every time. Paths are left out where no figure needs
them.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hubtrace.graph.urls import Project, Side, key_of, repository_url, variant_url
from hubtrace.ingest.records import Commit, Family, Observation, PathChange, Ref, RefKind, Upstream
from hubtrace.ingest.source import ProjectData

OBSERVED_AT = 1_790_000_000
_FIRST_BIRTH, _LAST_BIRTH = 1_540_000_000, 1_770_000_000
_DAY = 86_400
_WORDS = (
    "fix",
    "add",
    "update",
    "remove",
    "model",
    "config",
    "tokenizer",
    "docs",
    "weights",
    "test",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a world is."""

    families: int
    commits: int
    variants: int
    """In all families together; every family has at least one."""
    paths: bool = False
    """True if commits tell which paths they changed, and have messages of their own."""

    def runs(self, wanted: int) -> int:
        """Return how often to measure on a world of this size: at most twice on a large one."""
        return wanted if self.commits < 1_000_000 else min(wanted, 2)


STUDY = Size(325, 157_000, 904)
"""The size of the study, arXiv 2508.10157."""


def world(commits: int, *, paths: bool = False) -> Size:
    """Return a world of 500 commits and two and a half variants a family."""
    families = max(1, commits // 500)
    return Size(families, commits, families * 5 // 2, paths)


_FOLDERS = ("", "src/model/", "src/training/", "data/", "docs/", "tests/", "configs/", "scripts/")
_NAMES = ("train.py", "model.py", "README.md", "config.json", "model.safetensors", "tokenizer.json")


@dataclass(slots=True)
class _History:
    """Commits of one project as they are made, with the refs that they leave."""

    commits: list[Commit] = field(default_factory=list)
    main: str = ""
    side: str = ""
    merged: list[str] = field(default_factory=list)
    """Heads of side lines that were merged."""
    committed: dict[str, int] = field(default_factory=dict)
    """When each commit was made: what is rebased is rebased with all that stands on it."""


class World:
    """Families with their projects, one after the other."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self.size = size
        self._random = random.Random(seed)
        self._subjects = [" ".join(self._random.choices(_WORDS, k=6)) for _ in range(5000)]

    def families(self) -> Iterator[tuple[Family, list[ProjectData]]]:
        """Yield every family with the readings of its projects."""
        sizes = _shares(self._random, self.size.commits, self.size.families, 1.1)
        variants = _shares(self._random, self.size.variants, self.size.families, 0.6)
        for number, (commits, count) in enumerate(zip(sizes, variants, strict=True)):
            yield self._family(number, max(commits, count + 1), count)

    def _family(self, number: int, commits: int, count: int) -> tuple[Family, list[ProjectData]]:
        drawn = [1 + int(self._random.lognormvariate(2.2, 1.0)) for _ in range(count)]
        limit = max(1, commits // (2 * count))
        downstream = [min(size, limit) for size in drawn]
        birth = self._random.randint(_FIRST_BIRTH, _LAST_BIRTH)
        authors = 1 + int(self._random.lognormvariate(1.5, 1.0))
        bursts = self._bursts(birth, commits)
        repository = self._repository(number)
        hub_first = self._random.random() < 0.25
        readings = [self._reading(repository, bursts, commits - sum(downstream), authors)]
        for position, size in enumerate(downstream):
            own = self._followed(bursts, birth, size)
            if hub_first:
                own.append(min(bursts) - 40 * _DAY)
            readings.append(self._reading(self._variant(number, position), own, size, authors))
        keys = tuple(reading.project.key for reading in readings[1:])
        return Family(f"family-{number:05d}", (Upstream(repository.key),), keys), readings

    def _repository(self, number: int) -> Project:
        name = f"org{number % 997}/model-{number}"
        return Project(key_of(repository_url(name)), Side.UPSTREAM, name, repository_url(name))

    def _variant(self, number: int, position: int) -> Project:
        name = f"org{number % 997}/model-{number}-{position}b"
        return Project(key_of(variant_url(name)), Side.DOWNSTREAM, name, variant_url(name))

    def _bursts(self, birth: int, commits: int) -> list[int]:
        life = min(int(_DAY * self._random.lognormvariate(5.6, 1.0)), OBSERVED_AT - birth - _DAY)
        return [birth + int(life * self._random.random()) for _ in range(1 + commits // 25)]

    def _followed(self, bursts: list[int], birth: int, size: int) -> list[int]:
        """Return a variant's bursts: half of them soon after one of its repository's."""
        earliest = min(bursts) - 5 * _DAY
        return [
            self._random.choice(bursts) + _DAY
            if self._random.random() < 0.5
            else self._random.randint(earliest, max(birth + 200 * _DAY, max(bursts)))
            for _ in range(1 + size // 6)
        ]

    def _reading(self, project: Project, bursts: list[int], size: int, authors: int) -> ProjectData:
        draw = self._random
        moments = sorted(
            min(int(draw.choice(bursts) + draw.expovariate(1 / (4 * _DAY))), OBSERVED_AT - _DAY)
            for _ in range(size)
        )
        history = self._history(moments, authors)
        refs = [Ref("refs/heads/main", RefKind.BRANCH, history.main)]
        if history.side:
            refs.append(Ref("refs/heads/dev", RefKind.BRANCH, history.side))
        if self.size.paths:
            kept = enumerate(history.merged[::2])
            refs += [Ref(f"refs/heads/topic/{i}", RefKind.BRANCH, sha) for i, sha in kept]
        tagged = history.commits[50::100]
        refs += [Ref(f"refs/tags/v{i}", RefKind.TAG, c.sha) for i, c in enumerate(tagged)]
        seen = Observation(OBSERVED_AT, "refs/heads/main", tuple(refs))
        return ProjectData(project, seen, iter(history.commits))

    def _history(self, moments: list[int], authors: int) -> _History:
        history = _History()
        shas = self._random.randbytes(20 * len(moments)).hex()
        for number, at in enumerate(moments):
            sha = shas[40 * number : 40 * number + 40]
            parents = self._place(history, sha)
            earliest = max((history.committed[parent] for parent in parents), default=0)
            history.commits.append(self._commit(sha, parents, at, authors, earliest))
            history.committed[sha] = history.commits[-1].committed_at
        return history

    def _place(self, history: _History, sha: str) -> tuple[str, ...]:
        """Put a commit on a line; return its parents."""
        chance = self._random.random()
        if history.side and chance < 0.3:
            parents: tuple[str, ...] = (history.main, history.side)
            history.merged.append(history.side)
            history.main, history.side = sha, ""
        elif history.side and chance < 0.7:
            parents, history.side = (history.side,), sha
        elif history.main and not history.side and chance < 0.1:
            parents, history.side = (history.main,), sha
        else:
            parents, history.main = ((history.main,) if history.main else ()), sha
        return parents

    def _commit(
        self, sha: str, parents: tuple[str, ...], at: int, authors: int, earliest: int
    ) -> Commit:
        draw = self._random.random()
        number = int(authors * draw * draw)
        person = f"Author {number}", f"author{number}-{authors}@example.org"
        late = int(draw * 10 * _DAY) if draw > 0.9 else 0  # rebased or squashed since
        committed = max(min(at + late, OBSERVED_AT - _DAY), earliest)
        subject = self._subjects[int(draw * 5000)]
        if not self.size.paths:
            return Commit(sha, parents, *person, at, committed, subject)
        # Of 1,000 commits of 218 real repositories 820 have a message of their own.
        subject = "Update README.md" if draw < 0.18 else f"{subject} {sha[:8]}"
        return Commit(sha, parents, *person, at, committed, subject, tuple(self._changes(sha)))

    def _changes(self, sha: str) -> Iterator[PathChange]:
        draw = self._random
        for number in range(1 + int(draw.expovariate(0.7))):
            name = f"{draw.choice(_FOLDERS)}{draw.randint(0, 1)}/{draw.choice(_NAMES)}"
            fresh = draw.random() < 0.34  # so that a commit has one distinct path, as real ones do
            path = f"{name.removesuffix('.md')}/{sha[:7]}-{number}.py" if fresh else name
            status = "A" if fresh else "M"
            yield PathChange(status, path, f"{number:02d}{sha[2:]}", "100644")


def _shares(draw: random.Random, total: int, count: int, spread: float) -> list[int]:
    """Return `count` whole numbers of at least 1 with lognormal sizes and the sum `total`."""
    weights = [draw.lognormvariate(0, spread) for _ in range(count)]
    scale = (total - count) / math.fsum(weights)
    shares = [1 + int(weight * scale) for weight in weights]
    for position in range(total - sum(shares)):
        shares[position % count] += 1
    return shares
