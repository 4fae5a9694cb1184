"""Which refs are read, what they are, and which branch is the default."""

import os
from pathlib import Path

import pytest

from hubtrace.graph.text import to_text
from hubtrace.graph.urls import Side
from hubtrace.ingest.records import Ref, RefKind
from tests.ingest.sources.git.helpers import NOW, read
from tests.ingest.worlds import World, git


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
    ("branches", "expected"),
    [
        (["one"], "one"),
        (["dev"], "dev"),
        (["one", "two"], None),
        (["main", "trunk"], None),  # a name is a guess: trunk may be what goes on
        (["master", "dev"], None),
        (["main", "master"], None),
    ],
)
def test_a_dangling_head_means_the_only_branch(
    world: World, cache: Path, branches: list[str], expected: str | None
) -> None:
    world.point_head("refs/heads/gone")
    for branch in branches:
        world.commit(ref=f"refs/heads/{branch}")
    assert default(cache, world) == (expected and f"refs/heads/{expected}")


def test_a_head_at_several_branches_means_main(world: World, cache: Path) -> None:
    sha = world.commit()
    world.branch("refs/heads/also", sha)
    (world.path / "HEAD").write_text(f"{sha}\n")
    assert default(cache, world) == "refs/heads/main"


def test_a_detached_head_means_the_branch_at_its_commit(world: World, cache: Path) -> None:
    world.commit()
    sha = world.commit(ref="refs/heads/released")
    git(world.path, "update-ref", "--no-deref", "HEAD", sha)
    (world.path / "HEAD").write_text(f"{sha}\n")
    assert default(cache, world) == "refs/heads/released"


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
