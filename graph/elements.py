"""What a model is made of: node types, relationship types and their properties."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from graph.errors import ModelError

EPOCH = "seconds since 1970-01-01T00:00:00Z"
SECONDS = "seconds"
COMMITS = "commits"


class PropertyType(StrEnum):
    """The types that every store keeps unchanged."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    STRINGS = "list of strings"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a node or relationship; absent (null) where it is not known."""

    name: str
    type: PropertyType
    description: str
    unit: str | None = None
    indexed: bool = False
    """Looked up by value. Never for unbounded text (DESIGN.md section 5)."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A label, the property that identifies its nodes, and what they hold."""

    label: str
    description: str
    properties: tuple[Property, ...]
    """The first one is the key."""

    @property
    def key(self) -> str:
        """The name of the property that identifies a node of this label."""
        return self.properties[0].name


@dataclass(frozen=True, slots=True)
class RelationshipType:
    """A relationship type, the labels it joins, and what it holds.

    Between two nodes there is at most one relationship of a type (DESIGN.md section 5).
    """

    type: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    description: str
    properties: tuple[Property, ...] = ()
    owns: bool = False
    """True if the end nodes are derived from the start node and are replaced with it."""


@dataclass(frozen=True, slots=True)
class Model:
    """All node and relationship types, and the version that a store is stamped with."""

    version: int
    nodes: tuple[NodeType, ...]
    relationships: tuple[RelationshipType, ...]

    def __post_init__(self) -> None:
        """Refuse a model that names a label it does not declare, or anything twice."""
        labels = [node.label for node in self.nodes]
        types = [relationship.type for relationship in self.relationships]
        for names in (labels, types):
            if len(set(names)) != len(names):
                raise ModelError(
                    f"declared twice: {sorted({n for n in names if names.count(n) > 1})}"
                )
        for relationship in self.relationships:
            for label in relationship.starts + relationship.ends:
                if label not in labels:
                    raise ModelError(f"{relationship.type} joins {label}, which is not declared")

    def node(self, label: str) -> NodeType:
        """Return the node type with this label.

        Raises:
            ModelError: the model has no such label.
        """
        for node in self.nodes:
            if node.label == label:
                return node
        raise ModelError(f"the model has no label {label}")

    def relationship(self, type_: str) -> RelationshipType:
        """Return the relationship type with this name.

        Raises:
            ModelError: the model has no such relationship type.
        """
        for relationship in self.relationships:
            if relationship.type == type_:
                return relationship
        raise ModelError(f"the model has no relationship type {type_}")

    def triples(self) -> Iterator[tuple[RelationshipType, NodeType, NodeType]]:
        """Yield every (relationship type, start, end) that the model allows."""
        for relationship in self.relationships:
            for start in relationship.starts:
                for end in relationship.ends:
                    yield relationship, self.node(start), self.node(end)
