"""`hubtrace snapshot verify|info|compact`: look after a snapshot."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.exit_codes import FAILED
from hubtrace.graph.format import count
from hubtrace.help import Command, Group
from hubtrace.options import OutputFormat, SnapshotArgument, table_options
from hubtrace.output import Format, Table, print_json
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.ingest.snapshot import ProjectHistory

app = typer.Typer(
    cls=Group, help="Look after a snapshot.", no_args_is_help=True, rich_markup_mode=None
)


class _VerifyFormat(StrEnum):
    """How the result of a verification is printed."""

    TEXT = "text"
    JSON = "json"


_PROJECTS: Table["ProjectHistory"] = Table(
    "hubtrace.snapshot/1",
    {
        "project": lambda history: history.project.name,
        "side": lambda history: str(history.project.side),
        "commits": lambda history: history.commits(["sha"]).num_rows,
        "refs": lambda history: len(history.last.refs),
        "events": lambda history: len(history.events),
        "generations": lambda history: len(history.pointer.generations),
        "source": lambda history: history.pointer.source,
        "observed_at": lambda history: history.pointer.observed_at,
    },
    key="projects",
)


@app.command(cls=Command)
def verify(
    snapshot: SnapshotArgument,
    format_: Annotated[
        _VerifyFormat, typer.Option("--format", "-f", help="How to print it.")
    ] = _VerifyFormat.TEXT,
) -> None:
    """Read every file of a snapshot and compare it with its hash; exit code 2 if one differs.

    Example:  hubtrace snapshot verify hubtrace-snapshot
    """
    from hubtrace.ingest.snapshot import Snapshot
    from hubtrace.ingest.snapshot.writer import snapshot_hash

    opened = Snapshot(snapshot)
    total = sum(1 for _ in (snapshot / "projects").glob("*/current.json"))
    with progress() as show:
        problems = opened.verify(lambda done: show("verifying", done, total))
    digest = None if problems else snapshot_hash(opened)
    if format_ is _VerifyFormat.JSON:
        body = {"snapshot": str(snapshot), "projects": total, "sha256": digest}
        print_json({"schema": "hubtrace.verify/1", **body, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        intact = f"every file of {count(total, 'project')} is as it was written; sha256 {digest}"
        print(f"{snapshot}: {count(len(problems), 'problem')}" if problems else intact)
    if problems:
        raise typer.Exit(FAILED)


@app.command(cls=Command)
@table_options
def info(snapshot: SnapshotArgument, format_: OutputFormat = Format.TABLE) -> None:
    """List the projects of a snapshot: how much is held of each, and when it was last seen.

    Example:  hubtrace snapshot info hubtrace-snapshot --format json
    """
    from hubtrace.ingest.snapshot import Snapshot

    _PROJECTS.print(Snapshot(snapshot).projects(), format_)


@app.command(cls=Command)
def compact(
    snapshot: SnapshotArgument,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Leave out e-mail addresses that earlier versions kept in prose."
        ),
    ] = False,
) -> None:
    """Join the generations of every project into one; nothing that was seen is lost.

    Example:  hubtrace snapshot compact hubtrace-snapshot
    """
    from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter

    Snapshot(snapshot)  # an error, not a new snapshot, if there is none
    with SnapshotWriter(snapshot) as writer, progress() as show:
        joined = writer.compact(show, redact=redact)
    say(f"{snapshot}: joined the generations of {count(joined, 'project')}")
