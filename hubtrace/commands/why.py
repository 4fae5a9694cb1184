"""`hubtrace why`: every path between a variant and a repository, in sentences."""

from dataclasses import asdict
from typing import Annotated

import typer

from hubtrace.graph.format import count
from hubtrace.options import GRAPH, Graph, OutputFormat
from hubtrace.output import Format, print_json, print_rows
from hubtrace.progress import say

COLUMNS = ("path", "weight", "what")
_SCHEMA = "hubtrace.why/1"
_FILES = 20


def why(
    variant: Annotated[
        str, typer.Argument(metavar="VARIANT", help="A variant, ORG/MODEL or its URL.")
    ],
    repository: Annotated[
        str, typer.Argument(metavar="REPOSITORY", help="A repository, OWNER/NAME or its URL.")
    ],
    graph: Graph = GRAPH,
    all_: Annotated[
        bool, typer.Option("--all", help=f"List every file, not just {_FILES}.")
    ] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Explain why a variant may come from a repository: each path between the two, in a sentence.

    Files that both have, evidence, commits that name each other, families, base models, people.

    Example:  hubtrace why 01-ai/Yi-34B 01-ai/Yi --format markdown
    """
    from hubtrace.graph import open_store
    from hubtrace.queries.provenance import why as ask_why

    with open_store(graph) as store:
        found = ask_why(store, variant, repository)
    if format_ is Format.JSON:
        print_json({"schema": _SCHEMA, **asdict(found)})
        return
    files = [path for path in found.paths if path.kind == "file"]
    left_out = set() if all_ else {id(path) for path in files[_FILES:]}
    rows = [
        {"path": path.kind, "weight": path.weight, "what": path.sentence}
        for path in found.paths
        if id(path) not in left_out
    ]
    print_rows(rows, COLUMNS, format_, _SCHEMA)
    pair = f"{found.variant.name} and {found.repository.name}"
    say(f"{count(len(found.paths), 'path')} between {pair}" if rows else f"nothing joins {pair}")
    if left_out:
        say(f"{count(len(left_out), 'file')} not shown; --all shows them")
