"""`hubtrace ingest`: read families into a snapshot, then load them into the graph."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.commands.load import load_snapshot
from hubtrace.exit_codes import FAILED
from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import count, short_sha
from hubtrace.graph.urls import ProjectRef, Side, parse_project
from hubtrace.hub_settings import open_clients
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Cache,
    GitHubUrl,
    Graph,
    HubEndpoint,
    OutputFormat,
    SnapshotDir,
    default_cache,
    table_options,
)
from hubtrace.output import Format, Table
from hubtrace.progress import progress, say
from hubtrace.queries.json_schema import plain

if TYPE_CHECKING:
    from hubtrace.hub_settings import Clients
    from hubtrace.ingest.discovery import Reason
    from hubtrace.ingest.families import FamilyTarget
    from hubtrace.ingest.load.loader import Loaded
    from hubtrace.ingest.pipeline import Ingested
    from hubtrace.ingest.snapshot import SnapshotWriter

_TABLE = Table.of(
    "hubtrace.ingest/1",
    *("family", "upstream", "variants", "evidence", "confidence", "new_commits"),
)
_LINKS = """
MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository)
RETURN toLower(v.name), toLower(r.name), l.confidence, l.best_method
"""
_SHOWN = 10
"""Lines of one kind; more are only counted."""
_MOST = 10_000
"""Models of one owner. The largest have a few thousand."""
_NOTHING = """say what to ingest: a TARGET such as Qwen/Qwen2.5-7B or github.com/QwenLM/Qwen2.5; or
--org NAME, --top N, --families FILE, --from-study DIR, or --family with --upstream and --variant"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """The options, as they were typed; contradictions are an error before anything is read."""

    targets: Sequence[str]
    cache: Path | None
    """None: without git."""
    orgs: Sequence[str] = ()
    top: int | None = None
    task: str | None = None
    min_downloads: int = 0
    family: str | None = None
    upstreams: Sequence[str] = ()
    upstream_paths: tuple[str, ...] = ()
    variants: Sequence[str] = ()
    replace: bool = False
    families_file: Path | None = None
    study: Path | None = None
    follow_bases: int = 0
    workers: int = 4

    def __post_init__(self) -> None:
        listed = bool(self.targets or self.orgs or self.top is not None)
        declared = bool(self.family or self.upstreams or self.upstream_paths or self.variants)
        files = (self.families_file is not None) + (self.study is not None)
        problems = {
            " ".join(_NOTHING.split()): not (listed or declared or files),
            "--families and --from-study name all projects; give nothing else": (
                files > 1 or (files and (listed or declared))
            ),
            "--variant goes with --family; name the variant as a TARGET": listed and self.variants,
            "--family needs --upstream": listed and self.family and not self.upstreams,
            "--task and --min-downloads narrow --top or --org; give one": (
                (self.task or self.min_downloads) and not (self.top or self.orgs)
            ),
            "--family NAME is missing": declared and not listed and not self.family,
            "--upstream-path needs exactly one --upstream; for more, write a families file": (
                self.upstream_paths and len(self.upstreams) != 1
            ),
        }
        for problem, found in problems.items():
            if found:
                raise HubtraceError(problem)

    @property
    def is_declared(self) -> bool:
        """True if the families are named, so that no search is needed."""
        return self.families_file is not None or bool(self.family or self.upstreams)

    def projects(self, hubs: "Clients", held: Iterable[ProjectRef] = ()) -> list[ProjectRef]:
        """Return the projects to ingest; the models of owners and the top N come from the Hub.

        `held` are the projects of the snapshot: an owner's model that is no longer listed is
        fetched by its name, so that a rename or a deletion is recorded.
        """
        from hubtrace.ingest.sources.huggingface import ModelFilter

        found = [parse_project(text, hubs.web) for text in self.targets]
        limits: dict[str | None, int] = dict.fromkeys(self.orgs, _MOST)
        if self.top is not None:
            limits[None] = self.top
        for owner, most in limits.items():
            wanted = ModelFilter(
                author=owner, task=self.task, min_downloads=self.min_downloads, most=most
            )
            listing = hubs.hugging_face.models(wanted)
            if not listing.models:
                whose = f"{owner} has" if owner else "there are"
                raise HubtraceError(f"{whose} no matching models on the Hub")
            found += [ProjectRef(Side.DOWNSTREAM, model.name) for model in listing.models]
        owners = {owner.lower() for owner in self.orgs}
        found += [one for one in held if one.name.partition("/")[0].lower() in owners]
        return list(dict.fromkeys(found))

    def families(self, hubs: "Clients") -> "list[FamilyTarget]":
        """Return the declared families."""
        from hubtrace.ingest.families import FamilyTarget, Target, parse_target, read_families

        if self.families_file is not None:
            return read_families(self.families_file, hubs.web)
        upstreams = tuple(
            parse_target(Side.UPSTREAM, text, self.upstream_paths, hubs.web)
            for text in self.upstreams
        )
        variants = [parse_target(Side.DOWNSTREAM, text, web=hubs.web) for text in self.variants]
        for reference in self.projects(hubs):
            if reference.side is Side.UPSTREAM:
                raise HubtraceError(
                    f"{reference.name} is a repository; with --upstream, targets are its variants"
                )
            project = hubs.web.project(reference.side, reference.name)
            variants.append(Target(project, project.url))
        name = self.family or upstreams[0].project.name
        return [FamilyTarget(name, upstreams, tuple(variants))]


def read_summary(result: "Ingested", snapshot: Path) -> str:
    """Return what was read into a snapshot, on one line."""
    return (
        f"read {count(len(result.projects), 'project')} "
        f"of {count(len(result.families), 'family')} into {snapshot}: "
        f"{count(result.commits, 'new commit')}"
    )


def _say_result(result: "Ingested", snapshot: Path) -> None:
    """Print what was ingested, what changed, what was left out and what failed."""
    _say_some("warning: ", _grouped(result.warnings))
    _say_some("cut: ", result.cut)
    _say_some("", _events(result))
    if result.projects:
        unchanged = sum(not written.changed for written in result.projects.values())
        say(f"{read_summary(result, snapshot)}, {count(unchanged, 'project')} unchanged")
    for project, reason in result.failures.items():
        say(f"failed: {project.name}: {reason.removeprefix(f'{project.name}: ')}")
    if result.failures:
        failed = count(len(result.failures), "project")
        say(f"{failed} failed; run the same command again to retry")


def _say_links(result: "Ingested") -> None:
    """Print which families there are and why; what keeps a variant apart; what else to ask for."""
    _say_some("family ", _families(result))
    _say_some("apart: ", map(_apart, (r for r in result.reasons if r.family is None)))
    _say_some("tip: ", result.tips)


def _say_some(kind: str, lines: Iterable[str]) -> None:
    several = list(lines)
    for line in several[:_SHOWN]:
        say(f"{kind}{line}")
    if len(several) > _SHOWN:
        say(f"{kind}{len(several) - _SHOWN:,} more; --format json lists all")


def _grouped(warnings: Iterable[str]) -> Iterator[str]:
    """Yield each warning once, with the first of its projects and the number of the others."""
    projects: dict[str, list[str]] = {}
    for warning in warnings:
        project, _, words = warning.partition(": ")
        projects.setdefault(words, []).append(project)
    for words, names in projects.items():
        more = f" and {count(len(names) - 1, 'more project')}" if len(names) > 1 else ""
        yield f"{names[0]}{more}: {words}"


def _events(result: "Ingested") -> Iterator[str]:
    for project, written in result.projects.items():
        for event in written.events:
            what = f"{event.kind.replace('_', ' ')} {event.subject}".rstrip()
            steps = [_short(step) for step in (event.before, event.after) if step]
            yield f"{project.name}: {what}" + (f" ({' → '.join(steps)})" if steps else "")


def _short(step: str) -> str:
    """Return the beginning of a sha; other words without underscores."""
    if re.fullmatch("[0-9a-f]{40}", step):
        return short_sha(step)
    return step.replace("_", " ") if step.islower() and "/" not in step else step


def _families(result: "Ingested") -> Iterator[str]:
    """Yield a line for each family that was found, with its strongest evidence."""
    for name in result.families:
        links = [(r.link, r.variant) for r in result.reasons if r.family == name and r.link]
        if not links:
            continue  # it was declared
        methods = Counter(link.best_method for link, _ in links)
        by = ", ".join(f"{method} ({number})" for method, number in methods.most_common())
        best, variant = max(links, key=lambda pair: pair[0].confidence)
        found = best.evidence[0]
        yield (
            f"{name}: {count(len(links), 'variant')} by {by}; "
            f'{variant}: {found.place} says "{found.said}" ({best.confidence:.2f})'
        )


def _apart(reason: "Reason") -> str:
    link = reason.link
    if link is None:
        return f"{reason.variant}: no evidence of its origin; name it with --upstream"
    return (
        f"{reason.variant} links to {link.repository} ({link.best_method}, "
        f"{link.confidence:.2f}), which does not mention it and has a different owner"
    )


def _print_result(
    result: "Ingested", snapshot: Path, loaded: "Loaded | None", format_: Format
) -> None:
    """Print a row for each family; as JSON, the whole result."""
    from hubtrace.ingest.summary import IngestDocument

    document = IngestDocument.of(result, snapshot, loaded)
    if format_ is Format.TABLE and not (document.families and result.reasons):
        return
    _TABLE.print(map(plain, document.families), format_, document)


# Long: every option is a parameter, which typer reads; the body is short.
@table_options
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
        int, typer.Option(metavar="N", min=0, help="With --top or --org: downloads in 30 days.")
    ] = 0,
    family: Annotated[str | None, typer.Option(metavar="NAME", help="The family's name.")] = None,
    upstream: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]PATH_OR_URL", help="A repository it is built from; skips the search."
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
    replace: Annotated[
        bool, typer.Option("--replace", help="Let a family lose members that it had.")
    ] = False,
    families: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A families file, TOML or CSV.")
    ] = None,
    from_study: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A study table (families.jsonl and commits).")
    ] = None,
    follow_bases: Annotated[
        int, typer.Option(metavar="N", min=0, max=5, help="Ingest base models too, N generations.")
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
    """Read model families from GitHub and Hugging Face into a snapshot, then load them into the
    graph.

    Examples:

      hubtrace ingest Qwen/Qwen2.5-7B              finds its repository

      hubtrace ingest github.com/QwenLM/Qwen2.5    finds its variants

      hubtrace ingest --org Qwen

      hubtrace ingest --top 200 --task text-generation --min-downloads 10000

      hubtrace ingest Qwen/Qwen2.5-7B --upstream github.com/QwenLM/Qwen2.5

      hubtrace ingest --family mine --upstream ../code --variant me/model=../model

      hubtrace ingest --families families.toml

    A TARGET is a name or any address of either host; a name alone is a variant. Projects elsewhere
    are read by git, from a local path, a bundle, or any URL that git can clone. Tokens come from
    GITHUB_TOKEN or `gh auth login`, and from HF_TOKEN or `hf auth login`. Run the same command
    again to continue, or to fetch what is new.
    """  # noqa: D205, D412 - it is the help that is printed
    request = _Request(
        targets=targets or (),
        orgs=org or (),
        top=top,
        task=task,
        min_downloads=min_downloads,
        family=family,
        upstreams=upstream or (),
        upstream_paths=tuple(upstream_path or ()),
        variants=variant or (),
        replace=replace,
        families_file=families,
        study=from_study,
        follow_bases=follow_bases,
        workers=workers,
        cache=None if no_git else cache or default_cache(),
    )
    result, loaded = _ingest(request, snapshot, graph, github_url, hf_endpoint, load=not no_load)
    _print_result(result, snapshot, loaded, format_)
    if result.failures:
        raise typer.Exit(FAILED)


def ingest_projects(targets: Sequence[str], snapshot: Path, graph: str) -> "Ingested":
    """Do what `hubtrace ingest TARGET…` does, with the addresses of the environment.

    Raises:
        HubtraceError: a target is invalid, or the snapshot or the graph cannot be written.
    """
    cache = os.environ.get("HUBTRACE_CACHE")
    request = _Request(targets=targets, cache=Path(cache) if cache else default_cache())
    hubs = os.environ.get("GITHUB_API_URL"), os.environ.get("HF_ENDPOINT")
    return _ingest(request, snapshot, graph, *hubs)[0]


def _ingest(
    request: _Request,
    snapshot: Path,
    graph: str,
    github_url: str | None,
    hf_endpoint: str | None,
    *,
    load: bool = True,
) -> "tuple[Ingested, Loaded | None]":
    """Read what is requested, load it, and print what there is to know on the way."""
    if request.study is not None:
        result = read_study(request.study, snapshot)
    else:
        result = _read_hubs(request, snapshot, github_url, hf_endpoint)
    _say_result(result, snapshot)
    news = result.projects or result.noted
    loaded = _load(result, snapshot, graph) if news and load else None
    _say_links(result)
    return result, loaded


def _load(result: "Ingested", snapshot: Path, graph: str) -> "Loaded":
    """Load the snapshot; content that only whole histories show can make variants members."""
    apart = any(reason.family is None for reason in result.reasons)
    loaded = load_snapshot(snapshot, graph, assign=apart)
    result.reasons = _as_loaded(result.reasons, graph)
    result.adopted = list(loaded.adopted)
    for one in result.adopted:
        say(f"family {one.family}: {one.variant} too, by {one.method} ({one.confidence:.2f})")
    grown = dict.fromkeys(one.family for one in result.adopted)
    result.families += [name for name in grown if name not in result.families]
    return loaded


def _as_loaded(reasons: "list[Reason]", graph: str) -> "list[Reason]":
    """Return the reasons with the confidence that the graph has, as every other command shows it.

    The search knew only what texts say; the graph knows files and histories, too.
    """
    if not any(reason.link for reason in reasons):
        return reasons
    with open_store(graph) as store:
        known = {(v, r): found for v, r, *found in store.run(_LINKS).rows()}
    final: list[Reason] = []
    for one in reasons:
        found = known.get((one.variant.lower(), one.link.repository.lower())) if one.link else None
        if one.link and found:
            method = one.link.best_method if one.family else found[1]  # what membership rests on
            link = replace(one.link, confidence=found[0], best_method=method)
            one = replace(one, link=link)
        final.append(one)
    return final


def read_study(folder: Path, snapshot: Path) -> "Ingested":
    """Read a study table into a snapshot.

    Raises:
        HubtraceError: the table is invalid, or the snapshot cannot be written.
    """
    from hubtrace.ingest.pipeline import ingest_study
    from hubtrace.ingest.snapshot import SnapshotWriter

    with progress() as show:
        return ingest_study(folder, lambda: SnapshotWriter(snapshot), show)


def _refuse_losses(writer: "SnapshotWriter", families: "Sequence[FamilyTarget]") -> None:
    """Refuse to take members from a family that somebody states anew.

    Raises:
        HubtraceError: the family would lose some; names them.
    """
    from hubtrace.ingest.families import FamilyRegistry

    registry = FamilyRegistry(writer)
    for family in families:
        lost = registry.lost_by(family)
        if lost:
            raise HubtraceError(
                f"family {family.name} would lose {', '.join(lost)}; give --replace to let it, or "
                "name them as well"
            )


def _read_hubs(
    request: _Request, snapshot: Path, github_url: str | None, hf_endpoint: str | None
) -> "Ingested":
    from hubtrace.ingest.discovery import Bounds
    from hubtrace.ingest.pipeline import Intake
    from hubtrace.ingest.snapshot import SnapshotWriter
    from hubtrace.ingest.workers import CancelToken

    stop = CancelToken()
    with (
        progress() as show,
        stop.on_ctrl_c(),
        open_clients(github_url, hf_endpoint, stop.waiting(show)) as hubs,
    ):
        # Before the snapshot is opened: an invalid target leaves nothing behind.
        families = request.families(hubs) if request.is_declared else None
        with SnapshotWriter(snapshot) as writer:
            if families is not None and not request.replace:
                _refuse_losses(writer, families)
            intake = Intake(
                lambda: hubs.source(request.cache, show, stop),
                hubs.models_of,
                hubs.repositories_of,
                writer,
                hubs.web,
                bounds=Bounds(generations=request.follow_bases),
                workers=request.workers,
                stop=stop,
                progress=show,
            )
            if families is not None:
                return intake.stated(families)
            return intake.found(request.projects(hubs, intake.held()))
