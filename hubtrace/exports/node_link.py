"""Node-link JSON, as networkx reads it: `networkx.node_link_graph(json.load(file), edges="edges")`.

A node is called `Label key`; an edge's `key` is its type. Each node or edge is on its own line.
Everything that JSON can hold stays unchanged; it is written in ASCII, so that nothing acts on a
terminal.
"""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from hubtrace.exports.subgraph import Nodes, Relationships
from hubtrace.graph.model import MODEL, NodeType, PropertyType, RelationshipType
from hubtrace.graph.tables import END, START
from hubtrace.graph.text import json_text, masked
from hubtrace.progress import Progress
from hubtrace.queries.json_schema import document, object_of

SCHEMA = "hubtrace.node-link/1"


_TYPES: Mapping[PropertyType, dict[str, Any]] = {
    PropertyType.STRING: {"type": "string"},
    PropertyType.INTEGER: {"type": "integer"},
    PropertyType.FLOAT: {"type": "number"},
    PropertyType.BOOLEAN: {"type": "boolean"},
    PropertyType.STRINGS: {"type": "array", "items": {"type": "string"}},
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a document, made from the model; what is not known is left out."""

    def element(
        kind: NodeType | RelationshipType, label: str, named: tuple[str, ...], needed: str = ""
    ) -> dict[str, Any]:
        own = {p.name: {**_TYPES[p.type], "description": p.description} for p in kind.properties}
        text = {"type": "string"}
        return {
            **object_of({"label": {"const": label}, **dict.fromkeys(named, text)}),
            "properties": {**own, **dict.fromkeys(named, text), "label": {"const": label}},
            "required": ["label", *named, *filter(None, [needed])],
        }

    nodes = [element(node, node.label, ("id",), node.key) for node in MODEL.nodes]
    edges = [element(r, r.type, ("source", "target", "key")) for r in MODEL.relationships]
    about = object_of({"schema": {"const": SCHEMA}, "model": {"type": "integer"}})
    return document(
        SCHEMA,
        object_of(
            {
                "directed": {"const": True},
                "multigraph": {"const": True},
                "graph": about,
                "nodes": {"type": "array", "items": {"oneOf": nodes}},
                "edges": {"type": "array", "items": {"oneOf": edges}},
            }
        ),
    )


def write_node_link(
    file: IO[str], nodes: Nodes, relationships: Relationships, progress: Progress = lambda *_: None
) -> tuple[int, int]:
    """Write a document; return the counts of nodes and relationships."""
    about = json_text({"schema": SCHEMA, "model": MODEL.version})
    file.write(f'{{"directed": true, "multigraph": true, "graph": {about},\n"nodes": [')
    count = _write_all(file, _nodes(nodes), "nodes", progress)
    file.write('],\n"edges": [')
    joined = _write_all(file, _edges(relationships), "relationships", progress)
    file.write("]}\n")
    return count, joined


def _write_all(
    file: IO[str], items: Iterator[dict[str, Any]], what: str, progress: Progress
) -> int:
    count = 0
    for count, item in enumerate(items, start=1):
        file.write(f"{',' if count > 1 else ''}\n{json_text(item)}")
        if count % 10_000 == 0:
            progress(what, count, None)
    return count


def _nodes(nodes: Nodes) -> Iterator[dict[str, Any]]:
    for node, rows in nodes:
        for row in rows.to_pylist():
            yield {"id": _name(node, row[node.key]), "label": node.label, **_known(row)}


def _edges(relationships: Relationships) -> Iterator[dict[str, Any]]:
    for (relationship, start, end), rows in relationships:
        for row in rows.to_pylist():
            ends = {
                "source": _name(start, row.pop(START)),
                "target": _name(end, row.pop(END)),
                "key": relationship.type,
            }
            yield {**ends, "label": relationship.type, **_known(row)}


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: masked(value) if isinstance(value, str) else value
        for name, value in row.items()
        if value is not None
    }


def _name(node: NodeType, key: str) -> str:
    return f"{node.label} {key}"
