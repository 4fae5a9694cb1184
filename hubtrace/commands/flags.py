"""`hubtrace flags`: what was left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.options import GRAPH, AbandonAfter, Families, Graph, OutputFormat, Until, parse_until
from hubtrace.output import Format, print_json, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.flags import Flag, Flags

COLUMNS = ("kind", "family", "what", "status", "proof")


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
    from hubtrace.graph import open_store
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
    """Return one line: how much is flagged, of how much."""
    kinds = (
        ("branches", found.branches),
        ("families", found.sides),
        ("variants", found.variants),
    )
    parts = [f"{sum(row.flagged for row in rows)} of {len(rows)} {kind}" for kind, rows in kinds]
    return f"flagged: {', '.join(parts)}"


def rows_of(found: "Flags", *, everything: bool) -> list[dict[str, str]]:
    """Return what is flagged, or everything, as rows of `COLUMNS`."""
    rows: tuple[Flag, ...] = (*found.sides, *found.variants, *found.branches)
    return [row_of(flag) for flag in rows if everything or flag.flagged]


def row_of(flag: "Flag") -> dict[str, str]:
    """Return one status as a row of `COLUMNS`."""
    from hubtrace.queries.report.attention import describe

    found = describe(flag)
    return {
        "kind": found.kind,
        "family": found.family,
        "what": found.what,
        "status": found.status,
        "proof": "; ".join(proof.text for proof in found.proofs),
    }


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
