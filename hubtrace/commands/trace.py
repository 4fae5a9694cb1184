"""`hubtrace trace`: from a commit to the models that carry it, from a file to its origin."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.graph.format import count
from hubtrace.options import GRAPH, Graph, OutputFormat
from hubtrace.output import Format, date, print_json, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.provenance import Trace, TracedCopy, TracedReference

COLUMNS = (
    *("variant", "file", "revision", "since_at", "gone_at"),
    *("repository", "origin_file", "origin", "made_at", "lag_seconds", "weight", "note"),
)
_SCHEMA = "hubtrace.trace/1"
HELP = """
Trace a commit to the models that carry it, or a model's file to the commit it comes from.

TARGET is a sha (or its first letters) of a commit on either side or of a blob, the URL of a commit
or file on GitHub or Hugging Face, ORG/MODEL:PATH, ORG/MODEL@REVISION:PATH, or ORG/MODEL for all of
its files.

Examples:

  hubtrace trace 043a50f

  hubtrace trace https://github.com/01-ai/Yi/commit/043a50f

  hubtrace trace 01-ai/Yi-34B:modeling_yi.py --format json

  hubtrace trace https://huggingface.co/01-ai/Yi-34B/blob/main/LICENSE

A file of weight 1 is in one repository only; a ubiquitous one, such as a licence, has weight 0.
"""


def trace(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A sha, a file or a URL.")],
    graph: Graph = GRAPH,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Trace a commit to the models that carry it, or a model's file to its origin."""
    from hubtrace.graph import open_store
    from hubtrace.queries.provenance import trace as ask_trace

    with open_store(graph) as store:
        found = ask_trace(store, target)
    if format_ is Format.JSON:
        print_json({"schema": _SCHEMA, **asdict(found)})
        return
    rows = [_copy(copy) for copy in found.copies] + list(_references(found))
    print_rows(rows, COLUMNS, format_, _SCHEMA)
    for line in _summary(found):
        say(line)


def _copy(copy: "TracedCopy") -> dict[str, Any]:
    return {
        "variant": copy.name or copy.variant,
        "file": copy.path,
        "revision": copy.copied_sha[:10],
        "since_at": copy.copied_at,
        "gone_at": copy.gone_at,
        "repository": copy.repository_name or copy.repository,
        "origin_file": copy.origin_path,
        "origin": (copy.origin_sha or "")[:10],
        "made_at": copy.origin_at,
        "lag_seconds": copy.lag_seconds,
        "weight": copy.weight,
        "note": "; ".join(_notes(copy)),
    }


def _notes(copy: "TracedCopy") -> Iterator[str]:
    kinds = {"lfs": "large file", "asset": "release asset", "readme": "but for the front matter"}
    if copy.kind in kinds:
        yield kinds[copy.kind]
    if copy.boilerplate:
        yield "everybody has it"
    elif not copy.first:
        yield "another repository had it earlier"
    if copy.landed_at is None and copy.kind != "asset":
        yield "never landed"
    if copy.lag_seconds is not None and copy.lag_seconds < 0:
        yield "flowed back"


def _references(found: "Trace") -> Iterator[dict[str, Any]]:
    """Yield the commits that name the traced one, or that it names."""
    places = {place.side: place for place in found.places}
    for one in found.references:
        other = places.get("upstream" if one.side == "downstream" else "downstream")
        own = (other.name or other.project, other.at) if other is not None else ("", None)
        ends = (one.name or one.project, one.other_sha, one.at), (own[0], one.sha, own[1])
        variant, repository = ends if one.side == "downstream" else ends[::-1]
        lag = None
        if variant[2] is not None and repository[2] is not None:
            lag = variant[2] - repository[2]
        yield {
            **dict.fromkeys(COLUMNS),
            **dict(zip(("variant", "revision", "since_at"), _cut(variant), strict=True)),
            **dict(zip(("repository", "origin", "made_at"), _cut(repository), strict=True)),
            "lag_seconds": lag,
            "note": _names(one),
        }


def _cut(end: tuple[str, str, int | None]) -> tuple[str, str, int | None]:
    return end[0], end[1][:10], end[2]


def _names(one: "TracedReference") -> str:
    namer = one.side if one.direction == "named_by" else None
    if namer is None:
        namer = "downstream" if one.side == "upstream" else "upstream"
    return f"the {'variant' if namer == 'downstream' else 'repository'}'s commit names the other"


def _summary(found: "Trace") -> Iterator[str]:
    for place in found.places:
        landed = f", landed {date(place.landed_at)}" if place.landed_at is not None else ""
        never = "" if place.on_default else ", not on the default branch"
        yield (
            f"commit {place.sha[:10]} of {place.name or place.project}, {date(place.at)}"
            f"{landed}{never}: {place.subject or ''}".rstrip(": ")
        )
    if not found.copies and not found.references:
        yield f"nothing in the graph is known to come from, or to go into, {found.target}"
        return
    variants = {copy.variant for copy in found.copies}
    repositories = {copy.repository for copy in found.copies}
    said = f"{count(len(found.copies), 'copy')} between {count(len(variants), 'variant')} and "
    said += count(len(repositories), "repository")
    if found.references:
        said += f", {count(len(found.references), 'reference')}"
    yield said
