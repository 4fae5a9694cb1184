"""The schema that the model implies: Cypher statements for a server, and a page to read."""

from collections.abc import Iterator
from dataclasses import dataclass

from hubtrace.graph.model import Model, NodeType, Property, PropertyType, RelationshipType

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


@dataclass(frozen=True, slots=True)
class PropertyDocument:
    """A property of a node or relationship; absent where it is not known."""

    name: str
    type: PropertyType
    unit: str | None
    description: str


@dataclass(frozen=True, slots=True)
class NodeDocument:
    """A label, and the property that identifies its nodes."""

    label: str
    key: str
    description: str
    properties: tuple[PropertyDocument, ...]


@dataclass(frozen=True, slots=True)
class RelationshipDocument:
    """A relationship type, and the labels that it joins."""

    type: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    description: str
    properties: tuple[PropertyDocument, ...]


@dataclass(frozen=True, slots=True)
class GraphDocument:
    """The model of the graph."""

    version: int
    nodes: tuple[NodeDocument, ...]
    relationships: tuple[RelationshipDocument, ...]


def to_document(model: Model) -> GraphDocument:
    """Return the model as a record, whose JSON is `hubtrace.schema/1`."""

    def properties(kind: NodeType | RelationshipType) -> tuple[PropertyDocument, ...]:
        found = ((p.name, p.type, p.unit, p.description) for p in kind.properties)
        return tuple(PropertyDocument(*each) for each in found)

    return GraphDocument(
        model.version,
        tuple(NodeDocument(n.label, n.key, n.description, properties(n)) for n in model.nodes),
        tuple(
            RelationshipDocument(r.type, r.starts, r.ends, r.description, properties(r))
            for r in model.relationships
        ),
    )


def to_markdown(model: Model) -> str:
    """Return the model as a Markdown page."""
    lines = [f"# The graph (model {model.version})", "", "```mermaid", "graph LR"]
    for relationship, start, end in model.triples():
        lines.append(f"  {start.label} -->|{relationship.type}| {end.label}")
    lines += ["```", "", "## Nodes"]
    for node in model.nodes:
        lines += [
            "",
            f"### `{node.label}`",
            "",
            f"{_sentence(node.description)} Key: `{node.key}`.",
        ]
        lines += _table(node.properties)
    lines += ["", "## Relationships"]
    for relationship in model.relationships:
        starts, ends = "|".join(relationship.starts), "|".join(relationship.ends)
        lines += ["", f"### `(:{starts})-[:{relationship.type}]->(:{ends})`", ""]
        lines += [_sentence(relationship.description), *_table(relationship.properties)]
    return "\n".join(lines) + "\n"


def _table(properties: tuple[Property, ...]) -> Iterator[str]:
    if properties:
        yield from ("", "| property | type | unit | what it is |", "|---|---|---|---|")
    for property_ in properties:
        unit = property_.unit or ""
        description = property_.description.replace("|", "\\|")
        yield f"| `{property_.name}` | {property_.type} | {unit} | {description} |"


def _sentence(description: str) -> str:
    return f"{description[0].upper()}{description[1:]}."
