"""Which snapshot a graph was loaded from: its id, and a digest over all that it holds."""

import hashlib
import json
from importlib.metadata import version
from typing import Any

from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import nodes
from hubtrace.ingest.load.plan import Plan

_SEEN = """
MATCH (s:Snapshot {key: $key})
RETURN s.key AS key, s.digest AS digest, s.tool AS tool, s.observed_at AS observed_at
"""


def write_snapshot(writer: GraphWriter, id_: str, plan: Plan) -> None:
    """Write the node of the snapshot, unless the graph has it as it is."""
    node = _node(id_, plan)
    if node not in writer.ask(_SEEN, key=id_).data():
        writer.put_nodes("Snapshot", nodes("Snapshot", [node]))


def _node(id_: str, plan: Plan) -> dict[str, Any]:
    moments = [history.pointer.observed_at for history in plan.histories.values()]
    return {
        "key": id_,
        "digest": digest(plan),
        "tool": f"hubtrace {version('hubtrace')}",
        "observed_at": max(moments, default=None),
    }


def digest(plan: Plan) -> str:
    """Return the SHA-256 over the fingerprints of all projects and families, in order of keys."""
    body = {
        "projects": {key: history.fingerprint for key, history in plan.histories.items()},
        "families": {name: plan.family_print(name) for name in plan.families},
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
