"""The manifest of a large snapshot, which a log continues (docs/decisions/0058)."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hubtrace.graph.atomic_files import write_atomically
from hubtrace.graph.decoding import convert
from hubtrace.graph.errors import SnapshotCorrupt
from hubtrace.ingest.records import Family, Upstream
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter, manifest
from hubtrace.ingest.snapshot.manifest import Manifest, differences
from hubtrace.ingest.snapshot.writer import snapshot_hash
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, commit, reading

FAMILY = Family("f", (Upstream(REPOSITORY.key, ()),), (VARIANT.key,), {}, NOW)
A, B, C = commit("a", paths=["x"]), commit("b", "a", paths=["y"]), commit("c", "b")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a snapshot whose manifest is continued by a log: its repository was read twice."""
    monkeypatch.setattr("hubtrace.ingest.snapshot.writer.LARGE", 1)
    monkeypatch.setattr("hubtrace.ingest.snapshot.writer.LONGEST_LOG", 1_000)
    path = tmp_path / "snapshot"
    with SnapshotWriter(path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
        writer.write_project(reading(VARIANT, [A], main="a"), "git")
    shutil.copytree(path, tmp_path / "before")
    whole = (path / "manifest.json").read_bytes()
    with SnapshotWriter(path) as writer:
        writer.write_project(reading(REPOSITORY, [B], main="b"), "git")
        writer.write_family(FAMILY)
    assert (path / "manifest.json").read_bytes() == whole
    return path


def _pointer(path: Path, name: str) -> Path:
    return next(f for f in path.glob("projects/*/current.json") if name in f.parent.name)


def _lines(path: Path) -> list[bytes]:
    return (path / "manifest.log").read_bytes().splitlines(keepends=True)


def _read(path: Path) -> Manifest:
    found = manifest.read_manifest(path)
    assert found is not None
    return msgspec.structs.replace(found, sha256="")


def _without_lines(path: Path) -> None:
    (path / "manifest.log").write_bytes(b"".join(_lines(path)[:-4]))


def _with_another_line(path: Path) -> None:
    log = path / "manifest.log"
    log.write_bytes(log.read_bytes().replace(b'"name": "f"', b'"name": "g"'))


def _with_another_byte(path: Path) -> None:
    file = path / "manifest.json"
    file.write_bytes(file.read_bytes().replace(b'"id": "', b'"id": "0', 1))


def _with_a_stranger(path: Path) -> None:
    folder = _pointer(path, "r-").parent
    shutil.copytree(folder, folder.with_name("stranger"))


def _put_back(path: Path) -> None:
    pointer = _pointer(path, "r-")
    shutil.copy(path.with_name("before") / pointer.relative_to(path), pointer)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda path: _pointer(path, "v-").unlink(), "current.json is missing"),
        (lambda path: next(path.glob("families/*")).unlink(), "is missing, which the manifest"),
        (lambda path: (path / "manifest.log").unlink(), "manifest.log is missing"),
        (_without_lines, "manifest"),
        (_with_another_line, "manifest.log has been changed"),
        (_with_another_byte, "manifest.json has been changed"),
        (_with_a_stranger, "stranger"),
        (_put_back, "is not the one that the manifest lists"),
    ],
)
def test_what_is_lost_or_swapped_is_noticed(
    path: Path, damage: Callable[[Path], object], named: str
) -> None:
    assert Snapshot(path).verify() == []
    damage(path)
    with pytest.raises(SnapshotCorrupt, match=named):
        Snapshot(path).check()
    with pytest.raises(SnapshotCorrupt), SnapshotWriter(path) as writer:
        writer.write_project(reading(REPOSITORY, [C], main="c"), "git")
    with pytest.raises(SnapshotCorrupt):  # and is not forgotten by having been written to
        Snapshot(path).check()


@pytest.mark.parametrize("left", [0, 1, 40, -2])
def test_a_kill_in_the_log_leaves_what_was_written(path: Path, left: int) -> None:
    """Whatever part of the lines after the begin of a writer is on disk."""
    *lines, _ = _lines(path)
    begin = b"".join(lines[:2])
    (path / "manifest.log").write_bytes(begin + b"".join(lines[2:])[:left])
    assert len(Snapshot(path).check()) == 2
    with SnapshotWriter(path) as writer:
        writer.write_project(reading(REPOSITORY, [C], main="c"), "git")
    assert Snapshot(path).verify() == []
    assert len(_lines(path)) == 1


@pytest.mark.parametrize("step", [0, 1])
def test_a_kill_between_manifest_and_log_leaves_the_old_or_the_new(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr("hubtrace.ingest.snapshot.writer.LONGEST_LOG", 0)
    files: list[Path] = []
    write = write_atomically

    def killed(file: Path, content: bytes | str) -> None:
        if len(files) == step:
            raise KeyboardInterrupt
        files.append(file)
        write(file, content)

    with monkeypatch.context() as patched:
        patched.setattr("hubtrace.ingest.snapshot.manifest.write_atomically", killed)
        with pytest.raises(KeyboardInterrupt), SnapshotWriter(path) as writer:
            writer.write_project(reading(REPOSITORY, [C], main="c"), "git")
    assert Snapshot(path).verify() == []
    next(path.glob("families/*")).unlink()
    with pytest.raises(SnapshotCorrupt, match="is missing"):
        Snapshot(path).check()


def test_an_earlier_version_takes_it_for_one_that_a_kill_left(path: Path) -> None:
    listed = convert(json.loads((path / "manifest.json").read_bytes()), Manifest)
    assert not listed.is_exact
    assert not list(differences(path, listed, Snapshot(path).contents()))


def test_the_log_says_what_the_whole_would(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is cut when it is long; names of projects are known by it."""
    with SnapshotWriter(path) as writer:
        again = replace(reading(VARIANT, [], main="a"), aliases=("https://huggingface.co/o/w",))
        writer.write_project(again, "git")
        assert writer.key_of_alias("https://huggingface.co/o/w") == VARIANT.key
        assert {project.key for project in writer.projects()} == {REPOSITORY.key, VARIANT.key}
    before, logged = snapshot_hash(Snapshot(path)), _read(path)
    monkeypatch.setattr("hubtrace.ingest.snapshot.writer.LONGEST_LOG", 0)
    with SnapshotWriter(path):
        pass
    assert len(_lines(path)) == 1
    assert _read(path) == logged
    assert snapshot_hash(Snapshot(path)) == before
