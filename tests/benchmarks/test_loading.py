"""The engine's own bulk load, and its disk mode, end in the graph that our loader makes."""

from pathlib import Path
from typing import Any

import kglite
import pytest

from benchmarks.loading import load_bulk, load_ours, read_files
from benchmarks.stores import QUESTIONS, ask_question, build
from hubtrace.graph.embedded import ask
from hubtrace.ingest.snapshot import Snapshot

_COUNTS = (
    "MATCH (n) RETURN labels(n)[0] AS kind, count(*) AS n ORDER BY kind",
    "MATCH ()-[r]->() RETURN type(r) AS kind, count(*) AS n ORDER BY kind",
    "MATCH (p)-[h:HAS_COMMIT]->(c) RETURN h.at, h.on_default, h.landed_at, c.subject, c.author "
    "ORDER BY p.key, c.sha",
    "MATCH (f:Family)-[:HAS_SWITCH]->(s) RETURN f.name, f.fingerprint, s.key, s.lag_seconds "
    "ORDER BY s.key",
)


def contents(graph: Path) -> list[Any]:
    opened = kglite.load(str(graph))
    return [ask(opened, statement, {}).rows() for statement in _COUNTS]


def test_the_replay_is_the_same_graph(graph: Path, recording: Path, tmp_path: Path) -> None:
    bulk = tmp_path / "bulk.kgl"
    load_bulk(str(recording), str(bulk))
    assert contents(bulk) == contents(graph)


def test_ours_loads_every_commit(snapshot: Path, tmp_path: Path) -> None:
    taken = load_ours(str(snapshot), str(tmp_path / "ours.kgl"))
    held = sum(project.commits(["sha"]).num_rows for project in Snapshot(snapshot).projects())
    assert taken.facts["commits"] == held


def test_all_files_of_the_projects_are_read(snapshot: Path) -> None:
    facts = read_files(str(snapshot)).facts
    projects = sum(1 for _ in Snapshot(snapshot).projects())
    assert facts["files"] == 3 * projects  # commits, project facts and the pointer


@pytest.mark.parametrize(("name", "families"), QUESTIONS)
def test_both_modes_answer_alike(recording: Path, tmp_path: Path, name: str, families: int) -> None:
    paths = str(tmp_path / "file.kgl"), str(tmp_path / "disk")
    for path, disk in zip(paths, (False, True), strict=True):
        build(str(recording), path, disk)
    file, disk_mode = (ask_question(path, name, families).facts["rows"] for path in paths)
    assert file == disk_mode > 0
