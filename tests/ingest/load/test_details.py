"""What hosts told of projects is in the graph, and follows when it changes."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from hubtrace.graph.store import GraphStore
from hubtrace.ingest.load import load
from hubtrace.ingest.records import HostData, ProjectMetadata, Release, TreeFile
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import ProjectData
from hubtrace.ingest.sources.live import gone_reading
from tests.ingest.host_data import REPOSITORY_DATA, SHA256, VARIANT_DATA, with_data
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, commit, reading

_ASSETS = """
MATCH (r:Repository)-[:HAS_RELEASE]->(x:Release)
OPTIONAL MATCH (x)-[:HAS_ASSET]->(a:Asset)
RETURN r.name, x.name, x.published_at, a.name, a.digest, a.size ORDER BY x.key, a.key
"""
_BASES = "MATCH (v:Variant)-[d:DERIVED_FROM]->(b:Variant) RETURN v.name, d.relation, b.name"


def upstream() -> ProjectData:
    return with_data(reading(REPOSITORY, [commit("a")], main="a"), REPOSITORY_DATA)


def downstream() -> ProjectData:
    return with_data(reading(VARIANT, [commit("b")], main="b"), VARIANT_DATA)


def test_releases_base_models_and_facts_are_loaded(store: GraphStore, tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(upstream(), "github")
        writer.write_project(downstream(), "huggingface")
        load(writer.snapshot, store)
    assert store.run(_ASSETS).rows() == [
        ("o/r", "One", 7, "w.bin", f"sha256:{SHA256}", 3),
        ("o/r", "One", 7, "x", None, 0),
        ("o/r", "", None, None, None, None),
    ]
    assert store.run(_BASES).rows() == [("o/v", "finetune", "o/base")]
    facts = "MATCH (r:Repository) RETURN r.host_id, r.licence, r.archived, r.gone_at, r.created_at"
    assert store.run(facts).rows() == [("17", "mit", False, None, 5)]
    facts = "MATCH (v:Variant {name: 'o/v'}) RETURN v.gated, v.library, v.downloads, v.task"
    assert store.run(facts).rows() == [("auto", "transformers", 10, None)]


def test_what_changed_replaces_what_was(store: GraphStore, tmp_path: Path) -> None:
    details = HostData(
        ProjectMetadata("17", "p/r", archived=True), releases=(Release("v2", "Two", 8),)
    )
    moved = replace(REPOSITORY, name="p/r", url="https://github.com/p/r")
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(upstream(), "github")
        load(writer.snapshot, store)
        later = with_data(reading(moved, [], main="a"), details, at=NOW + 1)
        writer.write_project(later, "github")
        load(writer.snapshot, store)
        assert store.run(_ASSETS).rows() == [("p/r", "Two", 8, None, None, None)]
        assert store.run("MATCH (a:Asset) RETURN count(a)").evaluate() == 0
        state = "MATCH (r:Repository) RETURN r.key, r.name, r.moved_to, r.archived"
        assert store.run(state).rows() == [(REPOSITORY.key, "p/r", "p/r", True)]
        cursor = writer.cursor(REPOSITORY.key)
        writer.write_project(gone_reading(moved, "not_found", NOW + 2, cursor), "github")
        load(writer.snapshot, store)
    gone = "MATCH (r:Repository)-[:HAS_COMMIT]->(c) RETURN r.gone_at, count(c)"
    assert store.run(gone).rows() == [(NOW + 2, 1)]
    kinds = store.run("MATCH (e:Event)-[:ABOUT]->(:Repository) RETURN e.kind ORDER BY e.kind")
    assert [kind for (kind,) in kinds.rows()] == [
        "archived", "gone", "licence_changed", "transferred"
    ]  # fmt: skip


def test_a_base_model_that_is_ingested_later_keeps_its_facts(
    store: GraphStore, tmp_path: Path
) -> None:
    base = replace(VARIANT, key="https://huggingface.co/o/base", name="o/base")
    told_base = with_data(
        reading(base, [commit("c")], main="c"), HostData(ProjectMetadata("d", "o/base", task="t"))
    )
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(downstream(), "huggingface")
        load(writer.snapshot, store)
        writer.write_project(told_base, "huggingface")
        load(writer.snapshot, store)
        again = with_data(reading(VARIANT, [], main="b"), VARIANT_DATA, at=NOW + 1, task="x")
        writer.write_project(again, "huggingface")
        load(writer.snapshot, store)
    assert store.run("MATCH (v:Variant {name: 'o/base'}) RETURN v.task").evaluate() == "t"
    assert store.run(_BASES).rows() == [("o/v", "finetune", "o/base")]


def test_large_files_are_kept_with_the_commits_that_brought_them(
    store: GraphStore, tmp_path: Path
) -> None:
    question = (
        "MATCH (:Variant)-[:HAS_FILE]->(f:File) RETURN f.path, f.sha256, f.size, f.blob "
        "ORDER BY f.path DESC"
    )
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(downstream(), "huggingface")
        load(writer.snapshot, store)
        assert store.run(question).rows() == [("w.bin", SHA256, 3, "e" * 40)]
        other = replace(VARIANT_DATA, files=(TreeFile("v.bin", "d" * 40, 4, "cd" * 32, 4),))
        writer.write_project(
            with_data(reading(VARIANT, [], main="b"), other, at=NOW + 1), "huggingface"
        )
        load(writer.snapshot, store)
    assert store.run(question).rows() == [
        ("w.bin", SHA256, 3, "e" * 40),
        ("v.bin", "cd" * 32, 4, "d" * 40),
    ]


def test_a_graph_says_which_snapshot_it_was_loaded_from(store: GraphStore, tmp_path: Path) -> None:
    question = "MATCH (s:Snapshot) RETURN s.key, s.digest, s.tool, s.observed_at"
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(upstream(), "github")
        load(writer.snapshot, store)
        ((key, digest, tool, observed_at),) = store.run(question).rows()
        assert (key, observed_at) == (writer.snapshot.id, NOW)
        assert tool == f"hubtrace {version('hubtrace')}"
        load(writer.snapshot, store)
        assert store.run(question).rows() == [(key, digest, tool, observed_at)]
        writer.write_project(downstream(), "huggingface")
        load(writer.snapshot, store)
    ((again, other, *_),) = store.run(question).rows()
    assert again == key
    assert other != digest
