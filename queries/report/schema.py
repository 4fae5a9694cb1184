"""The JSON Schema of a report, made from the records that its document is made of."""

from dataclasses import fields
from typing import Any

from queries.changes import Change
from queries.flags import BranchFlag, SideFlag, VariantFlag
from queries.json_schema import DRAFT, Records, described, record
from queries.patterns import FamilyPattern
from queries.report.model import (
    SCHEMA,
    FamilyLags,
    Mark,
    ProjectReport,
    SwitchReport,
    Tail,
)
from queries.statistics import Statistics
from queries.thresholds import Thresholds

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
        "families": _list(_family(records)),
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


def _family(records: Records) -> dict[str, Any]:
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
