"""Cypher that is derived from the model: constraints, indexes, load statements.

For stores that are loaded by statements (any server that speaks Cypher). Names come from the model
only, values only as parameters, so nothing from a hub is ever part of a statement.
"""

from graph.elements import Model, NodeType, RelationshipType

_OURS = "hubtrace_"
_STAMP = f"{_OURS}model_"


def constraints(model: Model) -> list[str]:
    """Return a uniqueness constraint for the key of every label."""
    return list(_constraints(model).values())


def indexes(model: Model) -> list[str]:
    """Return an index for every other property that is looked up by value."""
    return list(_indexes(model).values())


def schema(model: Model) -> dict[str, str]:
    """Return the constraints and indexes by their names, which no other program would choose."""
    return _constraints(model) | _indexes(model)


def index_names() -> str:
    """Return the question for the names of all indexes; a constraint's index has its name."""
    return "SHOW INDEXES YIELD name RETURN name"


def _constraints(model: Model) -> dict[str, str]:
    names = {node: f"{_OURS}{node.label.lower()}_{node.key}" for node in model.nodes}
    return {
        name: f"CREATE CONSTRAINT {name} IF NOT EXISTS "
        f"FOR (n:{node.label}) REQUIRE n.{node.key} IS UNIQUE"
        for node, name in names.items()
    }


def _indexes(model: Model) -> dict[str, str]:
    return {
        f"{_OURS}{node.label.lower()}_{property_.name}": f"CREATE INDEX "
        f"{_OURS}{node.label.lower()}_{property_.name} IF NOT EXISTS "
        f"FOR (n:{node.label}) ON (n.{property_.name})"
        for node in model.nodes
        for property_ in node.properties
        if property_.indexed
    }


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

    An index over nothing: a node would turn up in everybody's `MATCH (n)`.
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
