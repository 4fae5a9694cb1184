"""What a commit says, however oddly it was written, and how the stream is cut."""

from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.records import PathChange
from hubtrace.ingest.sources.git.log import parse_log, read_log
from hubtrace.ingest.sources.git.runner import Git
from tests.ingest.sources.git.helpers import read
from tests.ingest.worlds import START, File, World, blob_id

ZERO = b"0" * 40
HEADER = b"tree %b\nauthor %b\ncommitter C <c@x> 1700000000 +0000\n\nmessage\n"


def test_a_commit_carries_what_git_stores(world: World, cache: Path) -> None:
    sha = world.commit(
        {b"a.txt": b"a"},
        message=b"Title  \nsecond line\n\nbody\n",
        at=START + 5,
        committed_at=START + 9,
        author="Zoë <zoe@example.org>".encode(),
    )
    commit = read(cache, world.path)[1][sha]
    assert (commit.author_name, commit.author_email) == ("Zoë", "zoe@example.org")
    assert (commit.authored_at, commit.committed_at) == (START + 5, START + 9)
    assert commit.subject == "Title"
    assert commit.changes == (PathChange("A", "a.txt", blob_id(b"a"), "100644"),)


def test_a_rename_is_a_deletion_and_an_addition(world: World, cache: Path) -> None:
    world.commit({b"old": b"x", b"kept": b"k"})
    sha = world.commit({b"old": None, b"new": b"x", b"kept": File(b"k", "120000")})
    assert set(read(cache, world.path)[1][sha].changes) == {
        PathChange("D", "old", None, "000000"),
        PathChange("A", "new", blob_id(b"x"), "100644"),
        PathChange("T", "kept", blob_id(b"k"), "120000"),
    }


def test_a_merge_changes_what_its_first_parent_lacks(world: World, cache: Path) -> None:
    root = world.commit({b"a": b"1"})
    sides = [
        world.commit({p: p}, ref=f"refs/heads/{p.decode()}", parents=[root]) for p in (b"b", b"c")
    ]
    octopus = world.commit({b"b": b"b", b"c": b"c"}, parents=[root, *sides])
    commit = read(cache, world.path)[1][octopus]
    assert commit.parents == (root, *sides)
    assert {change.path for change in commit.changes} == {"b", "c"}


@pytest.mark.parametrize(
    ("author", "authored_at"),
    [
        (b"A <a@x> 1600000000 +0000", 1_600_000_000),
        (b"A <a@x> 0 +0000", 0),
        (b"A <a@x> -5 +0000", 1_700_000_000),
        (b"A <a@x> 999999999999999999999999 +0000", 1_700_000_000),
        (b"A <a@x> yesterday", 1_700_000_000),
        (b"A <a@x>", 1_700_000_000),
        (b"A", 1_700_000_000),
        (b"", 1_700_000_000),
    ],
)
def test_an_unreadable_author_date_gives_way_to_the_committers(
    world: World, cache: Path, author: bytes, authored_at: int
) -> None:
    tree = world.tree_of(world.commit({b"a": b"1"})).encode()
    sha = world.raw_commit(HEADER % (tree, author))
    reading, commits = read(cache, world.path)
    assert (commits[sha].authored_at, commits[sha].committed_at) == (authored_at, 1_700_000_000)
    odd = ["1 commits without a readable date; the other date or 1970 stands in"]
    assert reading.warnings == (odd if authored_at == 1_700_000_000 else [])


def test_a_commit_without_author_and_committer_is_read(world: World, cache: Path) -> None:
    tree = world.tree_of(world.commit({b"a": b"1"})).encode()
    sha = world.raw_commit(b"tree %b\n\nbare\n" % tree)
    commit = read(cache, world.path)[1][sha]
    assert (commit.author_name, commit.authored_at, commit.subject) == ("", 0, "bare")


def test_a_declared_encoding_becomes_utf_8(world: World, cache: Path) -> None:
    tree = world.tree_of(world.commit({b"a": b"1"})).encode()
    sha = world.raw_commit(
        b"tree %b\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n"
        b"encoding ISO-8859-1\n\ncaf\xe9\n" % tree
    )
    assert read(cache, world.path)[1][sha].subject == "café"


def test_the_stream_may_be_cut_anywhere() -> None:
    sha = b"a" * 40
    change = b":000000 100644 %b %b A" % (ZERO, b"b" * 40)
    fields = [sha, b"", "Zoë".encode(), b"z", b"1", b"2", b"subject"]
    log = b"\0".join([*fields, b"\n" + change, b"caf\xe9", change, b":x", *fields, b""])
    whole = list(parse_log([log], pytest.fail))
    assert [len(commit.changes) for commit in whole] == [2, 0]
    for size in (1, 2, 7, 41):
        blocks = [log[start : start + size] for start in range(0, len(log), size)]
        assert list(parse_log(blocks, pytest.fail)) == whole


def test_a_missing_tree_is_one_sentence(world: World) -> None:
    sha = world.commit({b"a": b"1"})
    world.delete_object(world.tree_of(sha))
    commits = read_log(Git(world.path, "ada/engine"), [sha], [], pytest.fail)
    with pytest.raises(SourceError, match=r"^cannot read ada/engine: [^\n]+$"):
        list(commits)
