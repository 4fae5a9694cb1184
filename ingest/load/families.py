"""Families in the graph, and what is derived from their members together."""

from collections.abc import Mapping

import pyarrow as pa

from hubtrace.graph.model import key_of_parts
from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START, pairs, relationships
from hubtrace.ingest.derive.switches import DerivedFamilies, Switches
from hubtrace.ingest.load.replace import Edges, Nodes, ends, replace
from hubtrace.ingest.snapshot import ProjectHistory


def write_families(
    writer: GraphWriter, derived: DerivedFamilies, histories: Mapping[str, ProjectHistory]
) -> None:
    """Replace the memberships, scopes and switches of families whose nodes are there."""
    if not derived.families:
        return
    upstreams = (
        {START: family.name, END: up.project, "paths": list(up.paths) or None}
        for family in derived.families
        for up in family.upstreams
        if up.project in histories
    )
    released = ((f.name, key) for f in derived.families for key in f.variants if key in histories)
    scopes = {(name, sha) for (name, _), shas in derived.in_scope.items() for sha in shas}
    switches = derived.switches
    names = [derived.families[number].name for number in switches.family.tolist()]
    # With wrong clocks, two commits that are on both sides can be neighbours in both directions.
    parts = zip(names, switches.from_side, switches.from_sha, switches.to_sha, strict=True)
    keys = [key_of_parts(*part) for part in parts]
    tables: list[Nodes | Edges] = [
        Edges("UPSTREAM", "Family", "Repository", relationships("UPSTREAM", upstreams)),
        Edges("RELEASES", "Family", "Variant", pairs(released)),
        Edges("IN_SCOPE", "Family", "Commit", pairs(sorted(scopes))),
        Nodes("Switch", _switch_nodes(switches, keys)),
        Edges("HAS_SWITCH", "Family", "Switch", ends(names, keys)),
        Edges("FROM", "Switch", "Commit", ends(keys, switches.from_sha)),
        Edges("TO", "Switch", "Commit", ends(keys, switches.to_sha)),
    ]
    # What `tag` said of the old members does not hold for the new ones.
    names_of_families = [family.name for family in derived.families]
    replace(writer, "Family", names_of_families, tables, dropped=["HAS_ASSESSMENT"])


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
