"""A report as one JSON document, `hubtrace.report/1`, and the schema that describes it."""

from typing import Any

from hubtrace.graph.text import as_json
from hubtrace.queries.json_schema import plain, schema_of
from hubtrace.queries.report.records import SCHEMA, Report


def document(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it."""
    body: dict[str, Any] = plain(report)
    if report.changes is None:
        del body["changes"]
    return body


def to_json(report: Report) -> str:
    """Return the report as JSON text."""
    return as_json(document(report), indent=1)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `report.json`, derived from the records."""
    schema = schema_of(Report, SCHEMA)
    schema["properties"]["changes"], _null = schema["properties"]["changes"]["anyOf"]
    schema["required"].remove("changes")
    schema["properties"]["statistics"], _null = schema["properties"]["statistics"]["anyOf"]
    return schema
