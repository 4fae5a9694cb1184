"""`python -m benchmarks.landed REPOSITORY…`: whether branches that landed are told from others.

From real histories: the first-parent commits of a clone are picked one after the other onto a new
default branch, and runs of one to four of them become branches instead. After a few more commits,
half of the branches are brought to the default branch, each by one of git's three ways (squash,
rebase, a cherry-pick of each commit among others); the other half never are. What git cannot apply
without a conflict is left out. The construction is the truth; the answer is what hubtrace derives
of an ingest. Figures go to stdout.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.derive.branches import BranchStatus
from hubtrace.ingest.derive.project import derive
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git.source import GitSource

WORLDS = 20
"""Of each repository, at most."""
BRANCHES = 500
"""No further world is made once there were so many."""
WAYS = ("squash", "rebase", "pick")


@dataclass
class World:
    """A work tree in which a history is made again, with branches."""

    path: Path
    dice: random.Random
    truth: dict[str, str] = field(default_factory=dict)
    """Branch → how it landed, or `never`."""

    def git(self, *arguments: str) -> bool:
        """Run git; return whether it succeeded."""
        environment = os.environ | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }
        for who in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{who}_NAME": "x", f"GIT_{who}_EMAIL": "x@example.org"}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=environment,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def lines(self, *arguments: str) -> list[str]:
        """Return what git prints, by lines."""
        return subprocess.check_output(
            ["git", "-C", str(self.path), *arguments], text=True
        ).splitlines()

    def pick(self, *commits: str) -> bool:
        """Pick commits onto the branch that is checked out; on a conflict nothing is changed."""
        if self.git("cherry-pick", "--allow-empty-message", *commits):
            return True
        self.git("cherry-pick", "--abort")
        self.git("reset", "-q", "--hard")
        return False

    def branch(self, name: str, commits: Sequence[str]) -> bool:
        """Make a branch of these commits, off the default branch."""
        self.git("switch", "-qc", name)
        made = self.pick(*commits) and not self.git("diff", "--quiet", "main", name)
        self.git("switch", "-q", "main")
        if not made:
            self.git("branch", "-qD", name)
        return made

    def land(self, name: str, way: str, others: Iterator[str]) -> bool:
        """Bring a branch to the default branch; return False if git finds a conflict."""
        before = self.lines("rev-parse", "main")[0]
        if way == "squash":
            done = self.git("merge", "-q", "--squash", name) and self.git("commit", "-qm", "squash")
        elif way == "rebase":
            done = self.pick(f"main..{name}")
        else:
            shas = self.lines("rev-list", "--reverse", f"main..{name}")
            done = all(self.pick(sha) and (self.pick(next(others, sha)) or True) for sha in shas)
        if not done:
            self.git("reset", "-q", "--hard", before)
        return done


def build(clone: Path, path: Path, most: int, seed: int) -> World:
    """Make some of the history of a clone again, from a commit on, with up to `most` branches."""
    world = World(path, random.Random(seed))
    quiet = ["git", "clone", "-q", "--shared", "--no-checkout", str(clone), str(path)]
    subprocess.run(quiet, check=True)
    chain = world.lines("rev-list", "--first-parent", "--no-merges", "--reverse", "HEAD")
    start = world.dice.randrange(len(chain) * 9 // 10)
    world.git("checkout", "-q", "--detach", chain[start])
    for ref in world.lines("for-each-ref", "--format=%(refname)"):
        world.git("update-ref", "-d", ref)
    world.git("switch", "-qc", "main")
    commits = iter(chain[start + 1 :])
    waiting: list[tuple[str, str, int]] = []
    for number in range(most):
        run = list(islice(commits, world.dice.randint(1, 4)))
        name = f"b{number}"
        if run and world.branch(name, run):
            if number % 2:
                world.truth[name] = "never"
            else:
                way = WAYS[(seed + number // 2) % 3]
                waiting.append((name, way, number + world.dice.randint(0, 2)))
        for sha in islice(commits, world.dice.randint(1, 5)):
            world.pick(sha)
        for name, way, _ in [one for one in waiting if one[2] <= number]:
            if world.land(name, way, commits):
                world.truth[name] = way
            else:
                world.git("branch", "-qD", name)
        waiting = [one for one in waiting if one[2] > number]
    for name, _, _ in waiting:
        world.git("branch", "-qD", name)
    return world


def found(world: World, folder: Path) -> dict[str, bool]:
    """Return which branches an ingest finds to have landed."""
    project = Project(
        "https://github.com/example/code",
        Side.UPSTREAM,
        "example/code",
        "https://github.com/example/code",
    )
    reading = GitSource(folder / "cache").read(project, str(world.path), Cursor())
    with SnapshotWriter(folder / "snapshot") as writer:
        writer.write_project(reading, "git")
        history = writer.snapshot.project(project.key)
    assert history is not None
    landed = (BranchStatus.LANDED, BranchStatus.MERGED)
    return {
        one.name.removeprefix("refs/heads/"): one.status in landed
        for one in derive(history).branches
    }


def main(paths: list[str]) -> int:
    """Print recall of landed branches, and how many unmerged ones are called landed."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for seed, clone in enumerate(paths * WORLDS):
        if total.total() >= BRANCHES:
            break
        with tempfile.TemporaryDirectory() as folder:
            world = build(Path(clone).absolute(), Path(folder, "work"), 12, seed)
            answers = found(world, Path(folder))
            for name, way in world.truth.items():
                total[way] += 1
                right[way] += answers.get(name, False)
            missed = [n for n, way in world.truth.items() if answers.get(n) is not (way != "never")]
            print(f"{clone} {seed}: {len(world.truth)} branches, wrong: {missed}", flush=True)
    landed = sum(total[way] for way in WAYS)
    print(f"branches: {landed} landed, {total['never']} never")
    for way in WAYS:
        print(f"recall {way}: {right[way]} of {total[way]}")
    print(f"recall: {sum(right[way] for way in WAYS) / max(landed, 1):.4f}")
    print(f"false landed: {right['never'] / max(total['never'], 1):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
