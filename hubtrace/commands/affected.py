"""`hubtrace affected`: the models that carry the files that a change touches."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import count, dated_sha
from hubtrace.graph.text import for_markdown
from hubtrace.graph.urls import Side
from hubtrace.hub_settings import open_clients
from hubtrace.options import (
    GRAPH,
    Cache,
    GitHubUrl,
    Graph,
    HubEndpoint,
    default_cache,
    table_options,
)
from hubtrace.output import Format, Table
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore
    from hubtrace.hub_settings import Clients
    from hubtrace.ingest.sources.git.changed_files import Comparison, FileChange


@dataclass(frozen=True, slots=True)
class AffectedFile:
    """A file that a change touches, and a model's file that is a version of it."""

    file: str
    change: str
    variant: str
    """The model's name; its key where the name is not known."""
    path: str
    """Of the model's file."""
    carries: str
    """`current`, `proposed` or `earlier`."""
    origin: str
    """Beginning of the sha of the commit that it comes from; empty if none is known."""
    origin_at: int | None
    """Epoch seconds, as `since_at`."""
    since_at: int
    boilerplate: bool
    key: str
    """Of the model."""


@dataclass(frozen=True, slots=True)
class AffectedDocument:
    """The models that carry the files that a change touches."""

    rows: tuple[AffectedFile, ...]


_TABLE = Table.of(
    "hubtrace.affected/1",
    *(field.name for field in fields(AffectedFile)),
    first=("file", "variant", "carries", "change"),
    summed_up=True,
)
_CARRIES = {
    "current": "as it is before this change",
    "proposed": "as this change makes it",
    "earlier": "as of",
}
_HEAD, _ROWS = "HEAD", 100
_LIMIT = (
    "A model carries a file if its bytes are those of a version of it; an edited copy is not seen."
)


class AffectedFormat(StrEnum):
    """How the affected models are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    GITHUB = "github"


# Long: every option is a parameter, which typer reads; the body is short.
@table_options
def affected(
    change: Annotated[
        str, typer.Argument(metavar="BASE..HEAD|URL", help="Revisions, or a pull request's page.")
    ],
    upstream: Annotated[
        str | None,
        typer.Option(metavar="[NAME=]PATH_OR_URL", help="The repository, as for `ingest`."),
    ] = None,
    graph: Graph = GRAPH,
    cache: Cache = None,
    github_url: GitHubUrl = None,
    hf_endpoint: HubEndpoint = None,
    format_: Annotated[
        AffectedFormat, typer.Option("--format", "-f", help="How to print the rows.")
    ] = AffectedFormat.TABLE,
) -> None:
    """List the models that carry the files that a change touches, by their contents.

    What changed is compared by git, from where HEAD left BASE; nothing is written but the cache of
    clones. A file counts in every version that a model has, as the graph knows it.

    Examples:

      hubtrace affected main..HEAD --upstream QwenLM/Qwen-VL=.

      hubtrace affected https://github.com/QwenLM/Qwen-VL/pull/7
    """  # noqa: D412 - it is the help that is printed
    from hubtrace.queries.lookup import find_project

    with (
        open_store(graph) as store,
        progress() as show,
        open_clients(github_url, hf_endpoint, show) as hubs,
    ):
        name, place, base, head = _what(change, upstream, hubs)
        repository = find_project(store, name, Side.UPSTREAM)
        compared = _compared(place, base, head, hubs, cache or default_cache())
        rows = [*_rows(store, repository.key, compared)]
    match format_:
        case AffectedFormat.MARKDOWN:
            print(_markdown(rows, compared))
        case AffectedFormat.GITHUB:
            print(_annotations(rows), end="")
        case _:
            _TABLE.print(rows, Format(format_.value))
    say(f"{_sum(rows, compared)}; {compared.base[:10]}..{compared.head[:10]} of {repository.name}")


def _what(change: str, upstream: str | None, hubs: "Clients") -> tuple[str, str, str, str]:
    """Return the repository's name, where it lies, and the base and head to compare there."""
    from hubtrace.graph.urls import parse_address
    from hubtrace.ingest.families import parse_target

    base, dots, head = change.partition("..")
    if not dots or "://" in change:
        address = parse_address(change, hubs.web)
        if address.number is None or address.side is Side.DOWNSTREAM:
            raise HubtraceError(f"{change!r} is neither BASE..HEAD nor a pull request on GitHub")
        base, head = _HEAD, f"refs/pull/{address.number}/head"
        upstream = upstream or address.name
    if upstream is None:
        raise HubtraceError("--upstream is missing: the repository, e.g. --upstream OWNER/NAME=.")
    target = parse_target(Side.UPSTREAM, upstream, web=hubs.web)
    hosted = target.location == target.project.url and hubs.web.has(target.project)
    place = hubs.github.clone_url(target.project.name) if hosted else target.location
    return target.project.url, place, base or _HEAD, head.removeprefix(".") or _HEAD


