"""An audit's page as one self-contained HTML file."""

from hubtrace.queries.audit.page import Cell, Facts, Linked, Page, Table, parts_of, text_of
from hubtrace.queries.audit.records import Audit
from hubtrace.queries.pages import render

_BRIEF, _WORDY = 16, 60
"""Characters up to which a cell stays on one line, and from which it asks for room."""


def to_html(page: Page, audit: Audit) -> str:
    """Return a page as HTML: readable on paper, and safe whatever the hubs have said."""
    return (
        render(
            "audit/audit.html",
            title=page.title,
            page=page,
            audit=audit,
            parts_of=parts_of,
            length_of=_length_of,
            is_facts=lambda block: isinstance(block, Facts),
            is_table=lambda block: isinstance(block, Table),
            is_link=lambda part: isinstance(part, Linked),
        )
        + "\n"
    )


def _length_of(cell: Cell) -> str:
    """Return the class of a cell, by how much is in it: dates are not broken into lines."""
    length = len(text_of(cell))
    return "brief" if length <= _BRIEF else "wordy" if length >= _WORDY else "plain"
