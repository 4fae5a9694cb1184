"""The clone cache: what it survives, and what it never needs."""

import fcntl
import shutil
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git import GitSource
from hubtrace.ingest.sources.git.cache import CloneCache
from hubtrace.ingest.sources.git.location import parse_location
from tests.ingest.sources.git.helpers import parents_by_git, project, read
from tests.ingest.worlds import File, World, blob_id, git


def clone_of(cache: Path, world: World) -> Path:
    return CloneCache(cache).path_of(parse_location(str(world.path)))


def test_our_clone_holds_no_file_contents(world: World, cache: Path) -> None:
    world.commit({b"weights": b"heavy"})
    read(cache, world.path)
    objects = git(clone_of(cache, world), "cat-file", "--batch-check", "--batch-all-objects")
    assert b" blob " not in objects


def test_a_force_push_yields_only_the_new_side(world: World, cache: Path) -> None:
    root = world.commit()
    old = world.commit({b"a": b"old"})
    assert read(cache, world.path)[1].keys() == {root, old}
    new = world.commit({b"a": b"new"}, parents=[root])
    assert read(cache, world.path, [old])[1].keys() == {new}


def test_a_force_push_after_a_lost_cache_yields_all(world: World, cache: Path) -> None:
    root = world.commit()
    old = world.commit({b"a": b"old"})
    read(cache, world.path)
    new = world.commit({b"a": b"new"}, parents=[root])
    git(world.path, "gc", "--quiet", "--prune=now")
    shutil.rmtree(cache)
    assert read(cache, world.path, [old, "no sha", ""])[1].keys() == {root, new}


def test_deleted_and_nested_branches_follow(world: World, cache: Path) -> None:
    sha = world.commit(ref="refs/heads/a")
    world.commit()
    read(cache, world.path)
    world.branch("refs/heads/a", None)
    world.branch("refs/heads/a/b", sha)  # where a file stood, a directory is needed
    reading, _ = read(cache, world.path)
    assert [ref.name for ref in reading.observation.refs] == ["refs/heads/a/b", "refs/heads/main"]


def test_a_clone_that_was_killed_half_way_is_made_again(world: World, cache: Path) -> None:
    sha = world.commit()
    half = clone_of(cache, world).with_suffix(".git.new")
    (half / "objects/pack").mkdir(parents=True)
    (half / "objects/pack/tmp_pack_x").write_bytes(b"PACK")
    assert read(cache, world.path)[1].keys() == {sha}
    assert not half.exists()


def test_an_update_that_was_killed_half_way_is_repeated(world: World, cache: Path) -> None:
    world.commit()
    read(cache, world.path)
    clone = clone_of(cache, world)
    for left in ("packed-refs.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_x"):
        (clone / left).write_bytes(b"")
    sha = world.commit()
    assert sha in read(cache, world.path)[1]
    assert not list(clone.rglob("tmp_*"))


def test_a_second_reader_waits_its_turn_and_says_so(world: World, cache: Path) -> None:
    world.commit()
    read(cache, world.path)
    messages: list[str] = []
    with clone_of(cache, world).with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def progress(what: str, _done: int, _total: int | None) -> None:
            messages.append(what)
            fcntl.flock(lock, fcntl.LOCK_UN)

        GitSource(cache, progress).read(project(), str(world.path), Cursor())
    assert "waiting for another hubtrace" in messages[0]


def test_a_deleted_blob_is_no_loss(world: World, cache: Path) -> None:
    world.commit({b"a": b"precious", b"b": b"kept"})
    world.commit({b"a": b"later"})
    world.delete_object(blob_id(b"precious"))
    assert read(cache, world.path)[1].keys() == set(world.commits)


def test_a_partial_clone_whose_origin_is_gone_is_read(
    world: World, cache: Path, tmp_path: Path
) -> None:
    world.commit({b"a": b"1", b"link": File(b"a", "120000")})
    world.commit({b"a": b"2"})
    git(world.path, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    url = f"file://{world.path}"
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", url, str(partial))
    shutil.rmtree(world.path)
    assert read(cache, partial)[1].keys() == set(world.commits)


def test_our_clone_is_enough_once_the_source_is_gone(world: World, cache: Path) -> None:
    world.commit({b"a": b"1"})
    reading = GitSource(cache).read(project(), str(world.path), Cursor())
    shutil.rmtree(world.path)
    assert [commit.sha for commit in reading.commits] == world.commits


def test_a_shallow_source_is_read_and_told_and_may_be_completed(
    world: World, cache: Path, tmp_path: Path
) -> None:
    for _ in range(4):
        world.commit({b"a": str(len(world.commits)).encode()})
    shallow = tmp_path / "shallow"
    url = f"file://{world.path}"
    git(tmp_path, "clone", "--quiet", "--depth=2", url, str(shallow))
    reading, commits = read(cache, shallow)
    assert commits.keys() == set(world.commits[2:])
    assert reading.observation.shallow
    assert reading.warnings == [f"shallow clone: history ends at {world.commits[2]}"]
    git(shallow, "fetch", "--quiet", "--unshallow")
    reading, commits = read(cache, shallow)
    assert {sha: c.parents for sha, c in commits.items()} == parents_by_git(world.path, "main")
    assert (reading.observation.shallow, reading.warnings) == (False, [])


def test_work_trees_of_every_kind_are_read(world: World, cache: Path, tmp_path: Path) -> None:
    sha = world.commit({b"a": b"1"})
    git(tmp_path, "clone", "--quiet", str(world.path), "tree")
    git(tmp_path / "tree", "worktree", "add", "--quiet", "--detach", "../linked")
    for place in ("tree", "tree/.git", "linked"):
        assert read(cache, tmp_path / place)[1].keys() == {sha}


def test_a_repository_of_sha_256_is_read(tmp_path: Path, cache: Path) -> None:
    place = tmp_path / "modern"
    place.mkdir()
    git(place, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    git(place, "commit", "--quiet", "--allow-empty", "--message=x")
    [sha] = read(cache, place)[1]
    assert len(sha) == 64


def test_a_cache_that_cannot_be_written_is_one_sentence(world: World, tmp_path: Path) -> None:
    world.commit()
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match=r"^the clone cache .*file failed: "):
        read(tmp_path / "file", world.path)


def test_progress_counts_what_comes_and_what_is_read(world: World, cache: Path) -> None:
    for _ in range(3):
        world.commit()
    messages: list[tuple[str, int, int | None]] = []
    source = GitSource(cache, lambda *step: messages.append(step))
    list(source.read(project(), str(world.path), Cursor()).commits)
    assert messages[-1] == ("ada/engine: reading commits", 3, 3)
    assert any("receiving objects" in what and done == total for what, done, total in messages)
