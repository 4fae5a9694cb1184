"""`hubtrace export`: a graph as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from hubtrace.options import GRAPH, Graph
from hubtrace.progress import count, progress, say

app = typer.Typer(
    help="Write a graph as files for other programs.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _export() -> None:
    pass


@app.command("neo4j-import")
def neo4j_import(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or a new one.")],
    graph: Graph = GRAPH,
) -> None:
    """Write files for `neo4j-admin database import full`, and the command that imports them.

    The quick way into Neo4j for large graphs; the database must be empty and stopped. Afterwards
    start it, and let cypher-shell run schema.cypher: the importer makes no constraints.

    Example:  hubtrace export neo4j-import import/ --graph hubtrace.kgl
    """
    from graph.neo4j_import import COMMAND_FILE, SCHEMA_FILE, export_neo4j_import
    from graph.store import open_store

    with open_store(graph) as store, progress() as show:
        nodes, relationships = export_neo4j_import(store, folder, show)
    say(
        f"wrote {count(nodes, 'node')} and {count(relationships, 'relationship')} to {folder}; "
        f"import them with {folder / COMMAND_FILE}, start the server, "
        f"then run cypher-shell --file {folder / SCHEMA_FILE}"
    )
