"""`hubtrace snapshot verify|info|compact`: look after a snapshot."""

from pathlib import Path
from typing import Annotated

import typer

from hubtrace.graph.format import count
from hubtrace.options import OutputFormat
from hubtrace.output import Format, print_json, print_rows
from hubtrace.progress import progress, say

app = typer.Typer(help="Look after a snapshot.", no_args_is_help=True, rich_markup_mode=None)

_Folder = Annotated[Path, typer.Argument(metavar="SNAPSHOT", help="The snapshot's folder.")]


@app.command()
def verify(snapshot: _Folder, format_: OutputFormat = Format.TABLE) -> None:
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
    if format_ is Format.JSON:
        body = {"snapshot": str(snapshot), "projects": total, "sha256": digest}
        print_json({"schema": "hubtrace.verify/1", **body, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        print(
            f"{snapshot}: {count(len(problems), 'problem')}" if problems else _intact(total, digest)
        )
    if problems:
        raise typer.Exit(2)


def _intact(projects: int, digest: str | None) -> str:
    return f"every file of {count(projects, 'project')} is as it was written; sha256 {digest}"


@app.command()
def info(snapshot: _Folder, format_: OutputFormat = Format.TABLE) -> None:
    """List the projects of a snapshot: how much is held of each, and when it was last seen.

    Example:  hubtrace snapshot info hubtrace-snapshot --format json
    """
    from hubtrace.ingest.snapshot import Snapshot

    rows = [
        {
            "project": history.project.name,
            "side": str(history.project.side),
            "commits": history.commits(["sha"]).num_rows,
            "refs": len(history.last.refs),
            "events": len(history.events),
            "generations": len(history.pointer.generations),
            "source": history.pointer.source,
            "observed_at": history.pointer.observed_at,
        }
        for history in Snapshot(snapshot).projects()
    ]
    columns = list(rows[0]) if rows else ["project"]
    print_rows(rows, columns, format_, "hubtrace.snapshot/1", key="projects")


@app.command()
def compact(snapshot: _Folder) -> None:
    """Join the generations of every project into one; nothing that was seen is lost.

    Example:  hubtrace snapshot compact hubtrace-snapshot
    """
    from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter

    Snapshot(snapshot)  # an error, not a new snapshot, if there is none
    with SnapshotWriter(snapshot) as writer, progress() as show:
        joined = writer.compact(show)
    say(f"{snapshot}: joined the generations of {count(joined, 'project')}")
