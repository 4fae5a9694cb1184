"""git is started in one way, and is over when we are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.records import Commit
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git import GitSource
from hubtrace.ingest.sources.git.runner import Git, environment, git_program
from tests.ingest.sources.git.helpers import project
from tests.ingest.worlds import World


def program(directory: Path, body: str) -> Path:
    """Write a program called git."""
    directory.mkdir(exist_ok=True)
    path = directory / "git"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_only_what_a_network_needs_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_EXEC_PATH", "GIT_TRACE", "GIT_SSH", "GIT_CONFIG_PARAMETERS"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("GIT_SSL_CAINFO", "ca.pem")
    monkeypatch.setenv("https_proxy", "http://proxy")
    sent = environment("ours.git", "", [("a.b", "c")], {})
    assert "theirs" not in sent.values()
    assert (sent["GIT_SSL_CAINFO"], sent["https_proxy"]) == ("ca.pem", "http://proxy")
    assert (sent["GIT_DIR"], sent["GIT_ALLOW_PROTOCOL"]) == ("ours.git", "")
    last = int(sent["GIT_CONFIG_COUNT"]) - 1
    assert (sent[f"GIT_CONFIG_KEY_{last}"], sent[f"GIT_CONFIG_VALUE_{last}"]) == (
        "a.b",
        "c",
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("echo git version 2.30.9", "is git 2.30; hubtrace needs git 2.31"),
        ("echo git version 1.8.3.1", "is git 1.8; hubtrace needs git 2.31"),
        ("echo hello", "does not print its version"),
    ],
)
def test_an_old_git_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, sentence: str
) -> None:
    path = program(tmp_path / "bin", body)
    monkeypatch.setenv("PATH", str(path.parent))
    with pytest.raises(SourceError, match=f"^{path} {sentence}"):
        git_program()


def test_no_git_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World, cache: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"^git is not installed"):
        GitSource(cache).read(project(), str(world.path), Cursor())


def children() -> set[str]:
    """Return the processes that we started and that are not gone, zombies included."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Git, Path]:
    """Return a git that prints for ever, with a child of its own, whose ids it writes down."""
    ids = tmp_path / "ids"
    body = (
        'test "$1" = version && echo git version 2.50 && exit\n'
        f"sleep 1000 & echo $! $$ > {ids}; yes; wait"
    )
    path = program(tmp_path / "bin", body)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    return Git(tmp_path / "none.git", "ada/engine"), ids


def gone(pid: str) -> bool:
    """Tell whether a process has ended; if nobody waited for it, it may stay as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_a_stream_that_is_closed_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git, ids = endless(tmp_path, monkeypatch)
    before = children()
    stream = git.stream("log")
    assert children() == before  # nothing starts before it is asked for
    assert next(stream)
    assert children() != before
    del stream
    assert children() == before
    for pid in ids.read_text().split():
        while not gone(pid):  # signalled with its group; the system may take a moment
            pass


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_reading_leaves_no_process(
    world: World, cache: Path, failure: type[BaseException]
) -> None:
    for _ in range(3):
        world.commit({b"a": os.urandom(8)})
    before = children()
    reading = GitSource(cache).read(project(), str(world.path), Cursor())

    def consume(commits: Iterator[Commit]) -> None:
        for _ in commits:
            raise failure

    with pytest.raises(failure):
        consume(reading.commits)
    del reading
    assert children() == before


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_an_interrupted_clone_leaves_no_process_and_is_redone(world: World, cache: Path) -> None:
    sha = world.commit({b"a": b"1"})
    before = children()

    def interrupt(_what: str, _done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        GitSource(cache, interrupt).read(project(), str(world.path), Cursor())
    assert children() == before
    assert not list(cache.glob("*.git"))
    reading = GitSource(cache).read(project(), str(world.path), Cursor())
    assert [commit.sha for commit in reading.commits] == [sha]


def test_the_last_word_of_git_is_fit_for_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        'test "$1" = version && echo git version 2.50 && exit\n'
        r"printf 'fatal: bad \033[31m\377 thing\nfatal: early EOF\nhint: help\n' >&2; exit 128"
    )
    path = program(tmp_path / "bin", body)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    with pytest.raises(SourceError) as caught:
        Git(tmp_path / "none.git", "ada/engine").run("log")
    assert str(caught.value) == r"cannot read ada/engine: bad \x1b[31m\xff thing"
