"""Tables and commands of the documents are what the code has, row by row."""

import re
import shlex
from pathlib import Path

import pytest

from hubtrace.commands.mcp import TOOLS
from hubtrace.ingest.change_types import ChangeType
from hubtrace.ingest.evidence.model import FACTORS, RANKS, STRENGTHS
from hubtrace.queries.audit.findings import GROUPS, KINDS
from hubtrace.queries.audit.formats import AuditFormat
from tools.reference import commands

DOCS = Path(__file__).parents[1] / "docs"


def _table(page: str, *heading: str) -> list[list[str]]:
    """Return the rows of the table with this heading, without the marks of code."""
    lines = iter((DOCS / page).read_text().splitlines())
    for line in lines:
        if _cells(line)[: len(heading)] == list(heading):
            next(lines)
            rows = []
            for row in lines:
                if not row.startswith("|"):
                    break
                rows.append(_cells(row))
            return rows
    raise AssertionError(f"{page} has no table with {heading}")


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def test_methods_of_evidence() -> None:
    rows = _table("evidence.md", "rank", "method", "strength")
    assert {row[1]: int(row[0]) for row in rows} == RANKS
    assert {row[1]: float(row[2]) for row in rows} == STRENGTHS
    reasons = {
        name: float(factor)
        for names, factor, *_ in _table("evidence.md", "reason")
        for name in names.split(", ")
    }
    assert reasons == FACTORS


def test_kinds_and_groups_of_findings() -> None:
    rows = _table("check.md", "kind", "found when", "usual")
    assert [(row[0], row[2] == "yes") for row in rows] == [
        (kind.name, kind.usual) for kind in KINDS.values()
    ]
    named = {name: set(kinds.split(", ")) for name, kinds in _table("check.md", "group")}
    for name in ("orphaned", "abandoned"):
        assert named[name] == set(GROUPS[name])
    assert named.keys() == GROUPS.keys()


def test_change_types() -> None:
    assert [row[0] for row in _table("change-types.md", "type")] == [*map(str, ChangeType)]


def test_tools_of_agents() -> None:
    rows = _table("agents.md", "tool", "arguments")
    assert [(row[0], row[1].split(", ")) for row in rows] == [
        (tool.name, [*tool.parameters]) for tool in TOOLS.values()
    ]


def test_formats_of_an_audit() -> None:
    rows = [row[0] for row in _table("audit.md", "--format")]
    assert sorted(rows) == sorted(f"{each} ({each.ending})" for each in AuditFormat)


@pytest.mark.parametrize("page", [file.name for file in sorted(DOCS.glob("*.md"))])
def test_commands_of_a_page_have_these_options(page: str) -> None:
    known = {command.path: command for command in commands()}
    for block in re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if not line.startswith("hubtrace "):
                continue
            words = shlex.split(line.partition(" && ")[0].partition(" | ")[0], comments=True)
            path = next((p for n in (3, 2) if (p := " ".join(words[:n])) in known), None)
            assert path is not None, line
            written = " ".join(term for _, term, _ in known[path].options)
            options = {
                word.partition("=")[0] for word in words if word.startswith("-") and word != "-"
            }
            assert options <= set(re.findall(r"(?<!\S)-{1,2}[a-z-]+", written)), line
