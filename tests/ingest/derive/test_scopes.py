"""Paths that a family is limited to: their spelling, and what is said of empty ones."""

from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.derive.scopes import empty_scopes, in_scope, path_prefix
from hubtrace.ingest.snapshot import ProjectHistory, SnapshotWriter
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git.source import GitSource
from tests.ingest.worlds import World


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("t5", "t5"),
        ("./t5", "t5"),
        ("t5/", "t5"),
        ("/t5", "t5"),
        (" models//t5/./ ", "models/t5"),
        ("tëst", "tëst"),
        ("a b/c", "a b/c"),
        ("..t5", "..t5"),
    ],
)
def test_spellings_of_a_path(text: str, path: str) -> None:
    assert path_prefix(text) == path


@pytest.mark.parametrize("text", ["", " ", ".", "/", "./", "t5\\", "..", "t5/../x", "a\0b"])
def test_what_is_not_a_path(text: str) -> None:
    with pytest.raises(SourceError, match=r"path .* (whole repository|backslash|not in)"):
        path_prefix(text)


@pytest.fixture
def history(tmp_path: Path) -> ProjectHistory:
    world = World(tmp_path / "world.git")
    world.commit({b"old/m.py": b"1", b"t5/m.py": b"x", b"gone.py": b"2"}, at=1_700_000_000)
    moving = {b"old/m.py": None, b"albert/m.py": b"1"}
    world.commit(moving, at=1_700_100_000)
    world.commit({b"gone.py": None}, at=1_700_200_000)
    project = Project("https://github.com/o/n", Side.UPSTREAM, "o/n", "https://github.com/o/n")
    reading = GitSource(tmp_path / "cache").read(project, str(world.path), Cursor())
    with SnapshotWriter(tmp_path / "snapshot") as writer:
        writer.write_project(reading, "git")
        found = writer.snapshot.project(project.key)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("albert", []),
        ("t5/", []),
        ("t5/m.py", []),
        ("albrt", ["o/n never had a path `albrt`; did you mean `albert`?"]),
        ("T5", ["o/n never had a path `T5`; did you mean `t5`?"]),
        ("zzz", ["o/n never had a path `zzz`"]),
        ("t", ["o/n never had a path `t`"]),
        ("old", ["o/n has no path `old` any more since", "(2023-11-16), moved to `albert`"]),
        ("gone.py", ["o/n has no path `gone.py` any more since", "(2023-11-17)"]),
    ],
)
def test_a_path_that_holds_nothing_is_said(
    history: ProjectHistory, path: str, sentences: list[str]
) -> None:
    found = list(empty_scopes(history, [path]))
    assert len(found) == bool(sentences)
    assert all(sentence in found[0] for sentence in sentences)


def test_a_name_that_only_begins_the_same_is_another_path(history: ProjectHistory) -> None:
    assert in_scope(history, ["t"]) == set()
    assert len(in_scope(history, ["old"])) == 2
