"""`hubtrace audit`: where one model comes from, what proves it, and findings."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hubtrace.graph.errors import HubtraceError
from hubtrace.options import GRAPH, AbandonAfter, Graph, Until, parse_until
from hubtrace.progress import say
from hubtrace.queries.audit.formats import AuditFormat, write


def audit(
    variant: Annotated[
        str,
        typer.Argument(metavar="VARIANT", help="A model: org/name, its URL, or a former name."),
    ],
    revision: Annotated[
        str | None,
        typer.Option(metavar="SHA|TAG|BRANCH", help="Default: the head of the default branch."),
    ] = None,
    graph: Graph = GRAPH,
    until: Until = None,
    abandon_after: AbandonAfter = 180,
    format_: Annotated[
        AuditFormat, typer.Option("--format", "-f", help="How to write it.")
    ] = AuditFormat.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: stdout.")
    ] = None,
) -> None:
    """Report where a model comes from, what proves it, and any findings: one page.

    Every statement cites a commit, a date or a URL; what is unknown is listed as unknown.

    Example:  hubtrace audit 01-ai/Yi-6B --format html -o yi-6b.html
    """
    from hubtrace.graph import open_store
    from hubtrace.queries.audit import audit as ask_audit
    from hubtrace.queries.thresholds import Thresholds

    thresholds = Thresholds(abandon_after_days=abandon_after)
    with open_store(graph) as store:
        found = ask_audit(store, variant, revision, parse_until(until), thresholds)
    try:
        text = write(found, format_)
    except ValueError as error:  # an in-toto statement without a subject
        raise HubtraceError(str(error)) from None
    write_document(text, output)


def write_document(text: str, output: Path | None) -> None:
    """Write a document to stdout, or to a file that is whole or not there.

    Raises:
        OSError: the file cannot be written.
    """
    if output is None:
        sys.stdout.write(text)
        return
    from hubtrace.graph.files import write_atomically

    write_atomically(output, text)
    say(f"wrote {output}")
