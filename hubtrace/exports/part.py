"""What is exported: a whole graph, or the part of it that belongs to some families."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from hubtrace.graph.model import MODEL, NodeType
from hubtrace.graph.store import GraphStore
from hubtrace.graph.tables import (
    END,
    START,
    Triple,
    node_tables,
    nodes_of,
    relationship_tables,
    relationships_of,
)
from hubtrace.queries.catalogue import family_names

Nodes = Iterator[tuple[NodeType, pa.Table]]
Relationships = Iterator[tuple[Triple, pa.Table]]

_PROJECTS = ("Repository", "Variant")
_POINTING = (("Event", "ABOUT"), ("Copy", "COPIED_IN"))
"""What belongs to a family because it points to something of it."""


def part_of(store: GraphStore, families: Sequence[str] | None) -> tuple[Nodes, Relationships]:
    """Return the nodes and relationships of some families; of the whole graph if none are named.

    Raises:
        GraphMissing: there is no graph.
        CatalogueError: there is no such family.
    """
    names = family_names(store, families)
    if families is None:
        return node_tables(store), relationship_tables(store)
    part = Part(store)
    part.find(names)
    return part.nodes(), part.relationships()


@dataclass(slots=True)
class Part:
    """The nodes and relationships of some families, found from the families outwards.

    Projects of other families that these are linked to or derived from are there, without what
    hangs on them; so are the commits that theirs refer to.
    """

    store: GraphStore
    _keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _found: list[tuple[Triple, pa.Table]] = field(default_factory=list)

    def nodes(self) -> Nodes:
        """Yield the nodes, label by label."""
        for node in MODEL.nodes:
            for rows in nodes_of(self.store, node, sorted(self._keys[node.label])):
                yield node, rows

    def relationships(self) -> Relationships:
        """Yield the relationships_of, as they were found."""
        yield from self._found

    def find(self, families: Sequence[str]) -> None:
        """Gather all that belongs to the families of these names."""
        self._keys["Family"].update(families)
        members: dict[str, set[str]] = {"Family": set(families)}
        members |= self._follow(members)
        own = {label: members[label] for label in _PROJECTS if label in members}
        reached = self._follow(own)
        for label in _PROJECTS:
            reached.pop(label, None)
        for label, type_ in _POINTING:
            reached[label] = self._pointing(label, type_, {**own, **reached})
        self._spread(reached)

    def _spread(self, reached: dict[str, set[str]]) -> None:
        """Follow what was reached, until nothing new comes."""
        seen: dict[str, set[str]] = defaultdict(set)
        while any(reached.values()):
            for label, keys in reached.items():
                seen[label] |= keys
            found = self._follow(reached)
            reached = {
                label: found.get(label, set()) - seen[label]
                for label in found
                if label not in (*_PROJECTS, "Commit")
            }

    def _follow(self, starts: Mapping[str, set[str]]) -> dict[str, set[str]]:
        """Take all relationships from these nodes; return the nodes at their ends."""
        ends: dict[str, set[str]] = defaultdict(set)
        for triple in MODEL.triples():
            keys = starts.get(triple[1].label)
            if keys and triple[0].type not in {type_ for _, type_ in _POINTING}:
                tables = relationships_of(self.store, triple, sorted(keys))
                ends[triple[2].label] |= self._take(triple, tables, END)
        return ends

    def _pointing(self, label: str, type_: str, ends: Mapping[str, set[str]]) -> set[str]:
        starts: set[str] = set()
        for triple in MODEL.triples():
            keys = ends.get(triple[2].label)
            if keys and (triple[1].label, triple[0].type) == (label, type_):
                tables = relationships_of(self.store, triple, sorted(keys), END)
                starts |= self._take(triple, tables, START)
        return starts

    def _take(self, triple: Triple, tables: Iterable[pa.Table], far: str) -> set[str]:
        keys: set[str] = set()
        for rows in tables:
            self._found.append((triple, rows))
            keys.update(rows[far].to_pylist())
        self._keys[(triple[2] if far == END else triple[1]).label] |= keys
        return keys
