"""Patterns as assessments in the graph, one per family and time (docs/design.md, section 5)."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hubtrace.graph.model import MODEL, key_of_parts
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import Progress
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    import pyarrow as pa

_FROM_PATTERN = (
    "lag",
    "sync",
    "intensity",
    "code",
    "pattern",
    "reason",
    "stability",
    "runner_up",
    "code_7_days",
    "code_28_days",
    "early_code",
    "late_code",
)


def tag(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    *,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> list[FamilyPattern]:
    """Compute the patterns of these families, by default all, and store them as assessments.

    The assessment of a family at the same `until` is replaced, others are kept; a family whose
    time is unknown (`until` None and never observed) is returned, but nothing is stored for it.
    Tagging again changes nothing but `assessed_at`.

    Raises:
        CatalogueError: the graph has no such family.
        GraphLocked: another process is writing to the graph.
    """
    thresholds = thresholds or Thresholds()
    found = patterns(store, families, until, thresholds, progress=progress)
    dated = [pattern for pattern in found if pattern.until is not None]
    if dated:
        nodes, relationships = _tables(dated, thresholds, int(clock()))
        with store.write() as writer:
            writer.put_nodes("Assessment", nodes)
            writer.put_relationships("HAS_ASSESSMENT", "Family", "Assessment", relationships)
    return found


def assessment_key(pattern: FamilyPattern) -> str:
    """Return the key of a pattern's assessment: family, a space, `until`."""
    return key_of_parts(pattern.family, pattern.until)


def _tables(
    found: Sequence[FamilyPattern], thresholds: Thresholds, assessed_at: int
) -> "tuple[pa.Table, pa.Table]":
    import pyarrow as pa

    from hubtrace.graph.tables import node_schema, relationship_schema

    rows: list[dict[str, Any]] = [
        {name: getattr(pattern, name) for name in _FROM_PATTERN}
        | {"key": assessment_key(pattern), "until": pattern.until}
        | {"assessed_at": assessed_at, "thresholds": thresholds.to_json()}
        for pattern in found
    ]
    ends = [
        {"start": pattern.family, "end": row["key"]}
        for pattern, row in zip(found, rows, strict=True)
    ]
    nodes, ending = MODEL.node("Assessment"), MODEL.relationship("HAS_ASSESSMENT")
    return (
        pa.Table.from_pylist(rows, schema=node_schema(nodes)),
        pa.Table.from_pylist(ends, schema=relationship_schema(ending)),
    )
