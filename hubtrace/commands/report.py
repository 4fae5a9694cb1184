"""`hubtrace report`: everything about some families, as a page, Markdown, JSON or tables."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.files import atomic_replace, write_atomically
from hubtrace.options import (
    GRAPH,
    AbandonAfter,
    Families,
    Graph,
    PeriodDays,
    Until,
    as_date,
    open_graph_at,
    parse_moment,
    parse_until,
)
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.changes import Changes
    from hubtrace.queries.thresholds import Thresholds

OUTPUT = Path("hubtrace-report")


class ReportFormat(StrEnum):
    """What a report can be written as."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    families: Families = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where it is written.")
    ] = OUTPUT,
    formats: Annotated[
        list[ReportFormat] | None,
        typer.Option("--format", "-f", help="What to write; repeatable. Default: html."),
    ] = None,
    graph: Graph = GRAPH,
    until: Until = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE|PLACE",
            help="Tell what changed since a date, or since another graph or snapshot.",
        ),
    ] = None,
    period_days: PeriodDays = 14,
    abandon_after: AbandonAfter = 180,
) -> None:
    """Write a report on families: numbers beside the study's, timelines, what was left behind.

    The page is one file that needs no network. Prints the path of what it wrote.

    Example:  hubtrace report -o out --format html --format json

    Example:  hubtrace report yi --since 2024-06-30
    """
    from hubtrace.graph.store import open_store
    from hubtrace.queries.thresholds import Thresholds

    moment = parse_until(until)
    # A period has as many day offsets as days.
    thresholds = Thresholds(
        period_days=period_days, offsets=max(period_days, 1), abandon_after_days=abandon_after
    )
    with open_store(graph) as store:
        compared = None
        if since is not None:
            compared = _changes(store, graph, since, families or None, moment, thresholds)
        document = _document(store, families or None, moment, thresholds, compared)
    for path in write(document, output, formats or [ReportFormat.HTML]):
        print(path)


def write(document: dict[str, Any], output: Path, formats: list[ReportFormat]) -> list[Path]:
    """Write a report's document in these formats; return where.

    Raises:
        HubtraceError: the folder cannot be made.
    """
    if output.exists() and not output.is_dir():
        raise HubtraceError(f"{output} is a file; give a folder with -o")
    output.mkdir(parents=True, exist_ok=True)
    return [_WRITERS[format_](document, output) for format_ in dict.fromkeys(formats)]


def _document(
    store: "GraphStore",
    families: list[str] | None,
    until: int | None,
    thresholds: "Thresholds",
    compared: "Changes | None",
) -> dict[str, Any]:
    from dataclasses import replace

    from hubtrace.queries.report import document
    from hubtrace.queries.report import report as ask_report
    from hubtrace.queries.report.formats.markdown import changes_document

    with progress() as show:
        found = ask_report(store, families, until, thresholds, progress=show)
    if compared is not None:
        found = replace(found, changes=changes_document(compared))
    return document(found)


def _changes(
    store: "GraphStore",
    graph: str,
    since: str,
    families: list[str] | None,
    until: int | None,
    thresholds: "Thresholds",
) -> "Changes":
    from hubtrace.commands.diff import counted
    from hubtrace.queries.changes import changes, state

    date = as_date(since)
    after = state(store, graph, families, until, thresholds)
    if date is not None:
        before = state(store, f"{graph}@{since}", families, date, thresholds)
    else:
        moment = parse_moment(since)
        if "://" not in moment.place and not Path(moment.place).exists():
            raise HubtraceError(
                f"--since: {since!r} is no date, and there is no graph or snapshot of that name"
            )
        with open_graph_at(moment) as other:
            before = state(other, moment.name, families, moment.until, thresholds)
    found = changes(before, after)
    say(counted(found))
    return found


def _html(document: dict[str, Any], output: Path) -> Path:
    from hubtrace.queries.report.formats.html import page

    return _put(output / "report.html", page(document))


def _markdown(document: dict[str, Any], output: Path) -> Path:
    from hubtrace.queries.report.formats.markdown import markdown

    return _put(output / "report.md", markdown(document))


def _json(document: dict[str, Any], output: Path) -> Path:
    return _put(output / "report.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _parquet(document: dict[str, Any], output: Path) -> Path:
    import pyarrow.parquet as pq

    from hubtrace.queries.report.formats.parquet import tables

    folder = output / "parquet"
    folder.mkdir(exist_ok=True)
    for name, table in tables(document).items():
        with atomic_replace(folder / f"{name}.parquet") as aside:
            pq.write_table(table, aside)
    return folder


def _put(path: Path, text: str) -> Path:
    write_atomically(path, text)
    return path


_WRITERS: dict[ReportFormat, Callable[[dict[str, Any], Path], Path]] = {
    ReportFormat.HTML: _html,
    ReportFormat.MARKDOWN: _markdown,
    ReportFormat.JSON: _json,
    ReportFormat.PARQUET: _parquet,
}
