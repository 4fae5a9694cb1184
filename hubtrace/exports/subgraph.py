"""What is exported: a whole graph, or the subgraph of some families."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

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
"""What belongs to a family because it points to one of its nodes."""


def subgraph(store: GraphStore, families: Sequence[str] | None) -> tuple[Nodes, Relationships]:
    """Return the nodes and relationships of some families; of the whole graph if none are named.

    Projects of other families that these are linked to or derived from are included, without what
    belongs to them; so are the commits that theirs refer to.

    Raises:
        GraphMissing: there is no graph.
        CatalogueError: there is no such family.
    """
    names = family_names(store, families)
    if families is None:
        return node_tables(store), relationship_tables(store)
    found = _Subgraph(store)
    found.add(names)
    return found.nodes(), iter(found.relationships)


class _Subgraph:
    """The nodes and relationships of some families, found from the families outwards."""

    def __init__(self, store: GraphStore) -> None:
        self.relationships: list[tuple[Triple, pa.Table]] = []
        self._store = store
        self._keys: dict[str, set[str]] = defaultdict(set)

    def nodes(self) -> Nodes:
        """Yield the nodes, label by label."""
        for node in MODEL.nodes:
            for rows in nodes_of(self._store, node, sorted(self._keys[node.label])):
                yield node, rows

    def add(self, families: Sequence[str]) -> None:
        """Add all that belongs to the families of these names."""
        self._keys["Family"].update(families)
        members: dict[str, set[str]] = {"Family": set(families)}
        members |= self._follow(members)
        own = {label: members[label] for label in _PROJECTS if label in members}
        reached = self._follow(own)
        for label in _PROJECTS:
            reached.pop(label, None)
        for label, type_ in _POINTING:
            reached[label] = self._pointing(label, type_, {**own, **reached})
        seen: dict[str, set[str]] = defaultdict(set)
        while any(reached.values()):
            for label, keys in reached.items():
                seen[label] |= keys
            reached = {
                label: keys - seen[label]
                for label, keys in self._follow(reached).items()
                if label not in (*_PROJECTS, "Commit")
            }

    def _follow(self, starts: Mapping[str, set[str]]) -> dict[str, set[str]]:
        """Take all relationships from these nodes; return the nodes at their ends."""
        ends: dict[str, set[str]] = defaultdict(set)
        for triple in MODEL.triples():
            keys = starts.get(triple[1].label)
            if keys and triple[0].type not in {type_ for _, type_ in _POINTING}:
                ends[triple[2].label] |= self._take(triple, keys, START)
        return ends

    def _pointing(self, label: str, type_: str, ends: Mapping[str, set[str]]) -> set[str]:
        """Take the relationships of this type to these nodes; return where they start."""
        starts: set[str] = set()
        for triple in MODEL.triples():
            keys = ends.get(triple[2].label)
            if keys and (triple[1].label, triple[0].type) == (label, type_):
                starts |= self._take(triple, keys, END)
        return starts

    def _take(self, triple: Triple, keys: set[str], near: str) -> set[str]:
        """Take what has one of these keys at its near end; return the keys at the far one."""
        far, node = (END, triple[2]) if near == START else (START, triple[1])
        found: set[str] = set()
        for rows in relationships_of(self._store, triple, sorted(keys), near):
            self.relationships.append((triple, rows))
            found.update(rows[far].to_pylist())
        self._keys[node.label] |= found
        return found
