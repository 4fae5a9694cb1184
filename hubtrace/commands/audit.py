"""`hubtrace audit`: where one model comes from, what proves it, and findings."""

from typing import Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.options import GRAPH, AbandonAfter, Graph, OutputFile, Until
from hubtrace.output import write_document
from hubtrace.queries.audit.formats import AuditFormat, write
from hubtrace.queries.thresholds import Thresholds


def audit(
    variant: Annotated[
        str, typer.Argument(metavar="VARIANT", help="A model: org/name, its URL, or a former name.")
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
    output: OutputFile = None,
) -> None:
    """Report where a model comes from, what proves it, and any findings: one page.

    Every statement cites a commit, a date or a URL; what is unknown is listed as unknown.

    Example:  hubtrace audit Qwen/Qwen-VL-Chat --format html -o qwen.html
    """
    from hubtrace.queries.audit import audit as run_audit

    thresholds = Thresholds(abandon_after_days=abandon_after)
    with open_store(graph) as store:
        found = run_audit(store, variant, revision, until, thresholds)
    try:
        text = write(found, format_)
    except ValueError as error:  # an in-toto statement without a subject
        raise HubtraceError(str(error)) from None
    write_document(text, output)
