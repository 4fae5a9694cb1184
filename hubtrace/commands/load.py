"""`hubtrace load`: bring a graph up to what a snapshot holds."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hubtrace.graph import open_store
from hubtrace.graph.format import count
from hubtrace.options import GRAPH, Graph, SnapshotArgument
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.ingest.load.loader import Loaded


def load(snapshot: SnapshotArgument, graph: Graph = GRAPH) -> None:
    """Bring the graph up to what a snapshot holds.

    What the graph holds already is left alone, so loading twice changes nothing.

    Example:  hubtrace load hubtrace-snapshot --graph hubtrace.kgl
    """
    load_snapshot(snapshot, graph)


def load_snapshot(snapshot: Path, graph: str, *, assign: bool = False) -> "Loaded":
    """Load a snapshot, print what was new, and return it.

    `assign` makes variants members of families by content, and records it in the snapshot.

    Raises:
        HubtraceError: the snapshot cannot be read, or the graph not be written.
    """
    from hubtrace.ingest.families import assign_by_content
    from hubtrace.ingest.load import load as load_into
    from hubtrace.ingest.snapshot import Snapshot

    with open_store(graph) as store, progress() as show:
        by_content = partial(assign_by_content, snapshot) if assign else None
        loaded = load_into(Snapshot(snapshot), store, show, by_content)
    for key in loaded.missing:
        say(f"warning: a family names {key}, which the snapshot does not hold")
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    say(
        f"loaded {graph}: {loaded.new_families} of {count(loaded.families, 'family')} and "
        f"{loaded.new_projects} of {count(loaded.projects, 'project')} were new or changed "
        f"({count(loaded.commits, 'commit')}, {loaded.switches:,} switches, "
        f"{count(loaded.copies, 'copied file')})"
    )
    return loaded
