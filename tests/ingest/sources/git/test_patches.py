"""Branches whose patches are on the default branch, by the contents of their files."""

import dataclasses
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Observation
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git import patches
from hubtrace.ingest.sources.git.runner import Git
from hubtrace.ingest.sources.git.source import GitSource
from tests.ingest.worlds import World

PROJECT = Project("https://github.com/o/n", Side.UPSTREAM, "o/n", "https://github.com/o/n")
BASE = {number: b"line %d" % number for number in range(40)}


def text(**changed: str) -> bytes:
    """Return forty lines, some of them changed: `text(l5="five")`."""
    lines = BASE | {int(name[1:]): value.encode() for name, value in changed.items()}
    return b"\n".join(line for line in lines.values() if line) + b"\n"


def observed(world: World, cache: Path, cursor: Cursor | None = None) -> Observation:
    reading = GitSource(cache).read(PROJECT, str(world.path), cursor or Cursor())
    list(reading.commits)
    return reading.observation


def states(world: World, cache: Path) -> dict[str, str]:
    """Return the state of each branch by its short name."""
    seen = observed(world, cache)
    by_head = {one.head: one.state.value for one in seen.landings or ()}
    names = {ref.name.removeprefix("refs/heads/"): ref.target for ref in seen.refs}
    return {name: by_head[target] for name, target in names.items() if target in by_head}


@pytest.fixture
def fork(world: World) -> str:
    return world.commit({b"a.txt": text(), b"b.txt": b"b"})


def branch(world: World, parents: Sequence[str], files: dict[bytes, bytes], name: str) -> str:
    return world.commit(files, ref=f"refs/heads/{name}", parents=parents)


def test_a_squash_beside_another_change_of_the_file(world: World, cache: Path, fork: str) -> None:
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    world.commit({b"a.txt": text(l30="thirty")})
    world.commit({b"a.txt": text(l5="five", l30="thirty")})
    world.commit({b"a.txt": text(l5="later", l30="thirty")})
    assert states(world, cache) == {"topic": "landed"}


def test_commits_that_were_picked_one_by_one(world: World, cache: Path, fork: str) -> None:
    first = branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    branch(world, [first], {b"a.txt": text(l5="five", l9="nine")}, "topic")
    world.commit({b"a.txt": text(l5="five", l30="x")})
    world.commit({b"a.txt": text(l5="other", l30="x")})  # no version holds both changes
    world.commit({b"a.txt": text(l5="other", l9="nine", l30="x")})
    assert states(world, cache) == {"topic": "landed"}


def test_lines_that_were_only_taken_away(world: World, cache: Path, fork: str) -> None:
    branch(world, [fork], {b"a.txt": text(l5="")}, "topic")
    branch(world, [fork], {b"a.txt": text(l7="")}, "never")
    world.commit({b"a.txt": text(l30="thirty")})
    world.commit({b"a.txt": text(l5="", l30="thirty")})
    assert states(world, cache) == {"never": "absent", "topic": "landed"}


def test_a_line_that_stands_elsewhere_too(world: World, cache: Path, fork: str) -> None:
    """What the branch took away once, default has written in another place since."""
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    branch(world, [fork], {b"a.txt": text(l5="")}, "shorter")
    branch(world, [fork], {b"a.txt": text(l5="", l7="")}, "never")
    again = BASE[5].decode()
    world.commit({b"a.txt": text(l30=again)})
    world.commit({b"a.txt": text(l5="", l30=again)})
    world.commit({b"a.txt": text(l5="five", l30=again)})
    assert states(world, cache) == {"never": "absent", "shorter": "landed", "topic": "landed"}


@pytest.mark.parametrize(
    "files",
    [
        {b"a.txt": text(l20="twenty")},
        {b"a.txt": text(l5="five", l20="twenty")},
        {b"a.txt": text(l5="five"), b"new.txt": b"new"},
        {b"b.txt": b"c"},
        {b"a.txt": text(l30="another")},
    ],
)
def test_work_that_is_nowhere(
    world: World, cache: Path, fork: str, files: dict[bytes, bytes]
) -> None:
    branch(world, [fork], files, "never")
    world.commit({b"a.txt": text(l5="five", l30="thirty")})
    assert states(world, cache) == {"never": "absent"}


def test_what_default_had_before_the_fork_counts_for_nothing(world: World, cache: Path) -> None:
    world.commit({b"a.txt": text(l5="five")})
    fork = world.commit({b"a.txt": text()})
    branch(world, [fork], {b"a.txt": text(l5="five")}, "revert")
    world.commit({b"a.txt": text(l30="thirty")})
    assert states(world, cache) == {"revert": "absent"}


def test_a_branch_that_took_default_in_and_went_on(world: World, cache: Path, fork: str) -> None:
    first = branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    other = world.commit({b"a.txt": text(l30="thirty")})
    updated = branch(world, [first, other], {b"a.txt": text(l5="five", l30="thirty")}, "topic")
    branch(world, [updated], {b"a.txt": text(l5="five", l9="nine", l30="thirty")}, "topic")
    world.commit({b"a.txt": text(l30="thirty", l35="x")})
    world.commit({b"a.txt": text(l5="five", l9="nine", l30="thirty", l35="x")})
    assert states(world, cache) == {"topic": "landed"}


