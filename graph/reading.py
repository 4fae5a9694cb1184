"""A whole graph as tables, in pages, so that graphs larger than memory can pass through."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from graph.elements import Model, NodeType, Property, RelationshipType
from graph.model import MODEL
from graph.store import GraphStore
from graph.tables import node_schema, relationship_schema

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
    for relationship, start, end in model.triples():
        for keys in _key_pages(store, start):
            rows = _relationships_of(store, (relationship, start, end), keys)
            if rows.num_rows:
                yield (relationship, start, end), rows


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


def _key_pages(store: GraphStore, node: NodeType) -> Iterator[list[str]]:
    question = f"MATCH (n:{node.label}) RETURN n.{node.key} AS key ORDER BY key"
    keys = [key for (key,) in store.run(question).rows()]
    for first in range(0, len(keys), STARTS_PER_PAGE):
        yield keys[first : first + STARTS_PER_PAGE]


def _relationships_of(store: GraphStore, triple: Triple, keys: Sequence[str]) -> pa.Table:
    relationship, start, end = triple
    columns = [f"s.{start.key} AS start_key", f"e.{end.key} AS end_key"]
    columns += [f"r.{p.name} AS {p.name}" for p in relationship.properties]
    question = (
        f"UNWIND $keys AS key MATCH (s:{start.label} {{{start.key}: key}})"
        f"-[r:{relationship.type}]->(e:{end.label}) "
        f"RETURN {', '.join(columns)} ORDER BY start_key, end_key"
    )
    found = store.run(question, keys=list(keys)).rows()
    return _table(found, relationship_schema(relationship))


def _columns(variable: str, properties: Sequence[Property]) -> str:
    return ", ".join(f"{variable}.{p.name} AS {p.name}" for p in properties)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    values = list(zip(*rows, strict=True)) or [()] * len(schema)
    columns = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)
