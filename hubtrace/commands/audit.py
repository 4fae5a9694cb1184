"""`hubtrace audit`: where one model comes from, what proves it, what should worry us."""

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.graph.errors import HubtraceError
from hubtrace.options import GRAPH, AbandonAfter, Graph, Until, parse_until
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.audit import Audit


class AuditFormat(StrEnum):
    """How an audit is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CYCLONEDX = "cyclonedx"
    IN_TOTO = "in-toto"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


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
    """Tell where a model comes from, what proves it, and what should worry us: one page.

    Every statement leads to a commit, a date or a URL; what is unknown is said to be unknown.

    Example:  hubtrace audit 01-ai/Yi-6B --format html -o yi-6b.html
    """
    from hubtrace.graph.store import open_store
    from hubtrace.queries.audit import audit as ask_audit
    from hubtrace.queries.thresholds import Thresholds

    thresholds = Thresholds(abandon_after_days=abandon_after)
    with open_store(graph) as store:
        found = ask_audit(store, variant, revision, parse_until(until), thresholds)
    write(_written(found, format_), output)


def write(text: str, output: Path | None) -> None:
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


def _written(found: "Audit", format_: AuditFormat) -> str:
    try:
        return _writer(format_)(found)
    except ValueError as error:  # an in-toto statement of nothing
        raise HubtraceError(str(error)) from None


def _writer(format_: AuditFormat) -> "Callable[[Audit], str]":
    """Return what writes a format; each is imported only when it is asked for."""
    if format_ is AuditFormat.JSON:
        from hubtrace.queries.audit.formats.json import to_json

        return to_json
    if format_ is AuditFormat.CYCLONEDX:
        from hubtrace.queries.audit.formats.cyclonedx import to_cyclonedx

        return to_cyclonedx
    if format_ is AuditFormat.IN_TOTO:
        from hubtrace.queries.audit.formats.in_toto import to_in_toto

        return to_in_toto
    return _page_writer(format_)


def _page_writer(format_: AuditFormat) -> "Callable[[Audit], str]":
    from hubtrace.queries.audit.page import page_of

    if format_ is AuditFormat.HTML:
        from hubtrace.queries.audit.formats.html import to_html

        return lambda found: to_html(page_of(found), found)
    if format_ is AuditFormat.MARKDOWN:
        from hubtrace.queries.audit.formats.markdown import to_markdown

        return lambda found: to_markdown(page_of(found))
    from hubtrace.queries.audit.formats.text import to_text

    return lambda found: to_text(page_of(found))
