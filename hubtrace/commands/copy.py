"""`hubtrace copy`: the same graph in another store."""

from pathlib import Path
from typing import Annotated

import typer

from hubtrace.commands.load import load_snapshot
from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import count
from hubtrace.progress import progress, say


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="A graph, or a snapshot's folder.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The graph to copy into.")],
) -> None:
    """Copy a graph into another store, either way, or load a snapshot into it.

    What the target holds already stays; copying twice changes nothing.

    Example:  hubtrace copy hubtrace.kgl neo4j://localhost:7687
    """
    from hubtrace.graph.tables import copy_graph

    if source == target:
        raise HubtraceError(f"{source} cannot be copied onto itself")
    if (Path(source) / "snapshot.json").is_file():
        load_snapshot(Path(source), target)
        return
    with open_store(source) as from_store, open_store(target) as to_store, progress() as show:
        nodes, relationships = copy_graph(from_store, to_store, show)
    say(
        f"copied {count(nodes, 'node')} and {count(relationships, 'relationship')} "
        f"from {from_store.url} to {to_store.url}"
    )
