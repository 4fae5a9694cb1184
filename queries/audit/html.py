"""An audit's page as one self-contained HTML file."""

from queries.audit.facts import Audit
from queries.audit.page import Facts, Linked, Page, Table, parts_of
from queries.pages import render


def to_html(page: Page, audit: Audit) -> str:
    """Return a page as HTML: readable on paper, and safe whatever the hubs have said."""
    return (
        render(
            "audit/audit.html",
            title=page.title,
            page=page,
            audit=audit,
            parts_of=parts_of,
            is_facts=lambda block: isinstance(block, Facts),
            is_table=lambda block: isinstance(block, Table),
            is_link=lambda part: isinstance(part, Linked),
        )
        + "\n"
    )
