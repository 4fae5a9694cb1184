"""`hubtrace why`: every path between a variant and a repository, in sentences."""

from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.first_ingest import Ingest, open_graph_with
from hubtrace.graph.format import count
from hubtrace.graph.urls import Side
from hubtrace.options import GRAPH, SNAPSHOT, Graph, OutputFormat, SnapshotDir, table_options
from hubtrace.output import Format, Table
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.provenance import Path

TABLE: Table["Path"] = Table(
    "hubtrace.why/1",
    {
        "path": lambda path: path.kind,
        "weight": lambda path: path.weight,
        "what": lambda path: path.sentence,
    },
    summed_up=True,
)
_FILES = 20


@table_options
def why(
    variant: Annotated[
        str, typer.Argument(metavar="VARIANT", help="A variant, ORG/MODEL or its URL.")
    ],
    repository: Annotated[
        str, typer.Argument(metavar="REPOSITORY", help="A repository, OWNER/NAME or its URL.")
    ],
    ingest: Ingest = False,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    all_: Annotated[
        bool, typer.Option("--all", help=f"List every file, not just {_FILES}.")
    ] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Explain why a variant may come from a repository: each path between the two, in a sentence.

    Files that both have, evidence, commits that name each other, families, base models, people.

    Example:  hubtrace why Qwen/Qwen-VL-Chat QwenLM/Qwen-VL --format markdown
    """
    from hubtrace.queries.provenance import why as find_paths

    both = ((Side.DOWNSTREAM, variant), (Side.UPSTREAM, repository))
    with open_graph_with(graph, both, snapshot, ingest=ingest) as store:
        found = find_paths(store, variant, repository)
    files = [path for path in found.paths if path.kind == "file"]
    hidden = set() if all_ else {id(path) for path in files[_FILES:]}
    shown = [path for path in found.paths if id(path) not in hidden]
    TABLE.print(shown, format_, found)
    if format_ is Format.JSON:
        return
    pair = f"{found.variant.name} and {found.repository.name}"
    say(f"{count(len(found.paths), 'path')} between {pair}" if shown else f"nothing joins {pair}")
    if hidden:
        say(f"{count(len(hidden), 'file')} not shown; --all shows them")
