"""A report in Markdown, for tickets and repositories: the page without its pictures."""

from typing import Any

from hubtrace.queries.changes import KINDS
from hubtrace.queries.pages import render_markdown
from hubtrace.queries.patterns import PATTERNS
from hubtrace.queries.report.attention import MOST, attention
from hubtrace.queries.report.records import Report
from hubtrace.queries.study import STUDY


def to_markdown(report: Report) -> str:
    """Return the Markdown of a report: the template escapes every text."""
    flags = attention(report)
    text = render_markdown(
        "report/report.md.j2",
        doc=report,
        flags=[flag for _, flag in flags[:MOST]],
        flags_left=len(flags[MOST:]),
        table=_table,
        kinds=KINDS,
        patterns=PATTERNS,
        study=STUDY,
    )
    return text.rstrip() + "\n"


def _table(*columns: str, numbers: int = 0) -> Any:
    """Return the head of a table; its last `numbers` columns are numbers."""
    from markupsafe import Markup

    rule = "---|" * (len(columns) - numbers) + "---:|" * numbers
    return Markup(f"| {' | '.join(columns)} |\n|{rule}")  # noqa: S704 - texts of the template
