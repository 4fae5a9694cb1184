"""The schema that the model implies: Cypher statements for a server, and a page to read."""

from collections.abc import Iterator
from typing import Any

from hubtrace.graph.model import Model, NodeType, Property, RelationshipType

_OURS = "hubtrace_"
_STAMP = f"{_OURS}model_"


INDEX_NAMES = "SHOW INDEXES YIELD name RETURN name"
"""The question for the names of all indexes; a constraint's index has its name."""


def schema(model: Model) -> dict[str, str]:
    """Return statements by the name of what they make, which no other program would choose.

    A uniqueness constraint for the key of every label, then an index for every other property that
    is looked up by value.
    """
    constraints, indexes = {}, {}
    for node in model.nodes:
        name = f"{_OURS}{node.label.lower()}_{node.key}"
        constraints[name] = (
            f"CREATE CONSTRAINT {name} IF NOT EXISTS "
            f"FOR (n:{node.label}) REQUIRE n.{node.key} IS UNIQUE"
        )
        for property_ in filter(lambda p: p.indexed, node.properties):
            name = f"{_OURS}{node.label.lower()}_{property_.name}"
            indexes[name] = (
                f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{node.label}) ON (n.{property_.name})"
            )
    return constraints | indexes


def merge_nodes(node: NodeType) -> str:
    """Return the statement that adds or replaces nodes.

    `$rows` is a list of maps `{key, properties}`; `properties` holds the key as well.
    """
    return (
        f"UNWIND $rows AS row MERGE (n:{node.label} {{{node.key}: row.key}}) SET n = row.properties"
    )


def merge_relationships(relationship: RelationshipType, start: NodeType, end: NodeType) -> str:
    """Return the statement that adds or replaces relationships between two labels.

    `$rows` is a list of maps `{from_key, to_key, properties}`. The end node is named first in the
    `MERGE`: projects have many relationships, commits few, and engines search the first one's.
    It returns in how many rows both nodes were there.
    """
    return (
        f"UNWIND $rows AS row "
        f"MATCH (s:{start.label} {{{start.key}: row.from_key}}) "
        f"MATCH (e:{end.label} {{{end.key}: row.to_key}}) "
        f"MERGE (e)<-[r:{relationship.type}]-(s) SET r = row.properties "
        "RETURN count(*) AS found"
    )


def stamp(model: Model) -> str:
    """Return the statement that marks a database as a graph of this model's version.

    An index over nothing: a node would be found by every `MATCH (n)`.
    """
    return (
        f"CREATE INDEX {_STAMP}{model.version} IF NOT EXISTS FOR (n:HubtraceModel) ON (n.version)"
    )


def stamps() -> str:
    """Return the question for the stamps of a database."""
    return f"SHOW INDEXES YIELD name WHERE name STARTS WITH '{_STAMP}' RETURN name"


def stamped_version(name: str) -> int | None:
    """Return the version that a stamp names."""
    digits = name.removeprefix(_STAMP)
    return int(digits) if digits.isdigit() else None


def delete_relationships(relationship: RelationshipType, start: NodeType) -> str:
    """Return the statement that removes relationships, and the nodes they own, from `$keys`."""
    target = "DETACH DELETE e" if relationship.owns else "DELETE r"
    return (
        f"UNWIND $keys AS key MATCH (s:{start.label} {{{start.key}: key}})"
        f"-[r:{relationship.type}]->(e) {target}"
    )


def to_json(model: Model) -> dict[str, Any]:
    """Return the model as JSON of schema `hubtrace.schema/1`."""
    return {
        "schema": "hubtrace.schema/1",
        "version": model.version,
        "nodes": [
            {
                "label": node.label,
                "key": node.key,
                "description": node.description,
                "properties": [_property(property_) for property_ in node.properties],
            }
            for node in model.nodes
        ],
        "relationships": [
            {
                "type": relationship.type,
                "starts": list(relationship.starts),
                "ends": list(relationship.ends),
                "description": relationship.description,
                "properties": [_property(property_) for property_ in relationship.properties],
            }
            for relationship in model.relationships
        ],
    }


def _property(property_: Property) -> dict[str, Any]:
    return {
        "name": property_.name,
        "type": str(property_.type),
        "unit": property_.unit,
        "description": property_.description,
    }


def to_markdown(model: Model) -> str:
    """Return the model as a Markdown page."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: Model) -> Iterator[str]:
    yield f"# The graph (model {model.version})"
    yield ""
    yield from _picture(model)
    yield ""
    yield "## Nodes"
    for node in model.nodes:
        yield from (
            "",
            f"### `{node.label}`",
            "",
            f"{_sentence(node.description)} Key: `{node.key}`.",
            "",
        )
        yield from _table(node.properties)
    yield from ("", "## Relationships")
    for relationship in model.relationships:
        starts, ends = "|".join(relationship.starts), "|".join(relationship.ends)
        yield from ("", f"### `(:{starts})-[:{relationship.type}]->(:{ends})`", "")
        yield _sentence(relationship.description)
        if relationship.properties:
            yield ""
            yield from _table(relationship.properties)


def _picture(model: Model) -> Iterator[str]:
    yield "```mermaid"
    yield "graph LR"
    for relationship, start, end in model.triples():
        yield f"  {start.label} -->|{relationship.type}| {end.label}"
    yield "```"


def _table(properties: tuple[Property, ...]) -> Iterator[str]:
    yield "| property | type | unit | what it is |"
    yield "|---|---|---|---|"
    for property_ in properties:
        unit = property_.unit or ""
        description = property_.description.replace("|", "\\|")
        yield f"| `{property_.name}` | {property_.type} | {unit} | {description} |"


def _sentence(description: str) -> str:
    return f"{description[0].upper()}{description[1:]}."
