"""A report as one JSON document, `hubtrace.report/1`, and the schema that describes it."""

from dataclasses import asdict, fields
from typing import Any

from hubtrace.queries.changes import Change
from hubtrace.queries.flags import BranchFlag, SideFlag, VariantFlag
from hubtrace.queries.json_schema import DRAFT, Records, described, record
from hubtrace.queries.patterns import FamilyPattern
from hubtrace.queries.report.build import periods_of
from hubtrace.queries.report.records import (
    SCHEMA,
    FamilyLags,
    FamilyReport,
    Mark,
    ProjectReport,
    Report,
    SwitchReport,
    Tail,
)
from hubtrace.queries.statistics import Statistics
from hubtrace.queries.statistics.lags import median_of
from hubtrace.queries.thresholds import Thresholds

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


SCHEMA_URI = "urn:x-hubtrace:schema:report:1"

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_MOMENT = {"type": ["integer", "null"], "description": "epoch seconds, UTC"}
_TOTALS = (
    *("families", "repositories", "variants", "upstream_commits", "downstream_commits"),
    *("switches", "left_behind", "flagged_families", "flagged"),
)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `report.json`."""
    records: Records = {}
    properties: dict[str, Any] = {
        "schema": {"const": SCHEMA},
        "tool": _TEXT,
        "made_at": {"type": "integer"},
        "until": _MOMENT,
        "thresholds": record(Thresholds, records),
        "snapshots": _list(_TEXT),
        "totals": _object(dict.fromkeys(_TOTALS, _COUNT)),
        "statistics": record(Statistics, records),
        "families": _list(_family_schema(records)),
        "orphans": _list(_flag(VariantFlag, records)),
    }
    whole = _object(properties)
    properties["changes"] = _changes(records)  # only where they were asked for
    return {
        "$schema": DRAFT,
        "$id": SCHEMA_URI,
        "title": SCHEMA,
        **whole,
        "$defs": dict(sorted(records.items())),
    }


def _family_schema(records: Records) -> dict[str, Any]:
    record(FamilyPattern, records)
    pattern = records.pop("FamilyPattern")["properties"]
    tail, side = record(Tail, records), _flag(SideFlag, records)
    return _object(
        {
            **pattern,
            "status": _TEXT,
            "flagged": _COUNT,
            "upstream_commits": _COUNT,
            "downstream_commits": _COUNT,
            "switch_count": _COUNT,
            "median_lag_days": {"type": ["number", "null"], "description": "whole days"},
            "left_behind": {**_COUNT, "description": "commits of the tail"},
            "start_at": _MOMENT,
            "periods": {**_COUNT, "description": "from the first commit to the moment asked for"},
            "shared_periods": _list(_COUNT),
            "projects": _list(record(ProjectReport, records)),
            "switches": _list(record(SwitchReport, records)),
            "lags": _list(record(FamilyLags, records)),
            "tail": {"anyOf": [tail, {"type": "null"}]},
            "side": {"anyOf": [side, {"type": "null"}]},
            "variant_flags": _list(_flag(VariantFlag, records)),
            "branches": _list(_flag(BranchFlag, records)),
            "marks": _list(record(Mark, records)),
        }
    )


def _changes(records: Records) -> dict[str, Any]:
    moment = _object({"name": _TEXT, "until": _MOMENT})
    return _object(
        {
            "before": moment,
            "after": moment,
            "counts": {"type": "object", "additionalProperties": _COUNT},
            "changes": _list(record(Change, records)),
        }
    )


def _flag(kind: type, records: Records) -> dict[str, Any]:
    """Describe a flag: its record, and whether somebody should look at it."""
    record(kind, records)
    known = records[kind.__name__]
    if "flagged" not in known["properties"]:
        known["properties"]["flagged"] = {"type": "boolean"}
        known["required"] = [*(field.name for field in fields(kind)), "flagged"]
    return described(kind, records)


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
