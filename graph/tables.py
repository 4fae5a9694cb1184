"""Tables on their way into a store: Arrow tables whose columns the model declares."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from hubtrace.graph.errors import ModelError
from hubtrace.graph.model import MODEL, NodeType, Property, PropertyType, RelationshipType

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
