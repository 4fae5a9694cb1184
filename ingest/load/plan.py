"""What a load has to do so that the graph holds what the snapshot holds."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from hubtrace.graph.activity import PROJECT_LABELS, lacking_activity
from hubtrace.graph.store import GraphWriter, Result
from hubtrace.graph.tables import nodes
from hubtrace.graph.urls import Side
from hubtrace.ingest.change_types.rules import digest as rules_digest
from hubtrace.ingest.derive.blobs import boilerplate
from hubtrace.ingest.derive.links import members
from hubtrace.ingest.derive.project import label_of
from hubtrace.ingest.load.projects import told_properties
from hubtrace.ingest.records import Family, Observation
from hubtrace.ingest.snapshot import ProjectHistory, Snapshot

_COPIES_DERIVATION, _LINKS_DERIVATION, _SWITCHES_DERIVATION = 4, 3, 1
_HISTORY_DERIVATION = 5
"""Raised when the same inputs would give something else, so that graphs are brought up to date."""

Ask = Callable[..., Result]
"""`GraphStore.run` or `GraphWriter.ask`."""

Seen = tuple[str | int | None, ...]
"""Fingerprint, `observed_at` and (of a project) `failed_at`; equal means that the graph is up to
date."""

_COPIES = "MATCH (n:Variant) RETURN n.key, n.copies_fingerprint"
_SEEN = {
    "Repository": "MATCH (n:Repository) RETURN n.key, n.fingerprint, n.observed_at, n.failed_at",
    "Variant": "MATCH (n:Variant) RETURN n.key, n.fingerprint, n.observed_at, n.failed_at",
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

    wanted: dict[str, Seen] = field(default_factory=dict)
    """Project → what the graph ought to hold, once it was asked for."""
    prints: dict[str, str] = field(default_factory=dict)
    """Family → `family_print`, once it was asked for."""

    def again(self, ask: Ask) -> "Plan":
        """Return the plan for the same snapshot and the graph as it is now."""
        return replace(self, in_graph=_seen(ask), copies_in_graph=dict(ask(_COPIES).rows()))

    def is_done(self, snapshot: str, ask: Ask) -> bool:
        """Return True if the graph holds all of this snapshot, as it is."""
        return (
            not (self.stale_projects() or self.stale_families() or self.changed_copies())
            and _node(snapshot, self) in ask(_SNAPSHOT, key=snapshot).data()
            and not any(lacking_activity(label, ask, self.histories) for label in PROJECT_LABELS)
        )

    def with_families(self, families: Collection[Family]) -> "Plan":
        """Return the plan for the same projects with other families."""
        return replace(
            self,
            families={family.name: family for family in families},
            prints={},
            copies=_copies_fingerprints(self.histories, families),
        )

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
            "looks": [_look(seen) for seen in history.observations],
            "aliases": _other_names(history) or None,
            "observed_at": history.pointer.observed_at,
            "first_observed_at": history.observations[0].observed_at,
            "failed_at": history.pointer.failed_at,
            "ancestry": last.ancestry,
            "fingerprint": _project_print(history) if complete else None,
            **derived,
            **told_properties(history),
        }

    def family_node(self, name: str, *, complete: bool) -> dict[str, object]:
        """Return the node of a family; its fingerprint only once everything of it is written."""
        family = self.families[name]
        timestamps = [
            self.histories[key].pointer.observed_at
            for key in projects_of(family)
            if key in self.histories
        ]
        at = family.until if family.until is not None else max(timestamps, default=None)
        published = {f"published_{name}": label for name, label in family.published.items()}
        fingerprint = self.family_print(name) if complete else None
        return {"name": family.name, "observed_at": at, "fingerprint": fingerprint, **published}

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
        if key not in self.wanted:
            history = self.histories[key]
            seen = history.pointer.observed_at, history.pointer.failed_at
            self.wanted[key] = (_project_print(history), *seen)
        return self.wanted[key]

    def _seen(self, key: str) -> Seen:
        return self.in_graph[self.label(key)].get(key, (None, None, None))

    def family_print(self, name: str) -> str:
        """Return the hash of all that a family's derived nodes depend on."""
        if name not in self.prints:
            family = self.families[name]
            present = [
                (key, self.histories[key].fingerprint)
                for key in projects_of(family)
                if key in self.histories
            ]
            self.prints[name] = _hash(_SWITCHES_DERIVATION, family, present)
        return self.prints[name]

    def _known_family(self, name: str) -> Seen:
        return self.in_graph["Family"].get(name, (None, None))


