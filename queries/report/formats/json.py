"""A report as one JSON document, `hubtrace.report/1`, and the schema that describes it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from hubtrace.graph.text import as_json
from hubtrace.queries.flags import Flag
from hubtrace.queries.json_schema import Records, schema_of
from hubtrace.queries.report.records import SCHEMA, Report

SCHEMA_URI = "urn:x-hubtrace:schema:report:1"


def document(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it."""
    body: dict[str, Any] = _plain(report)
    if report.changes is None:
        del body["changes"]
    return body


def to_json(report: Report) -> str:
    """Return the report as JSON text."""
    return as_json(document(report), indent=1)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if not is_dataclass(value):
        return value
    found = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return {**found, "flagged": value.flagged} if isinstance(value, Flag) else found


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `report.json`, derived from the records."""
    records: Records = {}
    schema = schema_of(Report, SCHEMA, SCHEMA_URI, records)
    schema["properties"]["changes"], _null = schema["properties"]["changes"]["anyOf"]
    schema["required"].remove("changes")
    schema["properties"]["statistics"], _null = schema["properties"]["statistics"]["anyOf"]
    for kind in ("SideFlag", "VariantFlag", "BranchFlag"):
        records[kind]["properties"]["flagged"] = {"type": "boolean"}
        records[kind]["required"] = [*records[kind]["required"], "flagged"]
    return schema
