"""`hubtrace trace`: from a commit to the models that carry it, from a file to its origin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.graph import open_store
from hubtrace.graph.format import count
from hubtrace.options import GRAPH, Graph, OutputFormat, table_options
from hubtrace.output import Format, Table, date
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.provenance import Trace, TracedCopy

TABLE = Table.of(
    "hubtrace.trace/1",
    *("variant", "file", "revision", "since_at", "gone_at"),
    *("repository", "origin_file", "origin", "made_at", "lag_seconds", "weight", "note"),
    first=("variant", "file", "repository", "origin", "note", "lag_seconds"),
    summed_up=True,
)


@table_options
def trace(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A sha, a file or a URL.")],
    graph: Graph = GRAPH,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Trace a commit to the models that carry it, or a model's file to the commit it comes from.

    TARGET is a sha (or its first letters) of a commit on either side or of a blob, the URL of a
    commit or file on GitHub or Hugging Face, ORG/MODEL:PATH, ORG/MODEL@REVISION:PATH, or ORG/MODEL
    for all of its files.

    Examples:

      hubtrace trace 48454c33e5

      hubtrace trace https://github.com/QwenLM/Qwen-VL/commit/48454c33e5

      hubtrace trace Qwen/Qwen-VL-Chat:modeling_qwen.py --format json

      hubtrace trace https://huggingface.co/Qwen/Qwen-VL-Chat/blob/main/LICENSE

    A file of weight 1 is in one repository only; a ubiquitous one, such as a licence, has weight 0.
    """  # noqa: D412 - it is the help that is printed
    from hubtrace.queries.provenance import trace as run_trace

    with open_store(graph) as store:
        found = run_trace(store, target)
    TABLE.print(rows_of(found), format_, found)
    if format_ is not Format.JSON:
        for line in summary(found):
            say(line)


def rows_of(found: "Trace") -> list[dict[str, Any]]:
    """Return a row of `TABLE` for each copy, and for each commit that names another."""
    return [*map(_copy_row, found.copies), *_reference_rows(found)]


def _copy_row(copy: "TracedCopy") -> dict[str, Any]:
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
        yield "ubiquitous"
    elif not copy.first:
        yield "another repository had it earlier"
    if copy.landed_at is None and copy.kind != "asset":
        yield "never landed"
    if copy.lag_seconds is not None and copy.lag_seconds < 0:
        yield "flowed back"


def _reference_rows(found: "Trace") -> Iterator[dict[str, Any]]:
    """Yield a row for each commit that names the traced one, or that it names."""
    by_side = {commit.side: commit for commit in found.places}
    for other in found.references:
        downstream = other.side == "downstream"
        own = by_side.get("upstream" if downstream else "downstream")
        own_end = (own.name or own.project, other.sha, own.at) if own else ("", other.sha, None)
        ends = (other.name or other.project, other.other_sha, other.at), own_end
        (variant, revision, since), (repository, origin, made) = ends if downstream else ends[::-1]
        namer = "variant" if downstream == (other.direction == "named_by") else "repository"
        yield dict.fromkeys(TABLE.columns) | {
            "variant": variant,
            "revision": revision[:10],
            "since_at": since,
            "repository": repository,
            "origin": origin[:10],
            "made_at": made,
            "lag_seconds": None if since is None or made is None else since - made,
            "note": f"the {namer}'s commit names the other",
        }


def summary(found: "Trace") -> Iterator[str]:
    """Yield what there is, in sentences."""
    for commit in found.places:
        landed = f", landed {date(commit.landed_at)}" if commit.landed_at is not None else ""
        never = "" if commit.on_default else ", not on the default branch"
        yield (
            f"commit {commit.sha[:10]} of {commit.name or commit.project}, {date(commit.at)}"
            f"{landed}{never}: {commit.subject or ''}".rstrip(": ")
        )
    if not found.copies and not found.references:
        yield f"nothing in the graph is known to come from, or to go into, {found.target}"
        return
    variants = {copy.variant for copy in found.copies}
    repositories = {copy.repository for copy in found.copies}
    references = count(len(found.references), "reference")
    yield (
        f"{count(len(found.copies), 'copy')} between {count(len(variants), 'variant')} and "
        f"{count(len(repositories), 'repository')}{f', {references}' if found.references else ''}"
    )
