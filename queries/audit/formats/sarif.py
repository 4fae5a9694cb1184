"""Findings as SARIF 2.1.0, for code scanning and everything else that reads it.

A finding is about models, not about a line of a file: its location is logical, the models by their
names. GitHub's code scanning wants a file as well: the start of the README. It tells results apart
by `primaryLocationLineHash` alone, and makes one of that line where a file has none: all results of
a rule would be one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from hubtrace.graph.format import count
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

_NAMED = 10
"""Models that a message names; the logical locations are all of them."""
_ACCEPT = (
    "What is meant to be so can be accepted until a day, with a reason, in .hubtrace.toml "
    "(`hubtrace check --write-baseline`)."
)
_SAY = "Say in the model's card which repository it is made from"
_MENDED: Mapping[str, str] = {
    "lag": "Release the model again from the code of now, or give a larger `max-lag`.",
    "unlinked": f"{_SAY}.",
    "dead_link": f"{_SAY} now, or bring the repository back.",
    "archived_upstream": f"{_SAY} that is still kept up.",
    "moved_upstream": "Change the links in the model's card to the new name.",
    "upstream_abandoned": "Nothing new comes from the repository: say where it is kept up now.",
    "downstream_abandoned": "Release the model again, or say in its card that it is final.",
    "rewritten": "Compare with a revision that you trust, and pin that one.",
    "licence_mismatch": "Let the model's card and the repository name the same licence.",
    "gone": "Use another model, or a copy that you can prove to be the same.",
    "replaced": "Trust nothing under this name until you know who has it now.",
    "abandoned_branch": "Merge or delete the branch.",
    "orphaned_branch": "Delete the branch, or make it one that descends from the default branch.",
    "tail": "Release the model again, or wait for the repository.",
    "no_origin": "Name the upstream commit in the message of the model's next revision.",
    "unattested": "Let a workflow of the repository attest the weights that it publishes.",
    "attestation_mismatch": "Do not use the file until you know who attested it.",
}
"""Kind of finding → what to do about it."""


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
    """Return a result for each cause, then for each accepted finding, as suppressed.

    By the specification (3.27.23) all results have suppressions, or none has.
    """
    kinds = found.wanted.kinds
    results = [_result(cause.findings, kinds) for cause in found.causes]
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
        results.append({**_result((finding,), kinds, part), "suppressions": [suppression]})
    return results


def _rule(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    what = f"{kind.what[0].upper()}{kind.what[1:]}."
    help_ = f"Found when: {kind.what}. {_MENDED[name]}"
    return {
        "id": name,
        "name": name,
        "shortDescription": {"text": what},
        "fullDescription": {"text": what},
        "help": {"text": f"{help_} {_ACCEPT}", "markdown": f"{help_}\n\n{_ACCEPT}"},
        "defaultConfiguration": {"level": _level(name)},
        "properties": {"tags": ["hubtrace", "provenance"], "precision": "high"},
    }


def _level(name: str) -> str:
    return "error" if KINDS[name].usual else "warning"


def _result(findings: Sequence[Finding], kinds: tuple[str, ...], part: str = "") -> dict[str, Any]:
    """Return a result for what is found alike of these models."""
    findings = sorted(findings, key=lambda finding: finding.variant)
    first = findings[0]
    proof = f" ({'; '.join(first.proof)})" if first.proof else ""
    names = ", ".join(finding.name for finding in findings[:_NAMED])
    more = f" and {count(len(findings) - _NAMED, 'more model')}" if findings[_NAMED:] else ""
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": _PLACE, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [
            {"fullyQualifiedName": for_people(each.variant), "name": for_people(each.name)}
            for each in findings
        ],
    }
    # Days that go by, and models that come later, leave it the same result.
    mark = hashlib.sha256(f"{first.kind} {first.variant}{part}".encode()).hexdigest()
    return {
        "ruleId": first.kind,
        "ruleIndex": kinds.index(first.kind),
        "level": _level(first.kind),
        "message": {"text": for_people(f"{names}{more}: {first.text}{proof}")},
        "locations": [place],
        "partialFingerprints": {
            "hubtraceFinding/v1": mark,
            "primaryLocationLineHash": f"{mark[:16]}:1",
        },
    }
