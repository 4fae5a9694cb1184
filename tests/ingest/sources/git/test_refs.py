"""Which refs are read, what they are, and which branch is the default."""

import os
from pathlib import Path

import pytest

from hubtrace.graph.text import to_text
from hubtrace.graph.urls import Side
from hubtrace.ingest.records import Ref, RefKind
from tests.ingest.sources.git.helpers import NOW, read
from tests.ingest.worlds import START, World, git


def names(cache: Path, world: World, side: Side = Side.UPSTREAM) -> dict[str, RefKind]:
    reading, _ = read(cache, world.path, side=side)
    return {ref.name: ref.kind for ref in reading.observation.refs}


def test_a_variant_has_pull_requests_and_converts_and_a_repository_has_not(
    world: World, cache: Path
) -> None:
    world.commit()
    hub = {"refs/pr/1": RefKind.PULL_REQUEST, "refs/convert/parquet": RefKind.CONVERT}
    for ref in (*hub, "refs/pull/7/head", "refs/stash", "refs/notes/commits"):
        world.commit({b"x": ref.encode()}, ref=ref, parents=[])
    assert names(cache, world, Side.DOWNSTREAM) == hub | {"refs/heads/main": RefKind.BRANCH}
    assert names(cache, world) == {"refs/heads/main": RefKind.BRANCH}
    assert len(read(cache, world.path)[1]) == 1


def test_tags_are_peeled_and_those_of_no_commit_are_left_out(world: World, cache: Path) -> None:
    sha = world.commit({b"a": b"1"})
    world.tag("light", sha)
    world.tag("heavy", sha, annotated=True)
    world.tag("twice", "heavy", annotated=True)
    world.tag("tree", world.tree_of(sha))
    world.tag("blob", f"{sha}:a", annotated=True)
    reading, _ = read(cache, world.path)
    assert reading.observation.refs == (
        Ref("refs/heads/main", RefKind.BRANCH, sha),
        Ref("refs/tags/heavy", RefKind.TAG, sha),
        Ref("refs/tags/light", RefKind.TAG, sha),
        Ref("refs/tags/twice", RefKind.TAG, sha),
    )


def test_an_empty_repository_has_nothing(world: World, cache: Path) -> None:
    reading, commits = read(cache, world.path)
    assert (reading.observation.refs, reading.observation.default_branch) == ((), None)
    assert (commits, reading.warnings) == ({}, [])
    assert reading.observation.observed_at == NOW


def default(cache: Path, world: World) -> str | None:
    return read(cache, world.path)[0].observation.default_branch


@pytest.mark.parametrize("name", [b"caf\xe9", b"two\xe2\x80\xa8lines"])
def test_the_default_branch_may_have_any_bytes_in_its_name(
    world: World, cache: Path, name: bytes
) -> None:
    raw = b"refs/heads/" + name
    world.branch(os.fsdecode(raw), world.commit())
    world.commit()
    world.point_head(os.fsdecode(raw))
    assert default(cache, world) == to_text(raw)


def test_the_default_branch_is_where_head_points(world: World, cache: Path) -> None:
    world.commit()
    world.commit(ref="refs/heads/trunk")
    world.point_head("refs/heads/trunk")
    assert default(cache, world) == "refs/heads/trunk"


@pytest.mark.parametrize(
    ("head", "branches", "expected"),
    [  # branches: how many commits each has of one history; a head of digits is detached there
        ("refs/heads/gone", {"main": 1}, None),
        ("refs/heads/gone", {"dev": 3}, None),
        ("refs/heads/gone", {"main": 1, "trunk": 2}, None),
        ("1", {"dev": 3}, None),
        ("1", {"dev": 3, "main": 2}, None),
        ("3", {"dev": 3}, "dev"),
        ("3", {"main": 1, "dev": 3}, "dev"),
        ("3", {"also": 3, "main": 3}, "main"),
        ("3", {"also": 3, "other": 3}, None),
        ("refs/heads/dev", {"dev": 1, "main": 3}, "dev"),
        ("refs/tags/v3", {"dev": 3}, "dev"),
        ("refs/tags/v3", {"dev": 2}, None),
    ],
)
def test_the_default_branch_is_what_head_names(
    world: World, cache: Path, head: str, branches: dict[str, int], expected: str | None
) -> None:
    shas = world.grow([({b"a": b"%d" % n}, b"m", START + n) for n in range(3)])
    world.tag("v3", shas[2])
    world.branch("refs/heads/main", None)
    for name, count in branches.items():
        world.branch(f"refs/heads/{name}", shas[count - 1])
    text = f"ref: {head}" if head.startswith("refs/") else shas[int(head) - 1]
    (world.path / "HEAD").write_text(f"{text}\n")
    reading, commits = read(cache, world.path)
    assert reading.observation.default_branch == (expected and f"refs/heads/{expected}")
    assert commits.keys() == {*shas}
    assert [w.partition(":")[0] for w in reading.warnings] == (
        [] if expected else ["no default branch"]
    )


def test_a_detached_head_without_branches_is_told(world: World, cache: Path) -> None:
    sha = world.commit()
    (world.path / "HEAD").write_text(f"{sha}\n")
    world.branch("refs/heads/main", None)
    reading, commits = read(cache, world.path)
    assert commits == {}
    assert reading.warnings == [f"no branch: HEAD is detached at {sha}, and only branches are read"]


def test_thousands_of_refs_are_read(world: World, cache: Path) -> None:
    git(world.path, "fast-import", "--quiet", feed=b"".join(map(commit_command, range(2500))))
    shas = git(world.path, "rev-list", "--reverse", "refs/heads/main").decode().split()
    packed = "".join(f"{sha} refs/tags/v{number:04}\n" for number, sha in enumerate(shas))
    (world.path / "packed-refs").write_text(f"# pack-refs with: sorted \n{packed}")
    reading, commits = read(cache, world.path)
    assert len(reading.observation.refs) == 2501
    assert commits.keys() == set(shas)
    _, commits = read(cache, world.path, shas[:-1])
    assert list(commits) == shas[-1:]


def commit_command(number: int) -> bytes:
    return b"commit refs/heads/main\ncommitter C <c@x> %d +0000\ndata 2\nx\n" % number