def _look(seen: Observation) -> str:
    targets = {ref.name: ref.target for ref in seen.refs}
    return f"{seen.observed_at} {targets.get(seen.default_branch or '', '')}"


def _project_print(history: ProjectHistory) -> str:
    """Return a hash of all that a project's nodes depend on: its history, names, and the rules."""
    rules = rules_digest() if history.tells_changes else ""
    return _hash(_HISTORY_DERIVATION, history.fingerprint, rules, *_other_names(history))


def _other_names(history: ProjectHistory) -> list[str]:
    """Return the keys of the names that it had or has, and not those of the host's ids."""
    return [alias for alias in history.pointer.aliases if "://" in alias]


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def projects_of(family: Family) -> list[str]:
    """Return the keys of a family's projects, upstreams first."""
    return [upstream.project for upstream in family.upstreams] + list(family.variants)


def _copies_fingerprints(
    histories: Mapping[str, ProjectHistory], families: Iterable[Family]
) -> dict[str, str]:
    """Return for each variant a hash of all that its copies are derived from.

    A repository that changed makes the copies of all variants be compared (docs/decisions/0024).
    """
    repositories = [
        (key, history.fingerprint)
        for key, history in sorted(histories.items())
        if history.project.side is Side.UPSTREAM
    ]
    derivation = _COPIES_DERIVATION, _LINKS_DERIVATION
    everywhere = _hash(derivation, sorted(boilerplate()), repositories)
    relatives = defaultdict(list)
    for variant, repository in sorted(members(families)):
        relatives[variant].append(repository)
    return {
        key: _hash(everywhere, history.fingerprint, relatives[key])
        for key, history in histories.items()
        if history.project.side is Side.DOWNSTREAM
    }


def plan(snapshot: Snapshot, histories: dict[str, ProjectHistory], ask: Ask) -> Plan:
    """Compare a snapshot, and its projects as they were checked, with a graph."""
    families = {family.name: family for family in snapshot.families()}
    return Plan(
        histories,
        families,
        _seen(ask),
        _copies_fingerprints(histories, families.values()),
        dict(ask(_COPIES).rows()),
    )


def _seen(ask: Ask) -> dict[str, dict[str, Seen]]:
    return {
        label: {key: tuple(seen) for key, *seen in ask(statement).rows()}
        for label, statement in _SEEN.items()
    }


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


_SNAPSHOT = """
MATCH (s:Snapshot {key: $key})
RETURN s.key AS key, s.digest AS digest, s.tool AS tool, s.observed_at AS observed_at
"""


def write_snapshot(writer: GraphWriter, id_: str, plan: Plan) -> None:
    """Write the node of the snapshot, unless the graph has it as it is."""
    node = _node(id_, plan)
    if node not in writer.ask(_SNAPSHOT, key=id_).data():
        writer.put_nodes("Snapshot", nodes("Snapshot", [node]))


def _node(id_: str, plan: Plan) -> dict[str, Any]:
    timestamps = [history.pointer.observed_at for history in plan.histories.values()]
    return {
        "key": id_,
        "digest": digest(plan),
        "tool": f"hubtrace {version('hubtrace')}",
        "observed_at": max(timestamps, default=None),
    }


def digest(plan: Plan) -> str:
    """Return the SHA-256 over the fingerprints of all projects and families, in order of keys."""
    body = {
        "projects": {key: history.fingerprint for key, history in plan.histories.items()},
        "families": {name: plan.family_print(name) for name in plan.families},
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
