"""A graph is what its snapshot says, however it came there."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.errors import SnapshotCorrupt
from hubtrace.graph.store import GraphStore
from hubtrace.ingest.load import Loaded, load
from hubtrace.ingest.records import Family, Observation, Upstream
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.source import ProjectData
from tests.effort import examples
from tests.graphs import contents
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, commit, reading, sha

FAMILY = Family("f", (Upstream(REPOSITORY.key),), (VARIANT.key,))
OTHER_REPOSITORY = replace(REPOSITORY, key="https://github.com/o/q", name="o/q")
OTHER_VARIANT = replace(VARIANT, key="https://huggingface.co/o/w", name="o/w")
OTHER = Family("g", (Upstream(OTHER_REPOSITORY.key),), (OTHER_VARIANT.key,))
DAY = 86_400


def _write(
    path: Path, *readings: ProjectData, families: tuple[Family, ...] = (FAMILY,)
) -> Snapshot:
    with SnapshotWriter(path) as writer:
        for one in readings:
            writer.write_project(one, "git")
        for family in families:
            writer.write_family(family)
    return Snapshot(path)


def _upstream() -> ProjectData:
    commits = [
        commit("a", at=1 * DAY),
        commit("b", "a", at=2 * DAY, committed_at=9 * DAY, email="bob@example.org"),
        commit("x", "a", at=3 * DAY, paths=["new"]),
        commit("m", "b", "x", at=4 * DAY, committed_at=9 * DAY),
        commit("y", "b", at=5 * DAY, committed_at=9 * DAY, paths=["left behind"]),
    ]
    return reading(REPOSITORY, commits, main="m", topic="y", v1="b")


def _downstream() -> ProjectData:
    commits = [commit("p", at=2 * DAY + 7), commit("q", "p", at=4 * DAY, committed_at=6 * DAY)]
    return reading(VARIANT, commits, main="q")


def small_family(path: Path) -> Snapshot:
    """Write a snapshot of one family with branches, a tag and a merge."""
    return _write(path, _upstream(), _downstream())


def _other(*names: str) -> tuple[ProjectData, ProjectData]:
    return (
        reading(OTHER_REPOSITORY, [commit(names[0], at=DAY)], main=names[0]),
        reading(OTHER_VARIANT, [commit(names[1], at=2 * DAY)], main=names[1]),
    )


def test_a_small_family_becomes_exactly_this_graph(store: GraphStore, tmp_path: Path) -> None:
    loaded = load(small_family(tmp_path / "s"), store)
    assert loaded == Loaded(1, 2, 1, 2, commits=7, switches=3, missing=())
    commits = (
        "MATCH (p)-[h:HAS_COMMIT]->(c) "
        "RETURN c.subject, h.at, h.on_default, h.landed_at, h.vanished_at"
    )
    assert set(store.run(commits).rows()) == {
        ("Do a", 1 * DAY, True, 1 * DAY, None),
        ("Do b", 2 * DAY, True, 9 * DAY, None),
        ("Do x", 3 * DAY, True, 9 * DAY, None),
        ("Do m", 4 * DAY, True, 9 * DAY, None),
        ("Do y", 5 * DAY, False, None, None),
        ("Do p", 2 * DAY + 7, True, 2 * DAY + 7, None),
        ("Do q", 6 * DAY, True, 6 * DAY, None),
    }
    parents = "MATCH (c)-[r:PARENT]->(p) RETURN c.subject, r.position, p.subject"
    assert set(store.run(parents).rows()) == {
        ("Do b", 0, "Do a"),
        ("Do x", 0, "Do a"),
        ("Do m", 0, "Do b"),
        ("Do m", 1, "Do x"),
        ("Do y", 0, "Do b"),
        ("Do q", 0, "Do p"),
    }
    branches = (
        "MATCH (p)-[:HAS_BRANCH]->(b:Branch)-[:HEAD]->(c) "
        "RETURN p.name, b.name, b.status, b.ahead, b.behind, b.merge_base, c.subject"
    )
    assert set(store.run(branches).rows()) == {
        ("o/r", "refs/heads/main", "default", 0, 0, sha("m"), "Do m"),
        ("o/r", "refs/heads/topic", "open", 1, 2, sha("b"), "Do y"),
        ("o/v", "refs/heads/main", "default", 0, 0, sha("q"), "Do q"),
    }
    tags = "MATCH (p)-[:HAS_TAG]->(t)-[:TAGS]->(c) RETURN p.name, t.name, c.subject"
    assert store.run(tags).rows() == [("o/r", "refs/tags/v1", "Do b")]
    switches = (
        "MATCH (f:Family)-[:HAS_SWITCH]->(s), (s)-[:FROM]->(a), (s)-[:TO]->(b) "
        "RETURN a.subject, b.subject, s.from_side, s.lag_seconds"
    )
    assert set(store.run(switches).rows()) == {
        ("Do b", "Do p", "upstream", 7),
        ("Do p", "Do x", "downstream", DAY - 7),
        ("Do m", "Do q", "upstream", 2 * DAY),
    }
    people = "MATCH (c:Contributor)<-[:AUTHORED_BY]-(x) RETURN c.key, count(x) AS n ORDER BY n"
    assert [n for _, n in store.run(people).rows()] == [1, 6]
    members = (
        "MATCH (r)<-[u:UPSTREAM]-(f:Family)-[:RELEASES]->(v) "
        "RETURN r.key, u.paths, v.key, f.observed_at"
    )
    assert store.run(members).rows() == [(REPOSITORY.key, None, VARIANT.key, NOW)]


def test_loading_twice_changes_nothing(store: GraphStore, tmp_path: Path) -> None:
    snapshot = _write(tmp_path / "s", _upstream(), _downstream())
    load(snapshot, store)
    before = contents(store)
    assert load(snapshot, store) == Loaded(1, 2, 0, 0, commits=0, switches=0, missing=())
    assert contents(store) == before


def test_a_second_family_leaves_the_first_alone(store: GraphStore, tmp_path: Path) -> None:
    load(small_family(tmp_path / "s"), store)
    looked_through = frozenset({"copies_fingerprint"})  # the variant could copy the new repository
    nodes, relationships = contents(store, without=looked_through)
    loaded = load(_write(tmp_path / "s", *_other("s", "t"), families=(OTHER,)), store)
    assert (loaded.new_families, loaded.new_projects) == (1, 2)
    more_nodes, more_relationships = contents(store, without=looked_through)
    # The snapshot's own node says what it holds now.
    assert {node for node in nodes if node[0] != "Snapshot"} < more_nodes
    assert relationships < more_relationships


def test_another_snapshot_adds_to_the_same_graph(store: GraphStore, tmp_path: Path) -> None:
    load(_write(tmp_path / "one", _upstream(), _downstream()), store)
    load(_write(tmp_path / "two", *_other("s", "t"), families=(OTHER,)), store)
    names = store.run("MATCH (f:Family) RETURN f.name ORDER BY f.name").rows()
    assert names == [("f",), ("g",)]


def test_forks_share_commits_and_each_knows_its_own_branches(
    store: GraphStore, tmp_path: Path
) -> None:
    fork = replace(_upstream(), project=OTHER_REPOSITORY)
    snapshot = _write(tmp_path / "s", _upstream(), _downstream(), fork, families=(FAMILY,))
    assert load(snapshot, store).commits == 12
    assert store.run("MATCH (c:Commit) RETURN count(c) AS n").evaluate() == 7
    assert store.run("MATCH ()-[r:PARENT]->() RETURN count(r) AS n").evaluate() == 6
    per_project = "MATCH (r:Repository)-[:HAS_COMMIT]->(c) RETURN r.name, count(c) ORDER BY r.name"
    assert store.run(per_project).rows() == [("o/q", 5), ("o/r", 5)]


def test_what_vanished_stays_and_is_dated(store: GraphStore, tmp_path: Path) -> None:
    first = [commit("a"), commit("b", "a"), commit("t", "a")]
    _write(tmp_path / "s", reading(REPOSITORY, first, main="b", topic="t", observed_at=10))
    rewritten = reading(REPOSITORY, [commit("c", "a")], main="c", topic="t", observed_at=20)
    _write(tmp_path / "s", rewritten)
    gone = reading(REPOSITORY, [], main="c", observed_at=30)
    load(_write(tmp_path / "s", gone), store)
    vanished = "MATCH (:Repository)-[h:HAS_COMMIT]->(c) RETURN c.subject, h.vanished_at"
    assert set(store.run(vanished).rows()) == {
        ("Do a", None),
        ("Do b", 20),
        ("Do t", 30),
        ("Do c", None),
    }
    branches = "MATCH (b:Branch)-[:HEAD]->(c) RETURN b.name, c.subject, b.vanished_at"
    assert set(store.run(branches).rows()) == {
        ("refs/heads/main", "Do c", None),
        ("refs/heads/topic", "Do t", 30),
    }
    events = "MATCH (e:Event)-[:ABOUT]->(b:Branch) RETURN e.kind, e.observed_at, b.name, e.before"
    assert set(store.run(events).rows()) == {
        ("history_rewritten", 20, "refs/heads/main", sha("b")),
        ("branch_deleted", 30, "refs/heads/topic", sha("t")),
    }
    assert len(store.run("MATCH (e:Event)-[:ABOUT]->(:Repository) RETURN e")) == 2


def test_an_upstream_limited_to_paths_counts_only_commits_on_them(
    store: GraphStore, tmp_path: Path
) -> None:
    commits = [
        commit("a", at=DAY, paths=["models/yi", "README"]),
        commit("b", "a", at=3 * DAY, paths=["models/yi-vl/x"]),
        commit("c", "b", at=5 * DAY, paths=["models/yi/x"]),
    ]
    family = replace(FAMILY, upstreams=(Upstream(REPOSITORY.key, ("models/yi/",)),))
    upstream = reading(REPOSITORY, commits, main="c")
    downstream = reading(VARIANT, [commit("p", at=4 * DAY)], main="p")
    load(_write(tmp_path / "s", upstream, downstream, families=(family,)), store)
    scope = "MATCH (:Family)-[:IN_SCOPE]->(c) RETURN c.subject ORDER BY c.subject"
    assert store.run(scope).rows() == [("Do a",), ("Do c",)]
    first = "MATCH (s:Switch)-[:FROM]->(c) RETURN c.subject, s.lag_seconds ORDER BY s.from_at"
    assert store.run(first).rows() == [("Do a", 3 * DAY), ("Do p", DAY)]


def test_a_source_without_parents_puts_everything_on_the_default_branch(
    store: GraphStore, tmp_path: Path
) -> None:
    seen = Observation(NOW, None, (), ancestry=False)
    days = replace(reading(VARIANT, [commit("p"), commit("q")]), observation=seen)
    load(_write(tmp_path / "s", days, _upstream()), store)
    flags = "MATCH (:Variant)-[h:HAS_COMMIT]->() RETURN h.on_default, h.landed_at"
    assert store.run(flags).rows() == [(True, None)] * 2


def test_a_shallow_history_has_no_edges_into_the_unknown(store: GraphStore, tmp_path: Path) -> None:
    cut = reading(REPOSITORY, [commit("b", "beyond"), commit("c", "b")], main="c")
    cut = replace(cut, observation=replace(cut.observation, shallow=True))
    load(_write(tmp_path / "s", cut, _downstream()), store)
    assert store.run("MATCH (:Commit)-[r:PARENT]->() RETURN count(r) AS n").evaluate() == 2
    assert store.run("MATCH (r:Repository) RETURN r.shallow").evaluate() is True


def test_the_same_parent_named_twice_is_one_edge(store: GraphStore, tmp_path: Path) -> None:
    twice = reading(REPOSITORY, [commit("a"), commit("b", "a", "a")], main="b")
    load(_write(tmp_path / "s", twice, _downstream()), store)
    edge = "MATCH (c:Commit {subject: 'Do b'})-[r:PARENT]->() RETURN r.position"
    assert store.run(edge).rows() == [(0,)]


def test_a_member_that_was_never_read_is_named(store: GraphStore, tmp_path: Path) -> None:
    loaded = load(_write(tmp_path / "s", _upstream()), store)
    assert loaded.missing == (VARIANT.key,)


def test_assessments_of_a_family_that_changed_are_gone(store: GraphStore, tmp_path: Path) -> None:
    load(
        _write(
            tmp_path / "s", _upstream(), _downstream(), *_other("s", "t"), families=(FAMILY, OTHER)
        ),
        store,
    )
    with store.write() as writer:
        writer.put_nodes("Assessment", pa.table({"key": ["f 1", "g 1"]}))
        rows = pa.table({"start": ["f", "g"], "end": ["f 1", "g 1"]})
        writer.put_relationships("HAS_ASSESSMENT", "Family", "Assessment", rows)
    more = reading(VARIANT, [commit("z", "q", at=9 * DAY)], main="z")
    load(_write(tmp_path / "s", more), store)
    assert store.run("MATCH (a:Assessment) RETURN a.key").rows() == [("g 1",)]


def test_a_changed_byte_in_the_snapshot_leaves_the_graph_alone(
    store: GraphStore, tmp_path: Path
) -> None:
    snapshot = _write(tmp_path / "s", _upstream(), _downstream())
    load(snapshot, store)
    before = contents(store)
    _write(tmp_path / "s", reading(VARIANT, [commit("z", "q")], main="z"))
    file = next((tmp_path / "s").rglob("2/commits.parquet"))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(SnapshotCorrupt, match=r"2/commits\.parquet has been changed"):
        load(snapshot, store)
    assert contents(store) == before


Step = tuple[str, int, bool]


@settings(
    deadline=None,
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["main", "topic", "old"]), st.integers(0, 5), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_many_small_loads_give_the_graph_of_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    """Each step moves a branch: onwards from some commit, or by deleting it."""
    folder = tmp_path_factory.mktemp("steps")
    places = folder / "g.kgl", tmp_path_factory.mktemp("fresh") / "g.kgl"
    gradual, fresh = (open_store(str(place)) for place in places)
    _write(folder / "s", _downstream())
    heads: dict[str, str] = {}
    names: list[str] = []
    for moment, (branch, origin, delete) in enumerate(steps):
        fresh_commits = []
        if delete and branch in heads and branch != "main":
            del heads[branch]
        else:
            name = f"n{moment}"
            parents = [names[origin]] if origin < len(names) else []
            fresh_commits.append(commit(name, *parents, at=moment * DAY, paths=[f"p{origin}"]))
            names.append(name)
            heads[branch] = name
        seen = reading(REPOSITORY, fresh_commits, observed_at=NOW + moment, **heads)
        load(_write(folder / "s", seen), gradual)
    load(Snapshot(folder / "s"), fresh)
    assert contents(gradual) == contents(fresh)


def test_a_load_with_nothing_new_only_asks(tmp_path: Path) -> None:
    snapshot = small_family(tmp_path / "s")
    with EmbeddedStore(tmp_path / "graph.kgl", mapped_from=0) as store:
        load(snapshot, store)
        with EmbeddedStore(tmp_path / "graph.kgl", mapped_from=0).write():
            assert load(snapshot, store) == Loaded(1, 2, 0, 0, commits=0, switches=0, missing=())
        before = contents(store)
        with store.write() as writer:
            writer.run("MATCH (a:Activity) DETACH DELETE a")
        assert contents(store) != before
        load(snapshot, store)
        assert contents(store) == before
