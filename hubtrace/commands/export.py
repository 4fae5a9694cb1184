"""`hubtrace export`: a graph as files for other programs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.atomic_files import atomic_replace
from hubtrace.graph.format import count
from hubtrace.help import Command, Group
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Graph,
    OutputFormat,
    SnapshotDir,
    Until,
    table_options,
)
from hubtrace.output import Format, Table, check_output
from hubtrace.past import open_at
from hubtrace.progress import progress, say

_Family = Annotated[
    list[str] | None,
    typer.Option("--family", metavar="NAME", help="Only this family; repeatable. Default: all."),
]
_File = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")]
_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or a new one.")]


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table that was written."""

    table: str
    """The name of its file."""
    rows: int


@dataclass(frozen=True, slots=True)
class ExportDocument:
    """The tables that were written."""

    tables: tuple[ExportedTable, ...]


app = typer.Typer(
    cls=Group,
    help="Write a graph as files for other programs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(cls=Command, name="neo4j-import")
def neo4j_import(folder: _Folder, graph: Graph = GRAPH) -> None:
    """Write files for `neo4j-admin database import full`, and the command that imports them.

    The quick way into Neo4j for large graphs; the database must be empty and stopped. Afterwards
    start it, and let cypher-shell run schema.cypher: the importer makes no constraints.

    Example:  hubtrace export neo4j-import import/ --graph hubtrace.kgl
    """
    from hubtrace.exports.neo4j_import import COMMAND_FILE, SCHEMA_FILE, export_neo4j_import

    with open_store(graph) as store, progress() as show:
        nodes, relationships = export_neo4j_import(store, folder, show)
    say(
        f"wrote {count(nodes, 'node')} and {count(relationships, 'relationship')} to {folder}; "
        f"import them with {folder / COMMAND_FILE}, start the server, "
        f"then run cypher-shell --file {folder / SCHEMA_FILE}"
    )


@app.command(cls=Command)
def graphml(file: _File, family: _Family = None, graph: Graph = GRAPH) -> None:
    """Write families, or the whole graph, as GraphML for networkx, Gephi, yEd or igraph.

    Control characters, which XML cannot hold, are written visibly; all else stays as it was.

    Example:  hubtrace export graphml qwen.graphml --family Qwen_Qwen-VL
    """
    from hubtrace.exports.graphml import write_graphml

    _write(file, family, graph, write_graphml)


@app.command(cls=Command, name="node-link")
def node_link(file: _File, family: _Family = None, graph: Graph = GRAPH) -> None:
    """Write families, or the whole graph, as node-link JSON for networkx and D3.

    Example:  hubtrace export node-link qwen.json --family Qwen_Qwen-VL
    """
    from hubtrace.exports.node_link import write_node_link

    _write(file, family, graph, write_node_link)


def _write(
    file: Path, families: list[str] | None, graph: str, write: Callable[..., tuple[int, int]]
) -> None:
    from hubtrace.exports.subgraph import subgraph

    check_output(file)
    with open_store(graph) as store, progress() as show:
        nodes, relationships = subgraph(store, families)
        with atomic_replace(file) as aside, aside.open("w", encoding="utf-8", newline="\n") as out:
            counts = write(out, nodes, relationships, show)
    say(f"wrote {count(counts[0], 'node')} and {count(counts[1], 'relationship')} to {file}")


@app.command(cls=Command)
@table_options
def tables(
    folder: _Folder,
    family: _Family = None,
    until: Until = None,
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Write the answers to every stored question as Parquet tables; list them with their rows.

    Example:  hubtrace export tables tables/ --family Qwen_Qwen-VL
    """
    from hubtrace.exports.tables import export_tables

    with open_at(graph, until, family, snapshot) as store, progress() as show:
        counts = export_tables(store, folder, family, until, show)
    rows = tuple(ExportedTable(f"{name}.parquet", rows) for name, rows in counts.items())
    table = Table.of_records("hubtrace.export.tables/1", ExportedTable)
    table.print(rows, format_, ExportDocument(rows))
    say(f"wrote {count(len(rows), 'table')} to {folder}")
