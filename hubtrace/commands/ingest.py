"""`hubtrace ingest`: read families into a snapshot, then load them into the graph."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.commands.load import load_snapshot
from hubtrace.hubs import GitHubUrl, HubEndpoint, open_hubs
from hubtrace.ingested import print_ingested, say_ingested
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Cache,
    Graph,
    OutputFormat,
    SnapshotDir,
    default_cache,
)
from hubtrace.output import Format
from hubtrace.progress import progress, say
from hubtrace.wanted import Wanted

if TYPE_CHECKING:
    from ingest.load.loader import Loaded
    from ingest.pipeline import Ingested

_EXAMPLES = """
Read model families from GitHub and Hugging Face into a snapshot, then load them into the graph.

Examples:

  hubtrace ingest Qwen/Qwen2.5-7B              finds its repository

  hubtrace ingest github.com/QwenLM/Qwen2.5    finds its variants

  hubtrace ingest --org Qwen

  hubtrace ingest --top 200 --task text-generation --min-downloads 10000

  hubtrace ingest Qwen/Qwen2.5-7B --upstream github.com/QwenLM/Qwen2.5

  hubtrace ingest --family mine --upstream ../code --variant me/model=../model

  hubtrace ingest --families families.toml

A TARGET is a name or any address of either host; a name alone is a variant. Projects elsewhere are
read by git, from a local path, a bundle, or any URL that git can clone. Tokens come from
GITHUB_TOKEN or `gh auth login`, and from HF_TOKEN or `hf auth login`. Run the same command again
to continue, or to fetch what is new.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest", help=_EXAMPLES)(ingest)


def ingest(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="TARGET", help="A variant or a repository.")
    ] = None,
    org: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="All models of an owner; repeatable.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="The N most downloaded models.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="With --top or --org: of this task only.")
    ] = None,
    min_downloads: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="With --top or --org: downloads in 30 days."),
    ] = 0,
    family: Annotated[str | None, typer.Option(metavar="NAME", help="The family's name.")] = None,
    upstream: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]PATH_OR_URL", help="A repository that builds it, not looked for."
        ),
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
    follow_bases: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=5, help="Take in base models, N generations of them."),
    ] = 0,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, max=32, help="Projects read at the same time.")
    ] = 4,
    no_git: Annotated[
        bool, typer.Option("--no-git", help="Read histories by the hubs' APIs, without paths.")
    ] = False,
    github_url: GitHubUrl = None,
    hf_endpoint: HubEndpoint = None,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    no_load: Annotated[
        bool, typer.Option("--no-load", help="Write the snapshot only; leave the graph alone.")
    ] = False,
    cache: Cache = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Read families into a snapshot, then load them into the graph."""
    wanted = Wanted(
        targets=tuple(targets or ()),
        orgs=tuple(org or ()),
        top=top,
        task=task,
        min_downloads=min_downloads,
        family=family,
        upstreams=tuple(upstream or ()),
        upstream_paths=tuple(upstream_path or ()),
        variants=tuple(variant or ()),
        families_file=families,
        study=from_study,
    )
    if from_study is not None:
        result = _study(from_study, snapshot)
    else:
        way = _Way(github_url, hf_endpoint, None if no_git else cache or default_cache(), workers)
        result = _live(wanted, way, snapshot, follow_bases)
    say_ingested(result, snapshot)
    loaded = _load(result, snapshot, graph) if result.projects and not no_load else None
    print_ingested(result, snapshot, loaded, format_)
    if result.failures:
        raise typer.Exit(2)


def _load(result: "Ingested", snapshot: Path, graph: str) -> "Loaded":
    """Load the snapshot; what only whole histories tell can still make variants members."""
    from graph.store import open_store
    from ingest.adoption import adopt

    loaded = load_snapshot(snapshot, graph)
    if any(reason.family is None for reason in result.reasons):
        with open_store(graph) as store:
            result.adopted = adopt(store, snapshot)
        for one in result.adopted:
            say(f"family {one.family}: {one.variant} too, by {one.method} ({one.confidence:.2f})")
        if result.adopted:
            grown = dict.fromkeys(one.family for one in result.adopted)
            result.families += [name for name in grown if name not in result.families]
            loaded = load_snapshot(snapshot, graph)
    return loaded


@dataclass(frozen=True, slots=True)
class _Way:
    """How the hubs are reached."""

    github_url: str | None
    hf_endpoint: str | None
    cache: Path | None
    workers: int


def _study(folder: Path, snapshot: Path) -> "Ingested":
    from ingest.pipeline import ingest_study
    from ingest.snapshot import SnapshotWriter

    with progress() as show:
        return ingest_study(folder, lambda: SnapshotWriter(snapshot), show)


def _live(wanted: Wanted, way: _Way, snapshot: Path, generations: int) -> "Ingested":
    from ingest.discovery import Bounds
    from ingest.intake import Intake
    from ingest.snapshot import SnapshotWriter
    from ingest.stopping import Stop

    stop = Stop()
    with (
        progress() as show,
        stop.on_ctrl_c(),
        open_hubs(way.github_url, way.hf_endpoint, stop.waiting(show)) as hubs,
    ):
        families = wanted.families(hubs) if wanted.is_stated else None
        with SnapshotWriter(snapshot) as writer:
            intake = Intake(
                lambda: hubs.source(way.cache, show, stop),
                hubs.models_of,
                hubs.repositories_of,
                writer,
                hubs.web,
                bounds=Bounds(generations=generations),
                workers=way.workers,
                stop=stop,
                progress=show,
            )
            if families is not None:
                return intake.stated(families)
            return intake.found(wanted.asked(hubs, intake.held()))
