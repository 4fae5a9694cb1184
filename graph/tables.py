"""Tables of nodes and relationships: made, checked, read in pages, and copied between stores."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from hubtrace.graph.activity import PROJECT_LABELS, complete_activity
from hubtrace.graph.errors import ModelError
from hubtrace.graph.model import MODEL, Model, NodeType, Property, PropertyType, RelationshipType
from hubtrace.graph.store import GraphStore

ARROW_TYPES: dict[PropertyType, pa.DataType] = {
    PropertyType.STRING: pa.string(),
    PropertyType.INTEGER: pa.int64(),
    PropertyType.FLOAT: pa.float64(),
    PropertyType.BOOLEAN: pa.bool_(),
    PropertyType.STRINGS: pa.list_(pa.string()),
}

START, END = "start", "end"


def node_schema(node: NodeType) -> pa.Schema:
    """Return the Arrow schema of a full node table."""
    return pa.schema([_field(property_) for property_ in node.properties])


def relationship_schema(relationship: RelationshipType) -> pa.Schema:
    """Return the Arrow schema of a full relationship table."""
    ends = [pa.field(START, pa.string()), pa.field(END, pa.string())]
    return pa.schema(ends + [_field(property_) for property_ in relationship.properties])


def check_nodes(node: NodeType, rows: pa.Table) -> None:
    """Raise ModelError if the table does not fit the node type."""
    _check(node.label, node_schema(node), rows, required=(node.key,))


def check_relationships(
    relationship: RelationshipType, start: str, end: str, rows: pa.Table
) -> None:
    """Raise ModelError if the table, or the labels it joins, do not fit the relationship type."""
    if start not in relationship.starts or end not in relationship.ends:
        raise ModelError(f"{relationship.type} does not join {start} to {end}")
    _check(relationship.type, relationship_schema(relationship), rows, required=(START, END))


def _field(property_: Property) -> pa.Field:
    return pa.field(property_.name, ARROW_TYPES[property_.type])


def _check(name: str, schema: pa.Schema, rows: pa.Table, required: tuple[str, ...]) -> None:
    for column in required:
        if column not in rows.schema.names:
            raise ModelError(f"a table of {name} lacks the column {column}")
        if rows[column].null_count:
            raise ModelError(f"a table of {name} has a null in {column}")
    for field in rows.schema:
        if field.name not in schema.names:
            raise ModelError(f"{name} has no property {field.name}")
        if field.type != schema.field(field.name).type:
            expected = schema.field(field.name).type
            raise ModelError(f"{name}.{field.name} is {expected}, not {field.type}")


def nodes(label: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return a node table; what a row leaves out is null."""
    return pa.Table.from_pylist(list(rows), schema=node_schema(MODEL.node(label)))


