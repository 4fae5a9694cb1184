"""An audit as JSON, and the JSON Schema that says what is in it."""

import json
from dataclasses import asdict
from typing import Any

from hubtrace.queries.audit.records import SCHEMA, Audit
from hubtrace.queries.json_schema import DRAFT, Records, record

SCHEMA_URI = "urn:x-hubtrace:schema:audit:1"


def audit_as_json(audit: Audit) -> dict[str, Any]:
    """Return an audit as what JSON knows: objects, lists, texts, numbers."""
    return asdict(audit)


def to_json(audit: Audit) -> str:
    """Return an audit as JSON text."""
    return json.dumps(audit_as_json(audit), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of audits, made from the records themselves."""
    records: Records = {}
    record(Audit, records)
    whole = records.pop("Audit")
    whole["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": DRAFT,
        "$id": SCHEMA_URI,
        "title": SCHEMA,
        **whole,
        "$defs": dict(sorted(records.items())),
    }
