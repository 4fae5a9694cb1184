"""An audit and the findings of a check as JSON, and the JSON Schema of audits."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hubtrace.graph.text import as_json
from hubtrace.queries.audit.acceptances import Acceptance, Stale
from hubtrace.queries.audit.records import SCHEMA, Audit, Finding, Undecided
from hubtrace.queries.json_schema import plain, record_fields, schema_of

if TYPE_CHECKING:
    from hubtrace.queries.audit.check import Checked

CHECK_SCHEMA = "hubtrace.check/1"


@dataclass(frozen=True, slots=True)
class AcceptedFinding(Finding):
    """A finding, and the acceptance that covers it."""

    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class CheckDocument:
    """Everything that was found or accepted, and what could not be decided."""

    until: int | None
    """The moment that was asked for, epoch seconds; null for when each family was last observed."""
    observed_at: int | None
    """When what is known least recently was looked at; null if nothing ever was."""
    max_days_behind: int
    areas: tuple[str, ...]
    """Only commits on these count; none for all."""
    kinds: tuple[str, ...]
    """What was looked for."""
    variants: int
    findings: tuple[Finding, ...]
    accepted: tuple[AcceptedFinding, ...]
    stale_acceptances: tuple[Stale, ...]
    undecided: tuple[Undecided, ...]


def to_json(audit: Audit) -> str:
    """Return an audit as JSON text."""
    return as_json(asdict(audit))


def findings_to_json(checked: "Checked") -> str:
    """Return everything that was found or accepted, and what could not be decided."""
    body = CheckDocument(
        checked.until,
        checked.observed_at,
        checked.wanted.max_days_behind,
        checked.wanted.areas,
        checked.wanted.kinds,
        checked.variants,
        checked.findings,
        tuple(
            AcceptedFinding(**record_fields(each.finding), acceptance=each.acceptance)
            for each in checked.accepted
        ),
        checked.stale,
        checked.undecided,
    )
    return as_json({"schema": CHECK_SCHEMA, **plain(body)})


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of audits, made from the records themselves."""
    return schema_of(Audit, SCHEMA)
