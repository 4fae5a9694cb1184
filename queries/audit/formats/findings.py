"""Findings as lines of text, as JSON, as a Markdown table."""

import json
from dataclasses import asdict

from hubtrace.graph.text import count, for_markdown, for_people
from hubtrace.queries.audit.check import Checked
from hubtrace.queries.audit.records import Finding

SCHEMA = "hubtrace.check/1"


def to_text(found: Checked) -> str:
    """Return one line for each finding: `name: kind: sentence [proof]`."""
    return "".join(f"{_line(finding)}\n" for finding in found.findings)


def to_json(found: Checked) -> str:
    """Return everything that was found, and what could not be decided."""
    body = {
        "schema": SCHEMA,
        "until": found.until,
        "max_days_behind": found.wanted.max_days_behind,
        "areas": list(found.wanted.areas),
        "kinds": list(found.wanted.kinds),
        "variants": found.variants,
        "findings": [asdict(finding) for finding in found.findings],
        "undecided": [asdict(each) for each in found.undecided],
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def to_markdown(found: Checked) -> str:
    """Return a table for a pull request or a job's summary."""
    total = f"{count(len(found.findings), 'finding')} in {count(found.variants, 'model')}"
    lines = [f"**hubtrace check**: {total}"]
    if found.findings:
        lines += ["", "| model | finding | what was found | proof |", "|---|---|---|---|"]
        lines += [_row(finding) for finding in found.findings]
    if found.undecided:
        lines += ["", "| model | could not be decided | what is missing |", "|---|---|---|"]
        lines += [_cells(each.name, each.kind, each.missing) for each in found.undecided]
    return "\n".join(lines) + "\n"


def _line(finding: Finding) -> str:
    proof = f" [{'; '.join(finding.proof)}]" if finding.proof else ""
    return for_people(f"{finding.name}: {finding.kind}: {finding.text}{proof}")


def _row(finding: Finding) -> str:
    return _cells(finding.name, finding.kind, finding.text, "; ".join(finding.proof))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(map(for_markdown, cells))} |"
