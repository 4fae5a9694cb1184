"""The world that origins are measured on is the same every time, and holds what it should."""

from pathlib import Path

from benchmarks.files import EMPTY, LICENCE, FileWorld
from benchmarks.origins import load_files, search, world_of_files, write_files
from hubtrace.graph import open_store
from hubtrace.ingest.derive.blobs import boilerplate


def test_the_world_is_drawn_from_its_seed() -> None:
    first, again = ([*FileWorld(world_of_files(2)).families()] for _ in range(2))
    blobs = [
        [c.changes for _, readings in world for reading in readings for c in reading.commits]
        for world in (first, again)
    ]
    assert blobs[0] == blobs[1]
    assert {LICENCE, EMPTY} <= boilerplate().keys()


def test_the_search_finds_what_a_load_writes(tmp_path: Path) -> None:
    snapshot, graph = str(tmp_path / "snapshot"), str(tmp_path / "graph.kgl")
    write_files(2, snapshot)
    searched = search(snapshot, None).facts
    assert searched["variants"] == 5
    assert searched["copies"] == load_files(snapshot, graph).facts["copies"] > 50
    with open_store(graph) as store:
        held = store.run("MATCH (c:Copy {boilerplate: true}) RETURN DISTINCT c.blob").rows()
    assert held == [(LICENCE,)]
