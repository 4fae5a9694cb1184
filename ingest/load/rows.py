"""Rows on their way into a store, as the model's tables."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from graph.model import MODEL
from graph.tables import END, START, node_schema, relationship_schema


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
