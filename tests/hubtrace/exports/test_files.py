"""What is exported is read back by the programs it is for, and is the graph that it was."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.exports.graphml import write_graphml
from hubtrace.exports.node_link import write_node_link
from hubtrace.exports.subgraph import subgraph
from hubtrace.exports.tables import export_tables, schema_of
from hubtrace.graph import open_store
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask, catalogue
from tests.graph.test_conformance import HOSTILE
from tests.graph.test_copying import fill
from tests.graphs import contents
from tests.hubtrace.conftest import Call
from tests.queries.worlds import hand_made


def _node_link(store: GraphStore, families: list[str] | None = None) -> "nx.MultiDiGraph[str]":
    file = io.StringIO()
    write_node_link(file, *subgraph(store, families))
    body = json.loads(file.getvalue())
    return nx.MultiDiGraph(nx.node_link_graph(body, edges="edges"))


def _graphml(
    store: GraphStore, path: Path, families: list[str] | None = None
) -> "nx.MultiDiGraph[str]":
    with path.open("w", encoding="utf-8", newline="\n") as file:
        write_graphml(file, *subgraph(store, families))
    return nx.MultiDiGraph(nx.read_graphml(path, force_multigraph=True))


def _plain(properties: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((k, repr(v)) for k, v in sorted(properties.items()) if k != "label")


def test_node_link_holds_the_whole_graph_unchanged(store: GraphStore) -> None:
    fill(store)
    read = _node_link(store)
    nodes, relationships = contents(store)
    assert {(facts["label"], _plain(facts)) for _, facts in read.nodes(data=True)} == nodes
    assert {
        (type_, start, end, _plain(facts))
        for start, end, type_, facts in read.edges(keys=True, data=True)
    } == relationships


def test_graphml_holds_all_that_xml_can(store: GraphStore, tmp_path: Path) -> None:
    fill(store)
    read = _graphml(store, tmp_path / "g.graphml")
    nodes, relationships = contents(store)
    assert len(read.nodes) == len(nodes)
    assert len(read.edges) == len(relationships)
    subjects = {facts["subject"] for _, facts in read.nodes(data=True) if "subject" in facts}
    for text in HOSTILE:
        assert text.replace("\x00", "\\x00").replace("\x1b", "\\x1b") in subjects
    (paths,) = (facts["paths"] for *_, facts in read.edges(data=True) if "paths" in facts)
    assert json.loads(paths) == ["a,b", 'c"d', ""]
    archived = next(facts for _, facts in read.nodes(data=True) if facts["label"] == "Repository")
    assert archived["archived"] is False


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_name_and_any_text_survives(text: str) -> None:
    import pyarrow as pa

    commit, parent = MODEL.node("Commit"), MODEL.relationship("PARENT")
    nodes = pa.table({"sha": [text, "%", f"{text}%00"], "subject": [f"]]>{text}", None, "x"]})
    joined = pa.table({"start": [text], "end": ["%"], "position": [0]})
    file = io.StringIO()
    counts = write_graphml(
        file, iter([(commit, nodes)]), iter([((parent, commit, commit), joined)])
    )
    assert counts == (3, 1)
    read = nx.parse_graphml(file.getvalue())
    assert len(read.nodes) == len({text, "%", f"{text}%00"})
    again = io.StringIO()
    write_node_link(again, iter([(commit, nodes)]), iter([]))
    assert again.getvalue().isascii()
    assert json.loads(again.getvalue())["nodes"][0]["subject"] == f"]]>{text}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hand-made world, as a file."""
    path = str(tmp_path_factory.mktemp("world") / "graph.kgl")
    with open_store(path) as store:
        hand_made().write(store)
    return path


def test_a_family_is_what_hangs_on_it_and_no_more(world: str) -> None:
    with open_store(world) as store:
        whole, part = _node_link(store), _node_link(store, ["steady"])
    labels = {facts["label"] for _, facts in part.nodes(data=True)}
    assert {"Family", "Repository", "Variant", "Commit", "Branch", "Tag", "Switch"} <= labels
    assert {"Contributor", "Release", "Event", "Evidence"} <= labels
    assert set(part.nodes) < set(whole.nodes)
    assert set(part.edges(keys=True)) < set(whole.edges(keys=True))
    assert [n for n in part if n.startswith("Family ")] == ["Family steady"]
    foreign = {"Repository gh/acme/mono", "Commit m1", "Commit m2", "Commit p1"}
    assert "Repository gh/acme/mono" in part  # linked to: named, and not followed
    assert all(part.out_degree(node) == 0 for node in foreign & set(part.nodes))
    assert all("label" in facts for _, facts in part.nodes(data=True))  # no edge to nowhere


def test_the_families_together_have_all_that_any_has(world: str) -> None:
    with open_store(world) as store:
        each = [_node_link(store, [name]) for name in ("steady", "scoped")]
        both = _node_link(store, ["steady", "scoped"])
    assert set(both.nodes) == set(each[0].nodes) | set(each[1].nodes)
    assert set(both.edges(keys=True)) == set(each[0].edges(keys=True)) | set(
        each[1].edges(keys=True)
    )


def test_every_question_becomes_a_table(world: str, tmp_path: Path) -> None:
    with open_store(world) as store:
        counts = export_tables(store, tmp_path / "t")
        assert set(counts) == set(catalogue())
        for name, stored in catalogue().items():
            table = pq.read_table(tmp_path / "t" / f"{name}.parquet")
            assert table.num_rows == counts[name]
            assert table.schema.equals(schema_of(stored), check_metadata=True)
        read = pq.read_table(tmp_path / "t" / "switches.parquet")
        assert read.to_pylist() == ask(store, "switches").data()
        # Questions about projects and variants are asked of all that there are.
        assert counts["project_events"] > 0
        variants = store.run("MATCH (v:Variant) RETURN count(v)").evaluate()
        assert counts["variant_facts"] == variants > 0
        assert counts["commits_since"] > 0


def test_tables_of_a_family_alone(world: str, tmp_path: Path) -> None:
    with open_store(world) as store:
        export_tables(store, tmp_path / "t", ["steady"])
    assert pq.read_table(tmp_path / "t" / "timeline.parquet")["family"].unique().to_pylist() == [
        "steady"
    ]


def test_the_commands_write_whole_files(call: Call, world: str, tmp_path: Path) -> None:
    ways: list[tuple[str, Callable[[Path], Any]]] = [
        ("graphml", nx.read_graphml),
        ("node-link", lambda path: nx.node_link_graph(json.loads(path.read_text()), edges="edges")),
    ]
    for command, read in ways:
        file = tmp_path / command
        answer = call("export", command, file, "--family", "steady", "--graph", world)
        assert answer.code == 0
        assert answer.err.startswith("wrote ")
        assert "Family steady" in read(file)
        nowhere = call("export", command, tmp_path / "no" / "where", "--graph", world)
        assert nowhere.code == 2
        assert str(tmp_path / "no" / "where") in nowhere.err
    unknown = call("export", "graphml", tmp_path / "x", "--family", "stedy", "--graph", world)
    assert (unknown.code, "did you mean `steady`" in unknown.err) == (2, True)
    assert not (tmp_path / "x").exists()
    listed = call("export", "tables", tmp_path / "t", "--graph", world, "--format", "json").json()
    assert listed["schema"] == "hubtrace.export.tables/1"
    assert call("export", "tables", tmp_path / "t", "--graph", world).code == 2  # not empty
