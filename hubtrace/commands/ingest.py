"""`hubtrace ingest`: read families into a snapshot, then load them into the graph."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.clients import GitHubUrl, HubEndpoint, open_clients
from hubtrace.commands.load import load_snapshot
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.text import count
from hubtrace.options import GRAPH, SNAPSHOT, Cache, Graph, OutputFormat, SnapshotDir, default_cache
from hubtrace.output import Format, print_json, print_rows
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.clients import Clients
    from hubtrace.ingest.derive.membership_by_content import Adopted
    from hubtrace.ingest.discovery import Reason
    from hubtrace.ingest.families import FamilyTarget
    from hubtrace.ingest.load.loader import Loaded
    from hubtrace.ingest.pipeline import Ingested
    from hubtrace.ingest.project_ref import ProjectRef


_MOST = 10_000
"""Models of one owner. The largest have a few thousand."""
_NOTHING = """say what to ingest: a TARGET such as Qwen/Qwen2.5-7B or github.com/QwenLM/Qwen2.5; or
--org NAME, --top N, --families FILE, --from-study DIR, or --family with --upstream and --variant"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as it was typed."""

    targets: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()
    top: int | None = None
    task: str | None = None
    min_downloads: int = 0
    family: str | None = None
    upstreams: tuple[str, ...] = ()
    upstream_paths: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    families_file: Path | None = None
    study: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not go together, before anything is read."""
        listed = bool(self.targets or self.orgs or self.top is not None)
        said = bool(self.family or self.upstreams or self.upstream_paths or self.variants)
        files = (self.families_file is not None) + (self.study is not None)
        if not (listed or said or files):
            raise HubtraceError(" ".join(_NOTHING.split()))
        if files > 1 or (files and (listed or said)):
            raise HubtraceError("--families and --from-study name all projects; give nothing else")
        if listed and self.variants:
            raise HubtraceError("--variant goes with --family; name the variant as a TARGET")
        if listed and self.family and not self.upstreams:
            raise HubtraceError("--family names what --upstream says; without it names are found")
        if (self.task or self.min_downloads) and not (self.top or self.orgs):
            raise HubtraceError("--task and --min-downloads narrow --top or --org; give one")
        if said and not listed and not self.family:
            raise HubtraceError("--family NAME is missing: what is the family called?")
        if self.upstream_paths and len(self.upstreams) != 1:
            raise HubtraceError(
                "--upstream-path needs exactly one --upstream; for more, write a families file"
            )

    @property
    def is_stated(self) -> bool:
        """True if the families are said, so that nothing has to be found."""
        return self.families_file is not None or bool(self.family or self.upstreams)

    def asked(self, hubs: "Clients", held: "Iterable[ProjectRef]" = ()) -> "list[ProjectRef]":
        """Return the projects that are asked for; lists are asked of the Hub.

        `held` are the projects of the snapshot: an owner's model that is listed no more is asked
        for by its name, so that it is seen what became of it.

        Raises:
            SourceError: a target is none, an owner has no models, or the Hub cannot be asked.
        """
        from hubtrace.ingest.project_ref import parse_project

        named = [parse_project(text, hubs.web) for text in self.targets]
        owners = {owner.lower() for owner in self.orgs}
        known = [one for one in held if one.name.partition("/")[0].lower() in owners]
        return list(dict.fromkeys([*named, *self._listed(hubs), *known]))

    def families(self, hubs: "Clients") -> "list[FamilyTarget]":
        """Return the families that are said.

        Raises:
            TableError: the families file is broken.
            SourceError: as `asked`, or a target is no variant.
        """
        from hubtrace.graph.identity import Side
        from hubtrace.ingest.families import (
            FamilyTarget,
            Target,
            hosted_project,
            parse_target,
            read_families,
        )

        if self.families_file is not None:
            return read_families(self.families_file, hubs.web)
        upstreams = [
            parse_target(Side.UPSTREAM, text, self.upstream_paths, hubs.web)
            for text in self.upstreams
        ]
        variants = [parse_target(Side.DOWNSTREAM, text, web=hubs.web) for text in self.variants]
        for asked in self.asked(hubs):
            if asked.side is Side.UPSTREAM:
                raise HubtraceError(
                    f"{asked.name} is a repository; with --upstream the targets are its variants"
                )
            project = hosted_project(asked.side, asked.name, hubs.web)
            variants.append(Target(project, project.url))
        name = self.family or upstreams[0].project.name
        return [FamilyTarget(name, tuple(upstreams), tuple(variants))]

    def _listed(self, hubs: "Clients") -> "Iterator[ProjectRef]":
        from hubtrace.graph.identity import Side
        from hubtrace.ingest.project_ref import ProjectRef
        from hubtrace.ingest.sources.huggingface import ModelFilter as Models

        lists: list[tuple[str | None, int]] = [(owner, _MOST) for owner in self.orgs]
        if self.top is not None:
            lists.append((None, self.top))
        for owner, most in lists:
            wanted = Models(
                author=owner, task=self.task, min_downloads=self.min_downloads, most=most
            )
            listing = hubs.hugging_face.models(wanted)
            if not listing.models:
                whose = f"{owner} has" if owner else "there are"
                raise HubtraceError(f"{whose} no models on the Hub that were asked for")
            for model in listing.models:
                yield ProjectRef(Side.DOWNSTREAM, model.name)


COLUMNS = ("family", "upstream", "variants", "evidence", "confidence", "new_commits")
_SCHEMA = "hubtrace.ingest/1"
_SHOWN = 10
"""Lines of one kind; more are counted only."""


def say_ingested(result: "Ingested", snapshot: Path) -> None:
    """Tell what came in, what happened, what was left out and what failed."""
    _say_some("warning: ", _grouped(result.warnings))
    _say_some("cut: ", result.cut)
    _say_some("", _events(result))
    _say_some("family ", _families(result))
    _say_some("apart: ", map(_apart, (r for r in result.reasons if r.family is None)))
    _say_some("tip: ", result.tips)
    unchanged = sum(not written.changed for written in result.projects.values())
    if result.projects:
        say(
            f"read {count(len(result.projects), 'project')} "
            f"of {count(len(result.families), 'family')} into {snapshot}: "
            f"{count(result.commits, 'new commit')}, {count(unchanged, 'project')} unchanged"
        )
    for project, reason in result.failures.items():
        say(f"failed: {project.name}: {reason.removeprefix(f'{project.name}: ')}")
    if result.failures:
        failed = count(len(result.failures), "project")
        say(f"{failed} failed; run the same command again to retry")


def print_ingested(
    result: "Ingested", snapshot: Path, loaded: "Loaded | None", format_: Format
) -> None:
    """Print the families that came in, as rows; as JSON, all that there is to tell."""
    rows = list(_rows(result, snapshot)) if result.projects else []
    if format_ is not Format.JSON:
        if (rows and result.reasons) or format_ is not Format.TABLE:
            print_rows(rows, COLUMNS, format_, _SCHEMA)
        return
    print_json(
        {
            "schema": _SCHEMA,
            "snapshot": str(snapshot),
            "families": rows,
            "reasons": [_reason(reason) for reason in result.reasons],
            "adopted": [asdict(one) for one in result.adopted],
            "projects": list(_projects(result)),
            "warnings": result.warnings,
            "cut": result.cut,
            "failures": [
                {"project": project.name, "side": str(project.side), "reason": reason}
                for project, reason in result.failures.items()
            ],
            "loaded": asdict(loaded) if loaded else None,
        }
    )


def _say_some(kind: str, lines: Iterable[str]) -> None:
    several = list(lines)
    for line in several[:_SHOWN]:
        say(f"{kind}{line}")
    if len(several) > _SHOWN:
        say(f"{kind}{len(several) - _SHOWN:,} more; --format json tells all")


def _grouped(warnings: Iterable[str]) -> Iterator[str]:
    """Yield each warning once, with the first project that it is about and how many more."""
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
    """Return a sha as people write it; other words without underscores."""
    if len(step) == 40 and set(step) <= set("0123456789abcdef"):
        return step[:10]
    return step.replace("_", " ") if step.islower() and "/" not in step else step


def _families(result: "Ingested") -> Iterator[str]:
    """Yield one line for each family that was found, with the evidence that it rests on."""
    for name in result.families:
        reasons = [reason for reason in result.reasons if reason.family == name and reason.link]
        if not reasons:
            continue
        methods = Counter(reason.link.best_method for reason in reasons if reason.link)
        by = ", ".join(f"{method} ({number})" for method, number in methods.most_common())
        best = max(reasons, key=lambda reason: reason.link.confidence if reason.link else 0.0)
        yield f"{name}: {count(len(reasons), 'variant')} by {by}; {_strongest(best)}"


def _strongest(reason: "Reason") -> str:
    if reason.link is None:
        return ""
    found = reason.link.evidence[0]
    return f'{reason.variant}: {found.place} says "{found.said}" ({reason.link.confidence:.2f})'


def _apart(reason: "Reason") -> str:
    link = reason.link
    if link is None:
        return f"{reason.variant}: nothing that is there says where it comes from; --upstream can"
    return (
        f"{reason.variant} links to {link.repository} ({link.best_method}, "
        f"{link.confidence:.2f}), which neither names it nor has its owner"
    )


def _rows(result: "Ingested", snapshot: Path) -> Iterator[dict[str, Any]]:
    from hubtrace.ingest.snapshot import Snapshot

    opened = Snapshot(snapshot)
    names = {pointer.project.key: pointer.project.name for _, pointer in opened.pointers()}
    new = {project.key: written.commits for project, written in result.projects.items()}
    links: dict[str, list[Reason]] = {}
    for reason in result.reasons:
        links.setdefault(reason.family or "", []).append(reason)
    wanted = set(result.families)
    for family in opened.families():
        if family.name in wanted:
            keys = [up.project for up in family.upstreams] + list(family.variants)
            adopted = [one for one in result.adopted if one.family == family.name]
            yield {
                "family": family.name,
                "upstream": [names.get(up.project, up.project) for up in family.upstreams],
                "variants": len(family.variants),
                **_evidence(links.get(family.name, []), adopted),
                "new_commits": sum(new.get(key, 0) for key in keys),
            }


def _evidence(reasons: "list[Reason]", adopted: "list[Adopted]") -> Mapping[str, Any]:
    """Return the methods on which membership rests, and the confidence of the weakest link."""
    found = [(reason.link.best_method, reason.link.confidence) for reason in reasons if reason.link]
    found += [(one.method, one.confidence) for one in adopted]
    if not found:
        return {"evidence": ["stated"], "confidence": None}
    methods = list(dict.fromkeys(method for method, _ in found))
    return {"evidence": methods, "confidence": min(confidence for _, confidence in found)}


def _reason(reason: "Reason") -> dict[str, Any]:
    body: dict[str, Any] = {"variant": reason.variant, "family": reason.family}
    if reason.link is None:
        return {**body, "repository": None, "confidence": None, "role": None, "evidence": []}
    link = reason.link
    return {
        **body,
        "repository": link.repository,
        "confidence": link.confidence,
        "role": link.role,
        "evidence": [asdict(found) for found in link.evidence],
    }


def _projects(result: "Ingested") -> Iterator[dict[str, Any]]:
    for project, written in result.projects.items():
        yield {
            "project": project.name,
            "side": str(project.side),
            "key": project.key,
            "new_commits": written.commits,
            "changed": written.changed,
            "events": [asdict(event) for event in written.events],
        }


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
    from hubtrace.graph.store import open_store
    from hubtrace.ingest.derive.membership_by_content import adopt

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
    from hubtrace.ingest.pipeline import ingest_study
    from hubtrace.ingest.snapshot import SnapshotWriter

    with progress() as show:
        return ingest_study(folder, lambda: SnapshotWriter(snapshot), show)


def _live(wanted: Wanted, way: _Way, snapshot: Path, generations: int) -> "Ingested":
    from hubtrace.ingest.cancellation import CancelToken
    from hubtrace.ingest.discovery import Bounds
    from hubtrace.ingest.pipeline import Intake
    from hubtrace.ingest.snapshot import SnapshotWriter

    stop = CancelToken()
    with (
        progress() as show,
        stop.on_ctrl_c(),
        open_clients(way.github_url, way.hf_endpoint, stop.waiting(show)) as hubs,
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
