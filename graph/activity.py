"""When projects were active, kept in one node a project beside their commits.

A label needs nothing of a commit but its time on the default branch. Walking to all commits is most
of what labels cost, so a write that changed commits keeps their times, too (docs/decisions/0069).
Where a project has no such node, its commits are asked.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from operator import sub
from typing import Any

from hubtrace.graph.store import GraphWriter, Result

Group = tuple[str, int | None, int | None, Sequence[int]]
"""Project, `entered_at`, `left_at` (null while on the default branch), times of its commits."""

PROJECT_LABELS = ("Repository", "Variant")
_PROJECTS_PER_QUESTION = 1_000
_LACKING = """
MATCH (p:{label})
WHERE NOT EXISTS {{ (p)-[:HAS_ACTIVITY]->() }}
  AND (p.observed_at IS NOT NULL OR EXISTS {{ (p)-[:HAS_COMMIT]->() }})
RETURN p.key
"""
"""Base models that were never read are left out."""

_COMMITS = """
UNWIND $keys AS key
MATCH (p:{label} {{key: key}})-[h:HAS_COMMIT]->(:Commit)
WHERE h.on_default OR h.left_at IS NOT NULL
RETURN key, h.entered_at, CASE WHEN h.on_default THEN null ELSE h.left_at END AS left_at,
       collect(h.at)
"""


def put_activity(
    writer: GraphWriter, label: str, keys: Iterable[str], groups: Iterable[Group]
) -> None:
    """Write the activity of the projects `keys` of a label, whose nodes are there."""
    import pyarrow as pa  # no question may wait for it

    found: dict[str, list[str]] = {key: [] for key in keys}
    for key, entered_at, left_at, times in groups:
        found[key].append(group_text(entered_at, left_at, times))
    times = pa.array([sorted(texts) or None for texts in found.values()], pa.list_(pa.string()))
    names = pa.array(found, pa.string())
    writer.put_nodes("Activity", pa.table({"key": names, "times": times}))
    ends = pa.table({"start": names, "end": names})
    writer.put_relationships("HAS_ACTIVITY", label, "Activity", ends)


def group_text(entered_at: int | None, left_at: int | None, times: Iterable[int]) -> str:
    """Return an element of `Activity.times`; of times that are equal one is enough."""
    ordered = sorted(set(times))
    steps = [ordered[0], *map(sub, ordered[1:], ordered)]
    bounds = ["-" if moment is None else str(moment) for moment in (entered_at, left_at)]
    return " ".join([*bounds, *map(str, steps)])


def lacking_activity(
    label: str, ask: Callable[[str], Result], keys: Container[str] | None = None
) -> list[str]:
    """Return which of these projects of a label, by default of all, have no activity."""
    lacking = [key for (key,) in ask(_LACKING.format(label=label)).rows()]
    return [key for key in lacking if keys is None or key in keys]


def complete_activity(writer: GraphWriter, keys: Container[str] | None = None) -> None:
    """Write the activity of these projects, by default of all, where the graph lacks it."""
    for label in PROJECT_LABELS:
        lacking = lacking_activity(label, writer.ask, keys)
        for first in range(0, len(lacking), _PROJECTS_PER_QUESTION):
            some = lacking[first : first + _PROJECTS_PER_QUESTION]
            groups: Any = writer.ask(_COMMITS.format(label=label), keys=some).rows()
            put_activity(writer, label, some, groups)


def renew_activity(writer: GraphWriter) -> None:
    """Write the activity of all projects again, whatever happened to their commits."""
    writer.run("MATCH (a:Activity) DETACH DELETE a")
    complete_activity(writer)
