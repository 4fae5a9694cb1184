"""`hubtrace report`: everything about some families, as a page, Markdown, JSON or tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.commands.diff import state_at, summary
from hubtrace.graph.errors import HubtraceError
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    AbandonAfter,
    Families,
    Graph,
    GraphAt,
    PeriodDays,
    SnapshotDir,
    Until,
    as_date,
)
from hubtrace.past import open_at
from hubtrace.progress import progress, say
from hubtrace.queries.report.formats import ReportFormat
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from hubtrace.queries.changes import Changes, State
    from hubtrace.queries.report.records import Report


def report(
    families: Families = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where it is written.")
    ] = Path("hubtrace-report"),
    formats: Annotated[
        list[ReportFormat] | None,
        typer.Option("--format", "-f", help="What to write; repeatable. Default: html."),
    ] = None,
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    until: Until = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE|PLACE",
            help="List what changed since a date, or since another graph or snapshot.",
        ),
    ] = None,
    period_days: PeriodDays = 14,
    abandon_after: AbandonAfter = 180,
) -> None:
    """Write a report on families: numbers beside the study's, timelines, what was left behind.

    The page is one file that needs no network. Prints the path of what it wrote. Needs the extra
    `statistics`.

    Example:  hubtrace report -o out --format html --format json

    Example:  hubtrace report Qwen_Qwen-VL --since 2024-06-30
    """
    from hubtrace.queries.report.build import report as build_report
    from hubtrace.queries.statistics.inference import needs_scipy

    needs_scipy()
    thresholds = Thresholds(period_days=period_days, abandon_after_days=abandon_after)
    with open_at(graph, until, families, snapshot) as store:
        changes = None
        if since is not None:
            from hubtrace.queries.changes import state

            after = state(store, graph, families, until, thresholds)
            changes = _changes_since(since, after, families, snapshot, thresholds)
        with progress() as show:
            found = build_report(store, families, until, thresholds, changes=changes, progress=show)
    for path in write(found, output, formats or [ReportFormat.HTML]):
        print(path)


def write(report: "Report", output: Path, formats: list[ReportFormat]) -> list[Path]:
    """Write a report in these formats; return where.

    Raises:
        HubtraceError: the folder cannot be made.
    """
    if output.exists() and not output.is_dir():
        raise HubtraceError(f"{output} is a file; give a folder with -o")
    output.mkdir(parents=True, exist_ok=True)
    return [format_.write(report, output) for format_ in dict.fromkeys(formats)]


def _changes_since(
    since: str,
    after: "State",
    families: list[str] | None,
    snapshot: Path,
    thresholds: Thresholds,
) -> "Changes":
    from hubtrace.queries.changes import changes

    date = as_date(since)
    at = GraphAt.parse(since)
    if date is not None:
        at = GraphAt(f"{after.name}@{since}", after.name, date)
    elif "://" not in at.location and not Path(at.location).exists():
        raise HubtraceError(
            f"--since: {since!r} is not a date, and there is no graph or snapshot of that name"
        )
    found = changes(state_at(at, families, snapshot, thresholds), after)
    say(summary(found))
    return found
