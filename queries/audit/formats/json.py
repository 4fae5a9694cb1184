"""An audit and the findings of a check as JSON, and the JSON Schema of audits."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hubtrace.graph.text import as_json
from hubtrace.queries.audit.records import SCHEMA, Audit
from hubtrace.queries.json_schema import schema_of

if TYPE_CHECKING:
    from hubtrace.queries.audit.check import Checked

CHECK_SCHEMA = "hubtrace.check/1"
SCHEMA_URI = "urn:x-hubtrace:schema:audit:1"


def to_json(audit: Audit) -> str:
    """Return an audit as JSON text."""
    return as_json(asdict(audit))


def findings_to_json(checked: "Checked") -> str:
    """Return everything that was found or accepted, and what could not be decided."""
    body = {
        "schema": CHECK_SCHEMA,
        "until": checked.until,
        "observed_at": checked.observed_at,
        "max_days_behind": checked.wanted.max_days_behind,
        "areas": list(checked.wanted.areas),
        "kinds": list(checked.wanted.kinds),
        "variants": checked.variants,
        "findings": [asdict(finding) for finding in checked.findings],
        "accepted": [each.as_json() for each in checked.accepted],
        "stale_acceptances": [asdict(each) for each in checked.stale],
        "undecided": [asdict(each) for each in checked.undecided],
    }
    return as_json(body)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of audits, made from the records themselves."""
    return schema_of(Audit, SCHEMA, SCHEMA_URI, {})
