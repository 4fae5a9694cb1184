"""`hubtrace snapshot verify|info|compact`: look after a snapshot."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.exit_codes import FAILED
from hubtrace.graph.format import count
from hubtrace.help import Command, Group
from hubtrace.options import OutputFormat, SnapshotArgument, table_options
from hubtrace.output import Format, Table, print_document
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


@dataclass(frozen=True, slots=True)
class HeldProject:
    """How much a snapshot holds of a project."""

    project: str
    side: str
    """`upstream` or `downstream`."""
    commits: int
    refs: int
    events: int
    generations: int
    source: str
    """What it was read by."""
    observed_at: int
    """When it was last seen, epoch seconds."""

    @classmethod
    def of(cls, history: "ProjectHistory") -> "HeldProject":
        """Return what is held of a project."""
        return cls(
            history.project.name,
            str(history.project.side),
            history.commits(["sha"]).num_rows,
            len(history.last.refs),
            len(history.events),
            len(history.pointer.generations),
            history.pointer.source,
            history.pointer.observed_at,
        )


@dataclass(frozen=True, slots=True)
class SnapshotDocument:
    """The projects of a snapshot."""

    projects: tuple[HeldProject, ...]


@dataclass(frozen=True, slots=True)
class VerifyDocument:
    """Whether every file of a snapshot is as it was written."""

    snapshot: str
    projects: int
    sha256: str | None
    """Of the whole; null if there are problems."""
    problems: tuple[str, ...]


_PROJECTS = Table.of_records("hubtrace.snapshot/1", HeldProject, key="projects")


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
        body = VerifyDocument(str(snapshot), total, digest, tuple(problems))
        print_document("hubtrace.verify/1", body)
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

    _PROJECTS.print(map(HeldProject.of, Snapshot(snapshot).projects()), format_)


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
