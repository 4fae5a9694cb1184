"""`hubtrace ingest`: read families into a snapshot, then load them into the graph."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graph.errors import HubtraceError
from hubtrace.commands.load import load_snapshot
from hubtrace.options import GRAPH, SNAPSHOT, Graph, SnapshotDir
from hubtrace.progress import Progress, count, progress, say

if TYPE_CHECKING:
    from ingest.pipeline import Ingested
    from ingest.targets import FamilyTarget

_EXAMPLES = """
Read families into a snapshot, then load them into the graph.

Examples:

  hubtrace ingest --family yi --upstream https://github.com/01-ai/Yi
           --variant https://huggingface.co/01-ai/Yi-34B

  hubtrace ingest --family mine --upstream acme/trainer=../trainer
           --variant acme/model-7b=../model-7b.bundle

  hubtrace ingest --families families.toml

A project is read from a local path, a bundle, or any URL that git can clone.
Run the same command again to continue, or to fetch what is new.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest", help=_EXAMPLES)(ingest)


def ingest(
    family: Annotated[str | None, typer.Option(metavar="NAME", help="The family's name.")] = None,
    upstream: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]PATH_OR_URL", help="A repository that builds it; repeatable."),
    ] = None,
    upstream_path: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Limit the upstream to this path; repeatable."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]PATH_OR_URL", help="A variant released from it; repeatable."),
    ] = None,
    families: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A families file, TOML or CSV.")
    ] = None,
    from_study: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A study table (families.jsonl and commits).")
    ] = None,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    no_load: Annotated[
        bool, typer.Option("--no-load", help="Write the snapshot only; leave the graph alone.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="HUBTRACE_CACHE", help="Where clones are kept."),
    ] = None,
) -> None:
    """Read families into a snapshot, then load them into the graph."""
    named = bool(family or upstream or variant or upstream_path)
    if sum((named, families is not None, from_study is not None)) != 1:
        raise HubtraceError(
            "say what to ingest: --family with --upstream and --variant, "
            "or --families FILE, or --from-study DIR"
        )
    with progress() as show:
        if from_study is not None:
            result = _study(from_study, snapshot, show)
        elif families is not None:
            result = _families(_read_file(families), snapshot, cache, show)
        else:
            target = _family(family, upstream or [], upstream_path or [], variant or [])
            result = _families([target], snapshot, cache, show)
    _tell(result, snapshot)
    if result.families and not no_load:
        load_snapshot(snapshot, graph)
    if result.failures:
        raise typer.Exit(2)


def _study(folder: Path, snapshot: Path, show: Progress) -> "Ingested":
    from ingest.pipeline import ingest_study
    from ingest.snapshot import SnapshotWriter

    return ingest_study(folder, lambda: SnapshotWriter(snapshot), show)


def _families(
    targets: "list[FamilyTarget]", snapshot: Path, cache: Path | None, show: Progress
) -> "Ingested":
    from ingest.git.source import GitSource
    from ingest.pipeline import ingest_families
    from ingest.snapshot import SnapshotWriter

    source = GitSource(cache or _default_cache(), show)
    with SnapshotWriter(snapshot) as writer:
        return ingest_families(targets, source, writer, show)


def _read_file(file: Path) -> "list[FamilyTarget]":
    from ingest.families_file import read_families

    return read_families(file)


def _family(
    name: str | None, upstreams: list[str], paths: list[str], variants: list[str]
) -> "FamilyTarget":
    from ingest.records import Side
    from ingest.targets import FamilyTarget, parse_target

    if not name:
        raise HubtraceError("--family NAME is missing: what is the family called?")
    if paths and len(upstreams) != 1:
        raise HubtraceError(
            "--upstream-path needs exactly one --upstream; for more, write a families file"
        )
    return FamilyTarget(
        name,
        tuple(parse_target(Side.UPSTREAM, text, tuple(paths)) for text in upstreams),
        tuple(parse_target(Side.DOWNSTREAM, text) for text in variants),
    )


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "hubtrace" / "git"


def _tell(result: "Ingested", snapshot: Path) -> None:
    for warning in result.warnings:
        say(f"warning: {warning}")
    for project, written in result.projects.items():
        for event in written.events:
            say(f"{project.name}: {event.kind.replace('_', ' ')} {event.subject}")
    unchanged = sum(not written.changed for written in result.projects.values())
    if result.projects:
        say(
            f"read {count(len(result.projects), 'project')} "
            f"of {count(len(result.families), 'family')} into {snapshot}: "
            f"{count(result.commits, 'new commit')}, {count(unchanged, 'project')} unchanged"
        )
    for project, reason in result.failures.items():
        say(f"failed: {project.name}: {reason}")
    if result.failures:
        failed = count(len(result.failures), "project")
        say(f"{failed} failed; run the same command again to retry")
