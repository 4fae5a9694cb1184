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
        "results": _results(found),
        "columnKind": "unicodeCodePoints",
    }
    body = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return as_json(body)


def _results(found: Checked) -> list[dict[str, Any]]:
    """Return a result for each finding, then for each accepted one, as suppressed.

    By the specification (3.27.23) all results have suppressions, or none has.
    """
    kinds = found.wanted.kinds
    results = [_result(finding, kinds) for finding in found.findings]
    if not found.accepted:
        return results
    seen = {(finding.kind, finding.variant) for finding in found.findings}
    for result in results:
        result["suppressions"] = []
    for each in found.accepted:
        finding, terms = each.finding, each.acceptance
        # Two parts of a finding, one of them accepted, must not be taken for the same result.
        same = (finding.kind, finding.variant)
        part = f" {terms.target} {terms.branch} {terms.value}" if same in seen else ""
        seen.add(same)
        suppression = {
            "kind": "external",
            "status": "accepted",
            "justification": for_people(terms.reason),
            "properties": {"expires": terms.expires, "by": for_people(terms.by or "")},
        }
        results.append({**_result(finding, kinds, part), "suppressions": [suppression]})
    return results


def _rule(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    return {
        "id": name,
        "shortDescription": {"text": f"{kind.what[0].upper()}{kind.what[1:]}."},
        "defaultConfiguration": {"level": "error" if kind.usual else "warning"},
    }


def _result(finding: Finding, kinds: tuple[str, ...], part: str = "") -> dict[str, Any]:
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
    mark = hashlib.sha256(f"{finding.kind} {finding.variant}{part}".encode()).hexdigest()
    return {
        "ruleId": finding.kind,
        "ruleIndex": kinds.index(finding.kind),
        "level": "error" if KINDS[finding.kind].usual else "warning",
        "message": {"text": text},
        "locations": [place],
        "partialFingerprints": {"hubtraceFinding/v1": mark},
    }
