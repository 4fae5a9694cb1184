"""What a loopback GitHub reads from the git repositories it serves."""

from dataclasses import dataclass

from ..worlds import git
from .world import Repository


@dataclass(frozen=True, slots=True)
class Told:
    """A commit, as the API tells it."""

    sha: str
    tree: str
    parents: list[str]
    author: str
    email: str
    authored_at: int
    committed_at: int
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder of a tree."""

    kind: str
    """`file` or `dir`."""
    path: str
    blob: str
    size: int


def refs(it: Repository, prefix: str) -> list[tuple[str, str]]:
    """Return the short names and commits of the refs under `refs/heads/` or `refs/tags/`."""
    form = "--format=%(refname)%00%(objectname)%00%(*objectname)"
    found = [line.split("\0") for line in it.asked("for-each-ref", form, prefix).splitlines()]
    return [(name.removeprefix(prefix), peeled or sha) for name, sha, peeled in found]


def commits(it: Repository, start: str, skip: int, count: int, *more: str) -> list[Told]:
    """Return a page of the history of a branch or commit."""
    found = it.asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{start}^{{commit}}")
    form = "--format=%H%n%T%n%P%n%an%n%ae%n%at%n%ct%n%B"
    told = it.asked("log", "-z", form, f"--skip={skip}", f"--max-count={count}", *more, found, "--")
    return [_told(record) for record in told.split("\0") if record]


def count(it: Repository, start: str, *more: str) -> int:
    """Return how many commits a branch or commit has."""
    return int(it.asked("rev-list", "--count", *more, start, "--"))


def has(it: Repository, start: str) -> bool:
    """Return True if there is such a branch or commit."""
    tips = it.git.tips
    return f"refs/heads/{start}" in tips or start in it.git.commits


def entries(it: Repository, folder: str = "") -> list[Entry]:
    """Return what is in a folder at the head of the default branch."""
    if not has(it, it.default_branch):
        return []
    told = it.asked("ls-tree", "-z", "-l", "HEAD", *([f"{folder}/"] if folder else []))
    found = []
    for line in filter(None, told.split("\0")):
        facts, _, path = line.partition("\t")
        _, kind, blob, size = facts.split()
        found.append(Entry("dir" if kind == "tree" else "file", path, blob, _size(size)))
    return found


def content(it: Repository, blob: str) -> bytes | None:
    """Return a blob; None if there is none."""
    known = git(it.git.path, "cat-file", "--batch-check", feed=f"{blob}\n".encode())
    return git(it.git.path, "cat-file", "blob", blob) if b" blob " in known else None


def _size(told: str) -> int:
    return 0 if told == "-" else int(told)


def _told(record: str) -> Told:
    sha, tree, parents, author, email, authored, committed, message = record.split("\n", 7)
    times = int(authored), int(committed)
    return Told(sha, tree, parents.split(), author, email, *times, message.rstrip("\n"))
