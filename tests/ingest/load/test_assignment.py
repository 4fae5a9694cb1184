"""Members by content are decided before the graph is written, and it is written once."""

from functools import partial
from pathlib import Path

from hubtrace.graph.store import GraphStore
from hubtrace.ingest.families import assign_by_content
from hubtrace.ingest.load import load
from tests.graphs import contents
from tests.ingest.load.test_copies import ONE, brings, variant_of, written
from tests.ingest.readings import REPOSITORY, VARIANT, reading


def test_a_shared_file_makes_a_member_in_the_same_load(store: GraphStore, tmp_path: Path) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"train.py": ONE}, at=10)], main="a")
    path = tmp_path / "s"
    snapshot = written(path, upstream, variant_of({"train.py": ONE}))
    loaded = load(snapshot, store, assign=partial(assign_by_content, path))
    (member,) = loaded.adopted
    assert (member.variant, member.family) == (VARIANT.name, REPOSITORY.name)
    assert member.method == "same_blob"
    assert [family.variants for family in snapshot.families()] == [(VARIANT.key,)]
    assert (loaded.new_families, loaded.new_projects, loaded.copies) == (1, 2, 1)
    released = "MATCH (f:Family)-[:RELEASES]->(v) RETURN f.name, v.key"
    assert store.run(released).rows() == [(REPOSITORY.name, VARIANT.key)]
    before = contents(store)
    again = load(snapshot, store, assign=partial(assign_by_content, path))
    assert (again.new_families, again.new_projects, again.adopted) == (0, 0, ())
    assert contents(store) == before


def test_without_being_asked_a_load_leaves_the_snapshot_alone(
    store: GraphStore, tmp_path: Path
) -> None:
    upstream = reading(REPOSITORY, [brings("a", files={"train.py": ONE}, at=10)], main="a")
    snapshot = written(tmp_path / "s", upstream, variant_of({"train.py": ONE}))
    assert load(snapshot, store).adopted == ()
    assert snapshot.families() == []
