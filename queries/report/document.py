"""A report as one JSON document, `hubtrace.report/1`: every other format is made from it."""

from dataclasses import asdict
from typing import Any

from queries.report.gathering import periods_of
from queries.report.model import SCHEMA, FamilyReport, Report
from queries.statistics.lags import median_of

Document = dict[str, Any]


def document(report: Report) -> Document:
    """Return the report as JSON has it."""
    families = [_family(family, report) for family in report.families]
    body: Document = {
        "schema": SCHEMA,
        "tool": report.tool,
        "made_at": report.made_at,
        "until": report.until,
        "thresholds": dict(report.thresholds),
        "snapshots": list(report.snapshots),
        "totals": _totals(report, families),
        "statistics": asdict(report.statistics),
        "families": families,
        "orphans": [{**asdict(flag), "flagged": flag.flagged} for flag in report.orphans],
    }
    if report.changes is not None:
        body["changes"] = dict(report.changes)
    return body


def _totals(report: Report, families: list[Document]) -> Document:
    projects = [project for family in report.families for project in family.projects]

    def distinct(side: str) -> int:
        return len({project.project for project in projects if project.side == side})

    return {
        "families": len(families),
        "repositories": distinct("upstream"),
        "variants": distinct("downstream"),
        "upstream_commits": sum(family["upstream_commits"] for family in families),
        "downstream_commits": sum(family["downstream_commits"] for family in families),
        "switches": sum(family["switch_count"] for family in families),
        "left_behind": sum(family["left_behind"] for family in families),
        "flagged_families": sum(bool(family["flagged"]) for family in families),
        "flagged": sum(family["flagged"] for family in families)
        + sum(flag.flagged for flag in report.orphans),
    }


def _family(family: FamilyReport, report: Report) -> Document:
    side = family.side
    return {
        **asdict(family.pattern),
        "status": "no_commits" if side is None else side.status,
        "flagged": family.flagged,
        "upstream_commits": family.commits("upstream"),
        "downstream_commits": family.commits("downstream"),
        "switch_count": len(family.switches),
        "median_lag_days": median_of(switch.lag_days for switch in family.switches),
        "left_behind": family.tail.commits if family.tail else 0,
        "start_at": family.start_at,
        "periods": periods_of(family, report.thresholds["period_days"]),
        "shared_periods": list(family.shared_periods),
        "projects": [asdict(project) for project in family.projects],
        "switches": [asdict(switch) for switch in family.switches],
        "lags": [asdict(lags) for lags in family.lags],
        "tail": asdict(family.tail) if family.tail else None,
        "side": None if side is None else {**asdict(side), "flagged": side.flagged},
        "variant_flags": [{**asdict(v), "flagged": v.flagged} for v in family.variants],
        "branches": [{**asdict(b), "flagged": b.flagged} for b in family.branches],
        "marks": [asdict(mark) for mark in family.marks],
    }
