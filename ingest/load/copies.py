"""The copies of variants in the graph (docs/decisions/0023, 0024)."""

from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.store import GraphWriter
from hubtrace.ingest.load.replace import Edges, Nodes, Row, ends, replace, stale

_COPY = ["key", "blob", "path", "origin_path", "kind", "boilerplate", "lag_seconds", "gone_at"]
_IN_GRAPH = """
MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)
WHERE v.key IN $keys
OPTIONAL MATCH (c)-[:COPIED_IN]->(copied:Commit)
OPTIONAL MATCH (c)-[:ORIGINATES_IN]->(origin:Commit)
RETURN v.key, c.key, c.origin_path, c.kind, c.boilerplate, c.lag_seconds, c.gone_at, copied.sha,
       origin.sha
"""
_COMPARED = ["key", *_COPY[3:], "copied_sha", "origin_sha"]


def write_copies(writer: GraphWriter, copies: pa.Table, changed: Sequence[str]) -> int:
    """Replace the copies of those of the variants `changed` whose copies differ; return how many.

    `copies` are those of all variants, as `find_copies` returns them. The nodes of projects and
    commits are there.
    """
    wanted: dict[str, set[Row]] = defaultdict(set)
    columns = [copies[name].to_pylist() for name in ("variant", *_COMPARED)]
    for variant, *copy in zip(*columns, strict=True):
        wanted[variant].add(tuple(copy))
    different = stale(writer, _IN_GRAPH, sorted(changed), wanted)
    fresh = copies.filter(pc.is_in(copies["variant"], pa.array(different, pa.string())))
    known = fresh.filter(pc.is_valid(fresh["origin_sha"]))
    tables: list[Nodes | Edges] = [
        Nodes("Copy", fresh.select(_COPY)),
        Edges("HAS_COPY", "Variant", "Copy", ends(fresh["variant"], fresh["key"])),
        Edges("COPIED_FROM", "Copy", "Repository", ends(fresh["key"], fresh["repository"])),
        Edges("COPIED_IN", "Copy", "Commit", ends(fresh["key"], fresh["copied_sha"])),
        Edges("ORIGINATES_IN", "Copy", "Commit", ends(known["key"], known["origin_sha"])),
    ]
    replace(writer, "Variant", different, tables)
    return len(fresh)