def _compared(place: str, base: str, head: str, hubs: "Clients", cache: Path) -> "Comparison":
    from hubtrace.ingest.sources.git.cache import CloneCache
    from hubtrace.ingest.sources.git.changed_files import compare

    with progress() as show:
        return compare(CloneCache(cache, show, hubs.tokens), place, base, head)


def _rows(store: "GraphStore", repository: str, compared: "Comparison") -> Iterator[dict[str, Any]]:
    """Yield a row for each changed file and each model's file that is a version of it."""
    from hubtrace.queries.catalogue import ask
    from hubtrace.queries.json_schema import record_fields

    paths = sorted({change.before for change in compared.files if change.old})
    blobs = sorted({sha for change in compared.files for sha in (change.old, change.new) if sha})
    found = ask(store, "carriers", repository=repository, paths=paths, blobs=blobs).data()
    by_path, by_blob = defaultdict(list), defaultdict(list)
    for row in found:
        if row["repository"] == repository:
            by_path[row["origin_path"]].append(row)
        by_blob[row["blob"]].append(row)
    for change in compared.files:
        held = [*by_blob[change.old], *by_blob[change.new]]
        held += by_path[change.before]
        # Of what everybody has, as a licence, only the repository's own says something.
        held = [r for r in held if r["repository"] == repository or not r["boilerplate"]]
        unique = {(row["variant"], row["path"]): row for row in reversed(held)}
        for row in sorted(unique.values(), key=lambda one: (one["variant"], one["path"])):
            one = AffectedFile(
                change.path,
                change.status,
                row["name"] or row["variant"],
                row["path"],
                _version(change, row, compared),
                (row["origin_sha"] or "")[:10],
                row["origin_at"],
                row["copied_at"],
                row["boilerplate"],
                row["variant"],
            )
            yield record_fields(one)


def _version(change: "FileChange", row: Mapping[str, Any], compared: "Comparison") -> str:
    blob = row["blob"]
    if row["kind"] == "readme" and row["origin_sha"]:  # but for its front matter
        blob = compared.blob(row["origin_sha"], row["origin_path"])
    if blob == change.old:
        return "current"
    return "proposed" if blob == change.new else "earlier"


def _sum(rows: Sequence[Mapping[str, Any]], compared: "Comparison") -> str:
    files, changed = len({row["file"] for row in rows}), count(len(compared.files), "changed file")
    if not rows:
        return f"no model whose files are in the graph carries any of {changed} unedited"
    models = len({row["key"] for row in rows})
    carry = "carries" if models == 1 else "carry"
    return f"{count(models, 'model')} {carry} {files:,} of {changed}"


def _version_words(row: Mapping[str, Any]) -> str:
    words = _CARRIES[row["carries"]]
    if row["carries"] != "earlier":
        return words
    known = row["origin"] and row["origin_at"] is not None
    return (
        f"{words} {dated_sha(row['origin'], row['origin_at'])}" if known else "an earlier version"
    )


def _by_file(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, list[Any]]]:
    """Return the models of each version of each file, by file and change."""
    found: dict[tuple[str, str], dict[str, list[Any]]] = {}
    for row in rows:
        versions = found.setdefault((row["file"], row["change"]), {})
        models = versions.setdefault(_version_words(row), [])
        if (model := (row["variant"], row["key"])) not in models:
            models.append(model)
    return found


def _markdown(rows: Sequence[Mapping[str, Any]], compared: "Comparison") -> str:
    from hubtrace.queries.audit.formats.markdown import model_links

    lines = [f"**Models and this change**: {_sum(rows, compared)}. {_LIMIT}"]
    table = [
        f"| {for_markdown(file)} | {change} | {model_links(models)} | {for_markdown(version)} |"
        for (file, change), versions in _by_file(rows).items()
        for version, models in versions.items()
    ]
    if table:
        lines += ["", "| file | change | models | which they carry |", "|---|---|---|---|"]
        lines += table[:_ROWS]
    if len(table) > _ROWS:
        lines += ["", f"… {len(table) - _ROWS:,} more rows; `--format json` lists all."]
    return "\n".join(lines)


def _annotations(rows: Sequence[Mapping[str, Any]]) -> str:
    from hubtrace.queries.audit.formats.annotations import MOST, annotation

    lines = []
    for (file, _), versions in [*_by_file(rows).items()][:MOST]:
        texts = []
        for version, models in versions.items():
            names = ", ".join(name for name, _ in models[:5])
            more = f" and {count(len(models) - 5, 'more model')}" if models[5:] else ""
            texts.append(f"{names}{more}: {version}")
        text = f"Models carry this file. {'; '.join(texts)}"
        lines.append(annotation("notice", "hubtrace: carried by models", text, file))
    return "".join(lines)
