"""What every store promises (`hubtrace.graph.store`). One truth, however many engines."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph.errors import GraphError, GraphMissing, ModelError, QueryFailed
from hubtrace.graph.model import MODEL, PropertyType, key_of_parts
from hubtrace.graph.schema import merge_nodes, merge_relationships, schema
from hubtrace.graph.store import GraphStore
from hubtrace.graph.tables import ARROW_TYPES, END, START
from tests.effort import examples
from tests.graphs import contents

HOSTILE = [
    "'; MATCH (n) DETACH DELETE n //",
    '"})-[:X]->(y {z: "',
    "`back` \\ slash \\u0041 $parameter",
    "line\nbreak\ttab\r\x00nul\x1b[31mred",
    "\u202eright to left\u2066 \ufeff \U0010fe80 \U0001f600 e\u0301",
    "x" * 1_000_000,
]


def _families(*names: str) -> pa.Table:
    return pa.table({"name": list(names)})


def _fill(store: GraphStore) -> None:
    with store.write() as writer:
        writer.put_nodes("Family", pa.table({"name": ["f", "g"], "observed_at": [5, 6]}))
        writer.put_nodes("Repository", pa.table({"key": ["r"], "archived": [True]}))
        writer.put_nodes("Commit", pa.table({"sha": ["a", "b"], "authored_at": [1, 2]}))
        writer.put_nodes("Switch", pa.table({"key": ["f s", "g s"]}))
        rows = pa.table({START: ["f"], END: ["r"], "paths": [["src", "lib"]]})
        writer.put_relationships("UPSTREAM", "Family", "Repository", rows)
        rows = pa.table(
            {START: ["r", "r"], END: ["a", "b"], "at": [1, 2], "on_default": [True, False]}
        )
        writer.put_relationships("HAS_COMMIT", "Repository", "Commit", rows)
        rows = pa.table({START: ["f", "g"], END: ["f s", "g s"]})
        writer.put_relationships("HAS_SWITCH", "Family", "Switch", rows)


def test_a_question_to_no_graph_says_where_none_is(store: GraphStore) -> None:
    assert not store.exists()
    with pytest.raises(GraphMissing, match="there is no graph at"):
        store.run("MATCH (n) RETURN n")


def test_a_writer_that_writes_nothing_makes_an_empty_graph(store: GraphStore) -> None:
    with store.write():
        pass
    assert store.run("MATCH (n) RETURN count(n) AS n").evaluate() == 0


def test_putting_the_same_rows_twice_changes_nothing(store: GraphStore) -> None:
    _fill(store)
    before = contents(store)
    _fill(store)
    assert contents(store) == before
    assert len(before[0]) == 7
    assert len(before[1]) == 5


def test_putting_replaces_all_properties(store: GraphStore) -> None:
    _fill(store)
    with store.write() as writer:
        writer.put_nodes("Commit", pa.table({"sha": ["a"], "subject": ["new"]}))
        rows = pa.table({START: ["r"], END: ["b"], "at": [9]})
        writer.put_relationships("HAS_COMMIT", "Repository", "Commit", rows)
    commits = store.run("MATCH (c:Commit) RETURN c.sha, c.subject, c.authored_at ORDER BY c.sha")
    assert commits.rows() == [("a", "new", None), ("b", None, 2)]
    edges = "MATCH ()-[h:HAS_COMMIT]->(c) RETURN c.sha, h.at, h.on_default ORDER BY c.sha"
    assert store.run(edges).rows() == [("a", 1, True), ("b", 9, None)]


def test_a_null_removes_the_property(store: GraphStore) -> None:
    _fill(store)
    with store.write() as writer:
        nothing = pa.array([None], pa.int64())
        writer.put_nodes("Commit", pa.table({"sha": ["a"], "authored_at": nothing}))
    assert store.run("MATCH (c:Commit {sha: 'a'}) RETURN c.authored_at IS NULL AS n").evaluate()


def test_a_name_that_is_not_known_is_null_not_the_key(store: GraphStore) -> None:
    names = "MATCH (r:Release) RETURN r.key, r.name ORDER BY r.key"
    for column, expected in (
        (["a", None], [("k", "a"), ("l", None)]),
        ([None, "b"], [("k", None), ("l", "b")]),
    ):
        with store.write() as writer:
            writer.put_nodes("Release", pa.table({"key": ["k", "l"], "name": pa.array(column)}))
        assert store.run(names).rows() == expected
    with store.write() as writer:
        writer.put_nodes("Release", pa.table({"key": ["k", "l"]}))
    assert store.run(names).rows() == [("k", None), ("l", None)]


@pytest.mark.parametrize("type_", PropertyType)
def test_every_property_type_comes_back_as_it_was(store: GraphStore, type_: PropertyType) -> None:
    values: dict[PropertyType, list[Any]] = {
        PropertyType.STRING: ["", "text", None],
        PropertyType.INTEGER: [-(2**63), 2**63 - 1, None],
        PropertyType.FLOAT: [0.1, -1e300, None],
        PropertyType.BOOLEAN: [True, False, None],
        PropertyType.STRINGS: [["a", ""], ["b"], None],
    }
    lists = type_ is PropertyType.STRINGS
    label, key, name = ("Family", "name", "paths") if lists else _property_of(type_)
    column = pa.array(values[type_], ARROW_TYPES[type_])
    with store.write() as writer:
        if lists:
            writer.put_nodes("Family", _families("0", "1", "2"))
            writer.put_nodes("Repository", pa.table({"key": ["r"]}))
            rows = pa.table({START: ["0", "1", "2"], END: ["r"] * 3, "paths": column})
            writer.put_relationships("UPSTREAM", "Family", "Repository", rows)
            question = "MATCH (f:Family)-[u:UPSTREAM]->() RETURN u.paths AS value ORDER BY f.name"
        else:
            writer.put_nodes(label, pa.table({key: ["0", "1", "2"], name: column}))
            question = f"MATCH (n:{label}) RETURN n.{name} AS value ORDER BY n.{key}"
    found = [row["value"] for row in store.run(question)]
    assert found == values[type_]
    assert [type(value) for value in found] == [type(value) for value in values[type_]]


def _property_of(type_: PropertyType) -> tuple[str, str, str]:
    return next(
        (node.label, node.key, property_.name)
        for node in MODEL.nodes
        for property_ in node.properties[1:]
        if property_.type is type_
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:16]))
def test_hostile_text_is_stored_and_found_unchanged(store: GraphStore, text: str) -> None:
    key = key_of_parts(text)
    with store.write() as writer:
        writer.put_nodes("Commit", pa.table({"sha": ["a", key], "subject": [text, "innocent"]}))
        writer.put_relationships("PARENT", "Commit", "Commit", pa.table({START: [key], END: ["a"]}))
    question = (
        "MATCH (c:Commit {sha: $key})-[:PARENT]->(p) WHERE p.subject = $text RETURN p.subject"
    )
    assert store.run(question, key=key, text=text).evaluate() == text
    assert store.run("MATCH (n) RETURN count(n) AS n").evaluate() == 2


@settings(
    deadline=None,
    max_examples=examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=20, unique=True))
def test_any_text_is_a_key(store: GraphStore, texts: list[str]) -> None:
    with store.write() as writer:
        writer.put_nodes("Family", _families(*texts))
    for text in texts:
        assert (
            store.run("MATCH (f:Family {name: $name}) RETURN f.name", name=text).evaluate() == text
        )


def test_a_relationship_to_a_node_that_is_not_there_is_refused(store: GraphStore) -> None:
    _fill(store)
    before = contents(store)
    rows = pa.table({START: ["r"], END: ["nowhere"]})
    with pytest.raises(GraphError, match="HAS_COMMIT"), store.write() as writer:
        writer.put_relationships("HAS_COMMIT", "Repository", "Commit", rows)
    assert contents(store) == before


def test_what_the_model_does_not_know_is_refused(store: GraphStore) -> None:
    with store.write() as writer:
        with pytest.raises(ModelError, match="no label Nobody"):
            writer.put_nodes("Nobody", _families("f"))
        with pytest.raises(ModelError, match="Family has no property colour"):
            writer.put_nodes("Family", pa.table({"name": ["f"], "colour": ["red"]}))
        with pytest.raises(ModelError, match="observed_at is int64, not string"):
            writer.put_nodes("Family", pa.table({"name": ["f"], "observed_at": ["now"]}))
        rows = pa.table({START: ["v"], END: ["r"]})
        with pytest.raises(ModelError, match="UPSTREAM does not join Variant to Repository"):
            writer.put_relationships("UPSTREAM", "Variant", "Repository", rows)
        with pytest.raises(ModelError, match="null in name"):
            writer.put_nodes("Family", pa.table({"name": pa.array([None], pa.string())}))


def test_removing_owned_relationships_removes_what_they_own(store: GraphStore) -> None:
    _fill(store)
    with store.write() as writer:
        writer.remove_relationships("HAS_SWITCH", "Family", ["f", "not there"])
    assert store.run("MATCH (s:Switch) RETURN s.key").rows() == [("g s",)]


def test_removing_other_relationships_leaves_their_ends(store: GraphStore) -> None:
    _fill(store)
    with store.write() as writer:
        writer.remove_relationships("HAS_COMMIT", "Repository", ["r"])
    assert store.run("MATCH (c:Commit) RETURN count(c) AS n").evaluate() == 2
    assert store.run("MATCH ()-[h:HAS_COMMIT]->() RETURN count(h) AS n").evaluate() == 0


def test_a_block_that_fails_publishes_nothing(store: GraphStore) -> None:
    _fill(store)
    before = contents(store)

    def fail() -> None:
        with store.write() as writer:
            writer.put_nodes("Family", _families("half"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert contents(store) == before


def test_a_writer_sees_what_it_wrote(store: GraphStore) -> None:
    with store.write() as writer:
        writer.put_nodes("Family", _families("f"))
        assert writer.ask("MATCH (f:Family) RETURN f.name").evaluate() == "f"
        writer.run("MATCH (f:Family) SET f.observed_at = 7")
    assert store.run("MATCH (f:Family) RETURN f.observed_at").evaluate() == 7


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE (:Family {name: 'x'})",
        "MATCH (f:Family) SET f.name = 'x'",
        "MATCH (n) DETACH DELETE n",
        "MERGE (:Family {name: 'x'})",
        "MATCH (f:Family) REMOVE f.observed_at",
        "CREATE INDEX i FOR (f:Family) ON (f.observed_at)",
    ],
)
def test_a_question_cannot_write(store: GraphStore, statement: str) -> None:
    _fill(store)
    before = contents(store)
    with pytest.raises(QueryFailed):
        store.run(statement)
    assert contents(store) == before


def test_a_wrong_statement_tells_why_and_where(store: GraphStore) -> None:
    _fill(store)
    with pytest.raises(QueryFailed, match=r"line 2"):
        store.run("MATCH (n)\nRETRUN n")


def test_a_parameter_that_is_missing_or_no_value_is_refused(store: GraphStore) -> None:
    _fill(store)
    with pytest.raises(QueryFailed, match="name"):
        store.run("RETURN $name")
    with pytest.raises(QueryFailed, match="name"):
        store.run("RETURN $name", name=object())


def test_rows_come_as_dictionaries_values_frames_tables_and_graphs(store: GraphStore) -> None:
    _fill(store)
    result = store.run("MATCH (f:Family) RETURN f.name AS name, f.observed_at AS at ORDER BY name")
    assert result.data() == [{"name": "f", "at": 5}, {"name": "g", "at": 6}]
    assert (result.evaluate(), result.evaluate(1), result.evaluate("at")) == ("f", 5, 5)
    assert result.to_table().columns == ("name", "at")
    assert result.to_table().rows == (("f", 5), ("g", 6))
    assert result.to_data_frame().to_dict("list") == {"name": ["f", "g"], "at": [5, 6]}
    nothing = store.run("MATCH (f:Family {name: 'nobody'}) RETURN f.name AS name")
    assert (nothing.data(), nothing.evaluate(), len(nothing)) == ([], None, 0)
    assert list(nothing.to_data_frame().columns) == ["name"]
    with pytest.raises(KeyError):
        result.evaluate("nobody")


def test_a_subgraph_holds_nodes_and_relationships_of_the_result(store: GraphStore) -> None:
    _fill(store)
    question = (
        "MATCH path = (f:Family)-[:UPSTREAM]->(r)-[h:HAS_COMMIT]->(c) RETURN path, [c] AS list"
    )
    graph = store.run(question).to_subgraph()
    labels = sorted(data["label"] for _, data in graph.nodes(data=True))
    assert labels == ["Commit", "Commit", "Family", "Repository"]
    kinds = sorted(data["label"] for _, _, data in graph.edges(data=True))
    assert kinds == ["HAS_COMMIT", "HAS_COMMIT", "UPSTREAM"]
    assert {data.get("sha") for _, data in graph.nodes(data=True)} == {"a", "b", None}


def test_statements_from_the_model_load_the_same_graph(store: GraphStore) -> None:
    _fill(store)
    expected = contents(store)
    with store.write() as writer:
        writer.run("MATCH (n) DETACH DELETE n")
        for label, rows in _node_rows().items():
            node = MODEL.node(label)
            batch = [{"key": row[node.key], "properties": row} for row in rows]
            writer.run(merge_nodes(node), rows=batch)
            writer.run(merge_nodes(node), rows=batch)
        for (type_, start, end), rows in _relationship_rows().items():
            statement = merge_relationships(
                MODEL.relationship(type_), MODEL.node(start), MODEL.node(end)
            )
            writer.run(statement, rows=rows)
            writer.run(statement, rows=rows)
    assert contents(store) == expected


def _node_rows() -> dict[str, list[dict[str, Any]]]:
    return {
        "Family": [{"name": "f", "observed_at": 5}, {"name": "g", "observed_at": 6}],
        "Repository": [{"key": "r", "archived": True}],
        "Commit": [{"sha": "a", "authored_at": 1}, {"sha": "b", "authored_at": 2}],
        "Switch": [{"key": "f s"}, {"key": "g s"}],
    }


def _relationship_rows() -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    def row(start: str, end: str, **properties: object) -> dict[str, Any]:
        return {"from_key": start, "to_key": end, "properties": properties}

    return {
        ("UPSTREAM", "Family", "Repository"): [row("f", "r", paths=["src", "lib"])],
        ("HAS_COMMIT", "Repository", "Commit"): [
            row("r", "a", at=1, on_default=True),
            row("r", "b", at=2, on_default=False),
        ],
        ("HAS_SWITCH", "Family", "Switch"): [row("f", "f s"), row("g", "g s")],
    }


def test_indexes_and_constraints_of_the_model_name_what_it_has() -> None:
    statements = list(schema(MODEL).values())
    assert any("FOR (n:Commit) REQUIRE n.sha IS UNIQUE" in text for text in statements)
    assert sum(" IS UNIQUE" in text for text in statements) == len(MODEL.nodes)
    assert any("FOR (n:Copy) ON (n.blob)" in text for text in statements)
    assert not any("subject" in text or ".said" in text for text in statements), "unbounded text"


def test_every_name_of_the_model_can_be_asked_for_plainly(store: GraphStore) -> None:
    """No label, type or property is a word that an engine keeps for itself."""
    _fill(store)
    for node in MODEL.nodes:
        columns = ", ".join(f"n.{p.name} AS {p.name}" for p in node.properties)
        store.run(f"MATCH (n:{node.label}) RETURN {columns}")
    for relationship, start, end in MODEL.triples():
        columns = ", ".join(
            ["1 AS one", *(f"r.{p.name} AS {p.name}" for p in relationship.properties)]
        )
        store.run(
            f"MATCH (:{start.label})-[r:{relationship.type}]->(:{end.label}) RETURN {columns}"
        )
