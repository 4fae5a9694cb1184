"""What a load has to do so that the graph holds what the snapshot holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from hubtrace.graph.identity import Side
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import nodes
from hubtrace.ingest.change_types.rules import digest
from hubtrace.ingest.derive.project import label_of
from hubtrace.ingest.load.copies import copies_fingerprints
from hubtrace.ingest.load.families import family_node, fingerprint, projects_of
from hubtrace.ingest.load.projects import told_properties
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import ProjectHistory, Snapshot

Seen = tuple[str | None, int | None]
"""Fingerprint and `observed_at` of a node; equal means that the graph is up to date."""

_COPIES = "MATCH (n:Variant) RETURN n.key, n.copies_fingerprint"
_SEEN = {
    "Repository": "MATCH (n:Repository) RETURN n.key, n.fingerprint, n.observed_at",
    "Variant": "MATCH (n:Variant) RETURN n.key, n.fingerprint, n.observed_at",
    "Family": "MATCH (n:Family) RETURN n.name, n.fingerprint, n.observed_at",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The snapshot, and how the graph differs from it."""

    histories: dict[str, ProjectHistory]
    families: dict[str, Family]
    in_graph: Mapping[str, Mapping[str, Seen]]
    """Label → key → what the graph holds."""
    copies: Mapping[str, str]
    """Variant → what its copies are derived from."""
    copies_in_graph: Mapping[str, str | None]
    """Variant → what the copies in the graph were derived from."""

    def project_node(self, key: str, *, complete: bool) -> dict[str, object]:
        """Return the node of a project; its fingerprint only once everything of it is written."""
        history = self.histories[key]
        project, last = history.project, history.last
        derived = (
            {"copies_fingerprint": self.copies[key]} if complete and key in self.copies else {}
        )
        return {
            "key": project.key,
            "name": project.name,
            "url": project.url,
            "default_branch": last.default_branch,
            "shallow": last.shallow,
            "observed_at": history.pointer.observed_at,
            "fingerprint": _project_print(history) if complete else None,
            **derived,
            **told_properties(history),
        }

    def family_node(self, name: str, *, complete: bool) -> dict[str, object]:
        """Return the node of a family; its fingerprint only once everything of it is written."""
        node = family_node(self.families[name], self.histories)
        return {**node, "fingerprint": self.family_print(name) if complete else None}

    def stale_projects(self) -> list[str]:
        """Return the projects whose node differs in any way."""
        other_copies = set(self.changed_copies())
        return [
            key
            for key in self.histories
            if self._seen(key) != self._project(key) or key in other_copies
        ]

    def changed_projects(self) -> list[str]:
        """Return the projects whose history or refs differ."""
        return [key for key in self.histories if self._project(key)[0] != self._seen(key)[0]]

    def changed_copies(self) -> list[str]:
        """Return the variants whose copies were derived from something else, or never."""
        return [key for key, seen in self.copies.items() if self.copies_in_graph.get(key) != seen]

    def known_projects(self, label: str) -> list[str]:
        """Return the projects of a label that the graph holds already, in whatever state."""
        return [key for key in self.histories if key in self.in_graph[label]]

    def stale_families(self) -> list[str]:
        """Return the families whose node differs in any way."""
        nodes = {name: self.family_node(name, complete=True) for name in self.families}
        return [
            name
            for name, node in nodes.items()
            if self._known_family(name) != (node["fingerprint"], node["observed_at"])
        ]

    def changed_families(self) -> list[Family]:
        """Return the families whose members, or their histories, differ."""
        return [
            family
            for name, family in self.families.items()
            if self._known_family(name)[0] != self.family_print(name)
        ]

    def missing(self) -> tuple[str, ...]:
        """Return the projects that a family names and the snapshot lacks."""
        named = {key for family in self.families.values() for key in projects_of(family)}
        return tuple(sorted(named - self.histories.keys()))

    def label(self, key: str) -> str:
        """Return the label of a project's node."""
        return label_of(self.histories[key].project.side)

    def _project(self, key: str) -> Seen:
        history = self.histories[key]
        return _project_print(history), history.pointer.observed_at

    def _seen(self, key: str) -> Seen:
        return self.in_graph[self.label(key)].get(key, (None, None))

    def family_print(self, name: str) -> str:
        """Return the hash of all that a family's derived nodes depend on."""
        return fingerprint(self.families[name], self.histories)

    def _known_family(self, name: str) -> Seen:
        return self.in_graph["Family"].get(name, (None, None))


def _project_print(history: ProjectHistory) -> str:
    """Return a hash of all that a project's commits depend on: its history, and the rules."""
    known = history.fingerprint, digest() if history.tells_changes else ""
    return hashlib.sha256(repr(known).encode()).hexdigest()[:32]


def plan(snapshot: Snapshot, writer: GraphWriter) -> Plan:
    """Compare a snapshot with the graph that `writer` has open."""
    histories = {history.project.key: history for history in snapshot.projects()}
    families = {family.name: family for family in snapshot.families()}
    return Plan(
        histories,
        families,
        {
            label: {key: (seen, at) for key, seen, at in writer.ask(statement).rows()}
            for label, statement in _SEEN.items()
        },
        copies_fingerprints(histories, families.values()),
        dict(writer.ask(_COPIES).rows()),
    )


def write_nodes(
    writer: GraphWriter, plan: Plan, projects: list[str], families: list[str], *, complete: bool
) -> None:
    """Write the nodes of projects and families, without what hangs on them."""
    for side in Side:
        label = label_of(side)
        keys = [key for key in projects if plan.label(key) == label]
        rows: pa.Table = nodes(label, (plan.project_node(key, complete=complete) for key in keys))
        writer.put_nodes(label, rows)
    writer.put_nodes(
        "Family", nodes("Family", (plan.family_node(name, complete=complete) for name in families))
    )