def relationships(type_: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return a relationship table; what a row leaves out is null."""
    schema = relationship_schema(MODEL.relationship(type_))
    return pa.Table.from_pylist(list(rows), schema=schema)


def pairs(ends: Iterable[tuple[str, str]]) -> pa.Table:
    """Return a relationship table without properties."""
    found = list(ends)
    columns = {START: [start for start, _ in found], END: [end for _, end in found]}
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


NODES_PER_PAGE = 50_000
STARTS_PER_PAGE = 20_000

Triple = tuple[RelationshipType, NodeType, NodeType]


def node_tables(store: GraphStore, model: Model = MODEL) -> Iterator[tuple[NodeType, pa.Table]]:
    """Yield every node, label by label, in order of their keys; a page at a time."""
    for node in model.nodes:
        for rows in _node_pages(store, node):
            yield node, rows


def relationship_tables(
    store: GraphStore, model: Model = MODEL
) -> Iterator[tuple[Triple, pa.Table]]:
    """Yield every relationship, by type and labels, in order of the keys they start at."""
    for triple in model.triples():
        start = triple[1]
        question = f"MATCH (n:{start.label}) RETURN n.{start.key} AS key ORDER BY key"
        keys = [key for (key,) in store.run(question).rows()]
        for rows in relationships_of(store, triple, keys):
            yield triple, rows


def nodes_of(store: GraphStore, node: NodeType, keys: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the nodes of one label that have these keys; a page at a time."""
    question = (
        f"UNWIND $keys AS key MATCH (n:{node.label} {{{node.key}: key}}) "
        f"RETURN {_columns('n', node.properties)} ORDER BY key"
    )
    yield from _pages(store, question, keys, node_schema(node))


def relationships_of(
    store: GraphStore, triple: Triple, keys: Sequence[str], at: str = START
) -> Iterator[pa.Table]:
    """Yield the relationships whose `START` or `END` is a node of these keys; a page at a time."""
    relationship, start, end = triple
    columns = [f"s.{start.key} AS start_key", f"e.{end.key} AS end_key"]
    columns += [f"r.{p.name} AS {p.name}" for p in relationship.properties]
    # The node that is known stands first: the engines begin there.
    if at == START:
        path = f"(s:{start.label} {{{start.key}: key}})-[r:{relationship.type}]->(e:{end.label})"
    else:
        path = f"(e:{end.label} {{{end.key}: key}})<-[r:{relationship.type}]-(s:{start.label})"
    question = (
        f"UNWIND $keys AS key MATCH {path} RETURN {', '.join(columns)} ORDER BY start_key, end_key"
    )
    yield from _pages(store, question, keys, relationship_schema(relationship))


def _node_pages(store: GraphStore, node: NodeType) -> Iterator[pa.Table]:
    columns = _columns("n", node.properties)
    first = f"MATCH (n:{node.label}) RETURN {columns} ORDER BY n.{node.key} LIMIT $limit"
    following = (
        f"MATCH (n:{node.label}) WHERE n.{node.key} > $last "
        f"RETURN {columns} ORDER BY n.{node.key} LIMIT $limit"
    )
    found = store.run(first, limit=NODES_PER_PAGE).rows()
    while found:
        yield _table(found, node_schema(node))
        last = found[-1][0]
        found = store.run(following, last=last, limit=NODES_PER_PAGE).rows()


def _pages(
    store: GraphStore, question: str, keys: Sequence[str], schema: pa.Schema
) -> Iterator[pa.Table]:
    for first in range(0, len(keys), STARTS_PER_PAGE):
        found = store.run(question, keys=list(keys[first : first + STARTS_PER_PAGE])).rows()
        if found:
            yield _table(found, schema)


def _columns(variable: str, properties: Sequence[Property]) -> str:
    return ", ".join(f"{variable}.{p.name} AS {p.name}" for p in properties)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    values = list(zip(*rows, strict=True)) or [()] * len(schema)
    columns = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def copy_graph(
    source: GraphStore,
    target: GraphStore,
    progress: Callable[[str, int, int | None], None] = lambda *_: None,
) -> tuple[int, int]:
    """Put every node and relationship of `source` into `target`; return how many of each.

    What `target` held before stays, unless it has the same key; copying twice changes nothing. A
    project that both hold has the commits of both then, so that its activity is asked of them.

    Raises:
        GraphMissing: there is no graph to copy.
        GraphError: the target cannot be written.
    """
    copied = joined = 0
    kept = target.exists()
    with target.write() as writer:
        for node, rows in node_tables(source):
            if not (kept and node.label == "Activity"):
                writer.put_nodes(node.label, rows)
            if kept and node.label in PROJECT_LABELS:
                writer.remove_relationships("HAS_ACTIVITY", node.label, rows["key"].to_pylist())
            copied += rows.num_rows
            progress("nodes", copied, None)
        for (relationship, start, end), rows in relationship_tables(source):
            if not (kept and relationship.type == "HAS_ACTIVITY"):
                writer.put_relationships(relationship.type, start.label, end.label, rows)
            joined += rows.num_rows
            progress("relationships", joined, None)
        if kept:
            complete_activity(writer)
    return copied, joined
