"""What the tests of the git source share: how they read, and what git itself says."""

from collections.abc import Iterable
from pathlib import Path

from hubtrace.graph.text import to_bytes, to_text
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Commit
from hubtrace.ingest.source import Cursor, ProjectData
from hubtrace.ingest.sources.git import GitSource
from tests.ingest.worlds import git

NOW = 1_800_000_000


def project(side: Side = Side.UPSTREAM) -> Project:
    return Project("https://github.com/ada/engine", side, "ada/engine", "")


def source(cache: Path) -> GitSource:
    return GitSource(cache, clock=lambda: NOW)


def read(
    cache: Path, location: Path | str, heads: Iterable[str] = (), side: Side = Side.UPSTREAM
) -> tuple[ProjectData, dict[str, Commit]]:
    """Read all of `location`; the commits by sha, each of which came once."""
    reading = source(cache).read(project(side), str(location), Cursor(tuple(heads)))
    commits = list(reading.commits)
    by_sha = {commit.sha: commit for commit in commits}
    assert len(by_sha) == len(commits)
    return reading, by_sha


Tree = dict[bytes, tuple[str, str]]
"""Path → (mode, blob)."""


def replay(commits: dict[str, Commit], head: str) -> Tree:
    """Return the tree at `head`, from nothing but the changes along its first parents."""
    chain = [commits[head]]
    while chain[-1].parents:
        chain.append(commits[chain[-1].parents[0]])
    tree: Tree = {}
    for commit in reversed(chain):
        for change in commit.changes:
            path = to_bytes(change.path)
            if change.blob is None:
                del tree[path]
            else:
                tree[path] = (change.mode, change.blob)
    return tree


def tree_by_git(repository: Path, head: str) -> Tree:
    """Return the tree at `head`, as git lists it."""
    tree: Tree = {}
    for entry in git(repository, "ls-tree", "-r", "-z", head).split(b"\0")[:-1]:
        meta, _, path = entry.partition(b"\t")
        mode, _, blob = meta.decode().split(" ")
        tree[path] = (mode, blob)
    return tree


def parents_by_git(repository: Path, *revisions: str) -> dict[str, tuple[str, ...]]:
    """Return every commit that `revisions` reach, with its parents, as git lists them."""
    if not revisions:
        return {}
    listed = git(repository, "rev-list", "--parents", *revisions, "--").decode()
    return {sha: tuple(parents) for sha, *parents in map(str.split, listed.splitlines())}


def refs_by_git(repository: Path) -> dict[str, str]:
    """Return every ref that peels to a commit, as git lists it."""
    listed = git(repository, "show-ref", "--dereference") if any(_refs(repository)) else b""
    peeled: dict[str, str] = {}
    for line in listed.splitlines():  # a tag comes before its peeled self, which wins
        sha, _, name = line.partition(b" ")
        peeled[to_text(name.removesuffix(b"^{}"))] = sha.decode()
    return peeled


def _refs(repository: Path) -> list[bytes]:
    return git(repository, "for-each-ref", "--format=%(refname)").splitlines()
