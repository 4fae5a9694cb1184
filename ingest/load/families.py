"""Families, and what is derived from their members together."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hubtrace.graph.identity import Side
from hubtrace.graph.model import key_of_parts
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START, pairs, relationships
from hubtrace.ingest.derive.project import DerivedProject, in_scope
from hubtrace.ingest.derive.switches import Switches, Timeline, find_switches
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import ProjectHistory

_DERIVATION = 1
"""Raised when the same members would give other switches, so that graphs are brought up to date."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The commits on the default branch of one project: its share of a merged timeline."""

    shas: list[str]
    at: NDArray[np.int64]

    @classmethod
    def of(cls, project: DerivedProject) -> "Entries":
        """Return the entries of a derived project."""
        mask = project.on_default.to_numpy(zero_copy_only=False)
        shas = project.commits["sha"].filter(project.on_default).to_pylist()
        return cls(shas, project.at.to_numpy()[mask])

    def only(self, scope: set[str]) -> "Entries":
        """Return the entries whose commits are in `scope`."""
        mask = np.array([sha in scope for sha in self.shas], dtype=np.bool_)
        return Entries([sha for sha in self.shas if sha in scope], self.at[mask])


def fingerprint(family: Family, members: Mapping[str, ProjectHistory]) -> str:
    """Return a hash of all that a family's derived nodes depend on."""
    present = [(key, members[key].fingerprint) for key in projects_of(family) if key in members]
    return hashlib.sha256(repr((_DERIVATION, family, present)).encode()).hexdigest()[:32]


def projects_of(family: Family) -> list[str]:
    """Return the keys of a family's projects, upstreams first."""
    return [upstream.project for upstream in family.upstreams] + list(family.variants)


def family_node(family: Family, histories: Mapping[str, ProjectHistory]) -> dict[str, object]:
    """Return the node of a family, without its fingerprint."""
    moments = [histories[k].pointer.observed_at for k in projects_of(family) if k in histories]
    published = {f"published_{name}": label for name, label in family.published.items()}
    moment = family.until if family.until is not None else max(moments, default=None)
    return {"name": family.name, "observed_at": moment, **published}


def write_families(
    writer: GraphWriter,
    families: Sequence[Family],
    histories: Mapping[str, ProjectHistory],
    entries: Mapping[str, Entries],
) -> int:
    """Replace the memberships, scopes and switches of families; return the number of switches."""
    if not families:
        return 0
    names = [family.name for family in families]
    for owned in ("UPSTREAM", "RELEASES", "IN_SCOPE", "HAS_SWITCH", "HAS_ASSESSMENT"):
        writer.remove_relationships(owned, "Family", names)
    links = [
        (family, up) for family in families for up in family.upstreams if up.project in histories
    ]
    rows = (
        {START: family.name, END: up.project, "paths": list(up.paths) or None}
        for family, up in links
    )
    writer.put_relationships("UPSTREAM", "Family", "Repository", relationships("UPSTREAM", rows))
    released = ((f.name, key) for f in families for key in f.variants if key in histories)
    writer.put_relationships("RELEASES", "Family", "Variant", pairs(released))
    scopes = {
        (family.name, up.project): in_scope(histories[up.project], up.paths)
        for family, up in links
        if up.paths
    }
    in_scope_rows = {(name, sha) for (name, _), shas in scopes.items() for sha in shas}
    writer.put_relationships("IN_SCOPE", "Family", "Commit", pairs(sorted(in_scope_rows)))
    return _write_switches(writer, families, entries, scopes)


def _write_switches(
    writer: GraphWriter,
    families: Sequence[Family],
    entries: Mapping[str, Entries],
    scopes: Mapping[tuple[str, str], set[str]],
) -> int:
    switches = find_switches(_timeline(families, entries, scopes))
    names = [families[number].name for number in switches.family.tolist()]
    # With wrong clocks, two commits that are on both sides can be neighbours in both directions.
    parts = zip(names, switches.from_side, switches.from_sha, switches.to_sha, strict=True)
    keys = [key_of_parts(*part) for part in parts]
    writer.put_nodes("Switch", _switch_nodes(switches, keys))
    writer.put_relationships("HAS_SWITCH", "Family", "Switch", _ends(names, keys))
    writer.put_relationships("FROM", "Switch", "Commit", _ends(keys, switches.from_sha))
    writer.put_relationships("TO", "Switch", "Commit", _ends(keys, switches.to_sha))
    return len(keys)


def _switch_nodes(switches: Switches, keys: list[str]) -> pa.Table:
    return pa.table(
        {
            "key": pa.array(keys, pa.string()),
            "from_side": pa.array([str(side) for side in switches.from_side], pa.string()),
            "from_at": switches.from_at,
            "to_at": switches.to_at,
            "lag_seconds": switches.lag_seconds,
        }
    )


def _ends(starts: list[str], ends: list[str]) -> pa.Table:
    return pa.table({START: pa.array(starts, pa.string()), END: pa.array(ends, pa.string())})


def _timeline(
    families: Sequence[Family],
    entries: Mapping[str, Entries],
    scopes: Mapping[tuple[str, str], set[str]],
) -> Timeline:
    parts = [
        (number, side, key, share)
        for number, family in enumerate(families)
        for side, key, share in _shares(family, entries, scopes)
    ]
    counts = [len(share.shas) for *_, share in parts]
    return Timeline(
        family=np.repeat(np.array([number for number, *_ in parts], dtype=np.int64), counts),
        at=np.concatenate([share.at for *_, share in parts] or [np.empty(0, np.int64)]),
        downstream=np.repeat(
            np.array([side is Side.DOWNSTREAM for _, side, *_ in parts], dtype=np.bool_), counts
        ),
        project=list(chain.from_iterable([key] * len(share.shas) for _, _, key, share in parts)),
        sha=list(chain.from_iterable(share.shas for *_, share in parts)),
    )


def _shares(
    family: Family, entries: Mapping[str, Entries], scopes: Mapping[tuple[str, str], set[str]]
) -> Iterable[tuple[Side, str, Entries]]:
    for upstream in family.upstreams:
        if upstream.project in entries:
            share = entries[upstream.project]
            if upstream.paths:
                share = share.only(scopes[family.name, upstream.project])
            yield Side.UPSTREAM, upstream.project, share
    for key in family.variants:
        if key in entries:
            yield Side.DOWNSTREAM, key, entries[key]
