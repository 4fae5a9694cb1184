"""Tables in HTML, for notebooks: everything that comes from a hub is text in them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from hubtrace.output import cell, header

MOST_ROWS = 50
"""Rows that are shown; the others are counted."""
_LONGEST = 300
"""Characters of a cell that are shown."""


def html_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], caption: str = "") -> str:
    """Return rows as an HTML table; control characters and marks of direction are visible."""
    head = "".join(f"<th>{escape(header(column))}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(column, row[column])}</td>' for column in columns)}</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = len(rows) - MOST_ROWS
    rest = f"<p>… and {more:,} more</p>" if more > 0 else ""
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def html_page(document: str) -> str:
    """Return a whole HTML page as a frame that can neither run scripts nor reach the notebook."""
    return (
        f'<iframe sandbox="" srcdoc="{escape(document)}" '
        'style="width: 100%; height: 40em; border: 1px solid #ccc"></iframe>'
    )


def _cell(column: str, value: Any) -> str:
    shown = cell(column, value)
    return escape(shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…")
