"""What messages name is kept; the messages, and the addresses in them, are not."""

from dataclasses import replace
from pathlib import Path

from hubtrace.ingest.evidence import references_in
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from tests.ingest.readings import REPOSITORY, VARIANT, commit, reading, sha

UP, DOWN = "https://github.com/o/r", "https://huggingface.co/o/v"
MESSAGE = f"""Sync from {UP}/commit/{sha("a")}

See {DOWN} and {sha("b")}. Signed-off-by: Ada <ada@secret.example>
"""


def test_only_what_names_the_other_side_is_kept(tmp_path: Path) -> None:
    named = references_in(MESSAGE)
    for project in (REPOSITORY, VARIANT):
        made = [commit("x"), replace(commit("y", "x"), references=named)]
        with SnapshotWriter(tmp_path) as writer:
            writer.write_project(reading(project, made, main="y"), "git")
            writer.write_project(reading(project, [commit("z", "y")], main="z"), "git")
            writer.compact()
    kept = {
        history.project.side: history.references().to_pylist()
        for history in Snapshot(tmp_path).projects()
    }
    bare = {"sha": sha("y"), "project": None, "named": sha("b"), "copied": False}
    assert kept == {
        "upstream": [{"sha": sha("y"), "project": DOWN, "named": None, "copied": False}, bare],
        "downstream": [{"sha": sha("y"), "project": UP, "named": sha("a"), "copied": True}, bare],
    }
    assert Snapshot(tmp_path).verify() == []
    assert not any(b"secret" in f.read_bytes() for f in tmp_path.rglob("*.parquet"))
