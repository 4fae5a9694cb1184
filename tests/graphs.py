"""Graphs as plain sets, so that two of them can be compared node by node."""

from collections.abc import Mapping
from typing import Any

from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore

Properties = tuple[tuple[str, str], ...]
Contents = tuple[set[tuple[str, Properties]], set[tuple[str, str, str, Properties]]]


def contents(store: GraphStore, *, without: frozenset[str] = frozenset()) -> Contents:
    """Return all nodes and relationships of a graph; properties in `without` are left out."""
    found = store.run("MATCH (n) RETURN n").rows()
    nodes = {node.identity: node for (node,) in found}
    keys = {
        identity: f"{node.label} {node.properties[MODEL.node(node.label).key]}"
        for identity, node in nodes.items()
    }
    node_rows = {(node.label, _plain(node.properties, without)) for node in nodes.values()}
    relationships = [r for (r,) in store.run("MATCH ()-[r]->() RETURN r").rows()]
    relationship_rows = {
        (r.type, keys[r.start], keys[r.end], _plain(r.properties, without)) for r in relationships
    }
    assert len(node_rows) == len(nodes), "two nodes are the same"
    assert len(relationship_rows) == len(relationships), "two relationships are the same"
    return node_rows, relationship_rows


def _plain(properties: Mapping[str, Any], without: frozenset[str]) -> Properties:
    return tuple(
        (name, repr(value)) for name, value in sorted(properties.items()) if name not in without
    )
