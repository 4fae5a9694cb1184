"""`hubtrace flags`: what was left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.options import GRAPH, AbandonAfter, Families, Graph, OutputFormat, Until, parse_until
from hubtrace.output import Format, date, print_json, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.flags import BranchFlag, Flags, SideFlag, VariantFlag

COLUMNS = ("kind", "family", "what", "status", "proof")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("flags")(flags)


def flags(
    families: Families = None,
    graph: Graph = GRAPH,
    until: Until = None,
    abandon_after: AbandonAfter = 180,
    all_: Annotated[bool, typer.Option("--all", help="List what is not flagged as well.")] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List orphaned and abandoned branches, sides and variants, with what proves it.

    Example:  hubtrace flags --abandon-after 90 --format json
    """
    from hubtrace.graph.store import open_store
    from hubtrace.queries.flags import flags as ask_flags
    from hubtrace.queries.thresholds import Thresholds

    moment = parse_until(until)
    thresholds = Thresholds(abandon_after_days=abandon_after)
    with open_store(graph) as store:
        found = ask_flags(store, families or None, moment, thresholds)
    if format_ is Format.JSON:
        body = _json(found, everything=all_)
        extra = {"until": moment, "abandon_after_days": abandon_after, "flagged": found.flagged}
        print_json({"schema": "hubtrace.flags/1", **extra, **body})
        return
    print_rows(rows_of(found, everything=all_), COLUMNS, format_, "hubtrace.flags/1")
    say(counts(found))


def counts(found: "Flags") -> str:
    """Return one line that says how much was looked at and how much is flagged."""
    kinds = (
        ("branches", found.branches),
        ("families", found.sides),
        ("variants", found.variants),
    )
    parts = [f"{sum(row.flagged for row in rows)} of {len(rows)} {kind}" for kind, rows in kinds]
    return f"flagged: {', '.join(parts)}"


def rows_of(found: "Flags", *, everything: bool) -> list[dict[str, str]]:
    """Return what is flagged, or everything, as rows of `COLUMNS`."""
    rows: list[BranchFlag | SideFlag | VariantFlag] = [
        *found.sides,
        *found.variants,
        *found.branches,
    ]
    return [row_of(one) for one in rows if everything or one.flagged]


def row_of(flag: "BranchFlag | SideFlag | VariantFlag") -> dict[str, str]:
    """Return one status as a row of `COLUMNS`."""
    from hubtrace.queries.flags import SideFlag, VariantFlag

    if isinstance(flag, SideFlag):
        return _side(flag)
    return _variant(flag) if isinstance(flag, VariantFlag) else _branch(flag)


def _json(found: "Flags", *, everything: bool) -> Mapping[str, Any]:
    def kept(rows: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            {**asdict(row), "flagged": row.flagged} for row in rows if everything or row.flagged
        ]

    return {
        "branches": kept(found.branches),
        "sides": kept(found.sides),
        "variants": kept(found.variants),
    }


def _side(flag: "SideFlag") -> dict[str, str]:
    proof = _last(flag.upstream_last_at, flag.upstream_last_sha, "upstream")
    proof += "; " + _last(flag.downstream_last_at, flag.downstream_last_sha, "downstream")
    return _row("family", flag.family, flag.family, flag.status, proof)


def _variant(flag: "VariantFlag") -> dict[str, str]:
    facts = [
        _last(flag.last_at, flag.last_sha, "last commit"),
        _last(flag.upstream_last_at, flag.upstream_last_sha, "upstream"),
        f"gone since {date(flag.gone_at)}" if flag.gone_at is not None else "",
        f"moved to {flag.moved_to}" if flag.moved_to else "",
    ]
    proof = "; ".join(fact for fact in facts if fact)
    return _row("variant", flag.family or "", flag.name or flag.variant, flag.status, proof)


def _branch(flag: "BranchFlag") -> dict[str, str]:
    name = f"{flag.name or flag.project} {flag.branch.removeprefix('refs/heads/')}"
    proof = _last(flag.head_committed_at, flag.head, "head")
    if flag.ahead is not None:
        proof += f"; {flag.ahead} ahead, {flag.behind} behind"
    if flag.default_committed_at is not None:
        proof += f"; default branch moved {date(flag.default_committed_at)}"
    return _row("branch", flag.family, name, flag.status, proof)


def _last(at: int | None, sha: str | None, what: str) -> str:
    if at is None:
        return f"{what}: nothing"
    # A day known without its commit names itself: `day:<variant>:<date>`.
    commit = "" if sha is None or sha.startswith("day:") else f" {sha[:10]}"
    return f"{what} {date(at)}{commit}"


def _row(kind: str, family: str, what: str, status: str, proof: str) -> dict[str, str]:
    return {"kind": kind, "family": family, "what": what, "status": status, "proof": proof}
