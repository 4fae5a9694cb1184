"""Findings as SARIF 2.1.0, for code scanning and everything else that reads it.

A finding is about a model, not about a line of a file: its location is logical, the model by its
name. GitHub's code scanning wants a file as well; that is the families file or the workflow that
the gate stands in, which `uri` names.
"""

import hashlib
from typing import Any

from hubtrace.graph.text import as_json, for_people
from hubtrace.queries.audit.build import tool
from hubtrace.queries.audit.check import Checked
from hubtrace.queries.audit.findings import KINDS
from hubtrace.queries.audit.records import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_PLACE = "README.md"
"""The file that a finding is shown at where a viewer insists on one: the start of the README."""


def findings_to_sarif(found: Checked) -> str:
    """Return the findings as SARIF: a rule for each kind, a result for each finding."""
    name, _, version = tool().partition(" ")
    rules = [_rule(kind) for kind in found.wanted.kinds]
    driver = {"name": name, "version": version, "rules": rules}
    notes = [
        {
            "level": "note",
            "message": {"text": for_people(f"undecided: {each.name}: {each.missing}")},
            "descriptor": {"id": each.kind},
        }
        for each in found.undecided
    ]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(finding, found.wanted.kinds) for finding in found.findings],
        "columnKind": "unicodeCodePoints",
    }
    body = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return as_json(body)


def _rule(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    return {
        "id": name,
        "shortDescription": {"text": f"{kind.what[0].upper()}{kind.what[1:]}."},
        "defaultConfiguration": {"level": "error" if kind.usual else "warning"},
    }


def _result(finding: Finding, kinds: tuple[str, ...]) -> dict[str, Any]:
    proof = f" ({'; '.join(finding.proof)})" if finding.proof else ""
    text = for_people(f"{finding.name}: {finding.text}{proof}")
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": _PLACE, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [
            {"fullyQualifiedName": for_people(finding.variant), "name": for_people(finding.name)}
        ],
    }
    mark = hashlib.sha256(f"{finding.kind} {finding.variant}".encode()).hexdigest()
    return {
        "ruleId": finding.kind,
        "ruleIndex": kinds.index(finding.kind),
        "level": "error" if KINDS[finding.kind].usual else "warning",
        "message": {"text": text},
        "locations": [place],
        "partialFingerprints": {"hubtraceFinding/v1": mark},
    }