def test_an_odd_name_and_bytes_that_are_not_text(world: World, cache: Path) -> None:
    name, blob = b":(glob)*\t\xff.txt", bytes(range(256))
    fork = world.commit({name: text(), b"blob": blob})
    branch(world, [fork], {name: text(l5="five"), b"blob": blob[::-1]}, "topic")
    world.commit({name: text(l30="thirty"), b"blob": blob})
    world.commit({name: text(l5="five", l30="thirty"), b"blob": blob[::-1]})
    assert states(world, cache) == {"topic": "landed"}


def test_contents_that_cannot_be_had_leave_it_undecided(
    world: World, cache: Path, fork: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    branch(world, [fork], {b"c.txt": b"c"}, "plain")
    world.commit({b"a.txt": text(l30="thirty")})
    monkeypatch.setattr(patches, "MOST_BLOBS", 1)  # fewer than it takes
    assert states(world, cache) == {"topic": "unknown", "plain": "absent"}


def test_one_file_too_large_to_compare_is_undecided(
    world: World, cache: Path, fork: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    world.commit({b"a.txt": text(l30="thirty")})
    monkeypatch.setattr(patches, "MOST_BYTES", 10)
    assert states(world, cache) == {"topic": "unknown"}


def test_branches_beyond_the_limit_are_undecided(
    world: World, cache: Path, fork: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        branch(world, [fork], {b"a.txt": text(l5=name)}, name)
    monkeypatch.setattr(patches, "MOST_HEADS", 0)
    assert set(states(world, cache).values()) == {"unknown"}


def test_the_same_refs_are_not_compared_again(
    world: World, cache: Path, fork: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    world.commit({b"a.txt": text(l30="thirty")})
    first = observed(world, cache)

    def never(*_: object) -> None:
        raise SourceError("asked again")

    monkeypatch.setattr("hubtrace.ingest.sources.git.source.landings", never)
    again = observed(world, cache, Cursor((), first))
    assert again.landings == first.landings != ()
    former = dataclasses.replace(first, landings=None)  # as an earlier version left it
    assert observed(world, cache, Cursor((), former)).landings is None


def test_a_file_that_default_moved_is_followed(world: World, cache: Path, fork: str) -> None:
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    branch(world, [fork], {b"a.txt": text(l7="seven")}, "never")
    world.commit({b"a.txt": None, b"src/a\nb.txt": text()})
    world.commit({b"src/a\nb.txt": text(l30="thirty")})
    world.commit({b"src/a\nb.txt": None, b"c.txt": text(l30="thirty")})
    world.commit({b"c.txt": text(l5="five", l30="thirty")})
    assert states(world, cache) == {"never": "absent", "topic": "landed"}


@pytest.mark.parametrize("limit", ["MOST_PATHS", "MOST_MERGES"])
def test_what_is_beyond_a_limit_is_undecided(
    world: World, cache: Path, fork: str, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    branch(world, [fork], {b"a.txt": text(l5="five")}, "topic")
    world.commit({b"a.txt": text(l5="five", l30="thirty")})
    monkeypatch.setattr(patches, limit, 0)
    assert states(world, cache) == {"topic": "unknown"}


def test_branches_of_several_roots(world: World, cache: Path, fork: str) -> None:
    other = world.commit({b"b.txt": text()}, ref="refs/heads/other", parents=[])
    branch(world, [fork], {b"a.txt": text(l5="five")}, "one")
    branch(world, [other], {b"b.txt": text(l7="seven")}, "two")
    merged = world.commit({b"b.txt": text()}, parents=[fork, other])
    world.commit({b"a.txt": text(l30="x"), b"b.txt": text(l30="x")}, parents=[merged])
    world.commit({b"a.txt": text(l5="five", l30="x"), b"b.txt": text(l7="seven", l30="x")})
    assert states(world, cache) == {"one": "landed", "two": "landed"}


def test_all_branches_are_compared_by_a_few_processes(
    world: World, cache: Path, fork: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only heads are compared, and git is started as often for one as for twenty."""
    for number in range(20):
        first = branch(world, [fork], {b"a.txt": text(l5=f"five{number}")}, f"topic{number}")
        branch(world, [first], {b"c%d.txt" % number: b"c"}, f"topic{number}")
    world.commit({b"a.txt": text(l30="thirty")})
    started: list[str] = []
    before = Git.stream

    def counted(git: Git, *arguments: str, feed: bytes = b"") -> Generator[bytes, None, None]:
        started.append(arguments[0])
        return before(git, *arguments, feed=feed)

    monkeypatch.setattr(Git, "stream", counted)
    seen = observed(world, cache)
    heads = {ref.target for ref in seen.refs if ref.name.startswith("refs/heads/topic")}
    assert {one.head for one in seen.landings or ()} == heads
    assert len(started) < 20


def test_the_newest_of_several_forks_is_the_merge_base(
    world: World, cache: Path, fork: str
) -> None:
    """A criss-cross has two merge bases, and git chooses one."""
    left = world.commit({b"a.txt": text(l5="five")}, ref="refs/heads/topic", parents=[fork])
    right = world.commit({b"b.txt": b"right"})
    branch(world, [left, right], {b"a.txt": text(l5="five"), b"b.txt": b"right"}, "topic")
    merged = world.commit({b"a.txt": text(l5="five")}, parents=[right, left])
    world.commit({b"a.txt": text(l5="six")}, parents=[merged])
    assert states(world, cache) == {"topic": "landed"}
