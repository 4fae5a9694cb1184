"""The peers read the commits and paths that our git source reads."""

from pathlib import Path

import pytest

from benchmarks import git_readers
from benchmarks.repository import make_repository
from hubtrace.ingest.records import Commit

COMMITS = 250


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made repository."""
    path = tmp_path_factory.mktemp("made") / "repository.git"
    make_repository(path, COMMITS)
    return path


@pytest.fixture(scope="module")
def commits(repository: Path) -> list[Commit]:
    """Its commits as we read them."""
    return git_readers.read_commits(str(repository), str(repository.parent / "clones"))


def single(commits: list[Commit]) -> list[Commit]:
    return [commit for commit in commits if len(commit.parents) < 2]


def test_the_made_repository_is_as_promised(commits: list[Commit]) -> None:
    assert len(commits) == COMMITS
    merges = COMMITS - len(single(commits))
    assert 0.04 < merges / COMMITS < 0.12
    assert all(1 <= len(commit.changes) <= 11 for commit in single(commits)[:-1])


def test_git_alone_prints_what_we_read(repository: Path) -> None:
    cache = str(repository.parent / "clones")
    command, environment = git_readers.git_log_of(str(repository), cache)
    assert "--raw" in command
    assert environment["GIT_ALLOW_PROTOCOL"] == ""
    piped = git_readers.read_git(str(repository), cache, pipe=True)
    assert piped.facts["bytes"] > 100 * COMMITS


def test_perceval_reads_the_same(repository: Path, commits: list[Commit]) -> None:
    pytest.importorskip("perceval.backends.core.git")
    taken = git_readers.read_perceval(str(repository), str(repository.parent / "perceval"))
    assert taken.facts["commits"] == len(commits)
    assert taken.facts["merges"] == len(commits) - len(single(commits))


def test_pydriller_reads_the_same(repository: Path, commits: list[Commit]) -> None:
    pytest.importorskip("pydriller")
    chosen = single(commits)[:40]
    taken = git_readers.read_pydriller(str(repository), [commit.sha for commit in chosen])
    assert taken.facts["paths"] == sum(len(commit.changes) for commit in chosen)
