"""An audit's page as plain text for a terminal, a mail or a ticket; findings as lines."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING

from hubtrace.graph.text import for_people, without_commands

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

    from hubtrace.queries.audit.check import Checked
    from hubtrace.queries.audit.records import Audit

WIDTH = 100
"""Columns of the widest line in a file, long words apart."""
ROOM: ContextVar[int] = ContextVar("room", default=WIDTH)
"""Of what is read on a terminal, which may be narrower."""

_GAP = "  "
_LABEL = 28
_NARROWEST = 10
"""Columns that a column of a table keeps when it is made narrower."""
_UNDERLINES = {"h1": "=", "h2": "-"}


def to_text(audit: "Audit") -> str:
    """Return the page as text; control characters are visible, nothing takes effect."""
    from hubtrace.queries.audit.formats.markdown import to_markdown  # findings take no template

    return as_text(to_markdown(audit))


def as_text(markdown: str) -> str:
    """Return a page of `render_page` as text."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    text = "\n".join(_lines(SyntaxTreeNode(tokens)))
    return re.sub("\n{3,}", "\n\n", text).strip() + "\n"


def findings_to_text(checked: "Checked") -> str:
    """Return one line for each finding: `name: kind: sentence [proof]`."""
    lines = (
        f"{found.name}: {found.kind}: {found.text}"
        + (f" [{'; '.join(found.proof)}]" if found.proof else "")
        for found in checked.findings
    )
    return "".join(f"{for_people(line)}\n" for line in lines)


def plain(inline: "Token | None") -> str:
    """Return the text of an inline token without where its links lead.

    The zero-width spaces are those of `for_markdown`, which keep hosts from making links: any that
    came from a hub is an escape by now.
    """
    parts = inline.children or () if inline else ()
    broken = ("\n" if part.type == "softbreak" else part.content for part in parts)
    return "".join(broken).replace("\u200b", "")


def _lines(page: "SyntaxTreeNode") -> Iterator[str]:
    for block in page.children:
        if block.type == "table":
            yield from _table(
                [list(row.children) for part in block.children for row in part.children]
            )
            continue
        text = plain(block.children[0].token)
        if block.type == "heading":
            below = _UNDERLINES.get(block.tag)
            yield from (
                ["", text, below * min(len(text), ROOM.get())] if below else ["", f"{text}:"]
            )
            if block.tag == "h1":
                yield ""
        else:
            for line in text.split("\n"):
                yield from _wrapped(line, ROOM.get())


def _table(rows: "Sequence[Sequence[SyntaxTreeNode]]") -> Iterator[str]:
    texts = [[plain(cell.children[0].token if cell else None) for cell in row] for row in rows]
    if not any(texts[0]):
        yield from _facts(rows[1:], texts[1:])
        return
    numbers = [cell.attrs.get("style") == "text-align:right" for cell in rows[0]]
    widths = _widths(texts)
    for number, row in enumerate(texts):
        yield from _row(row, widths, numbers)
        if number == 0:
            yield _GAP.join("-" * width for width in widths)
    yield ""


def _facts(
    rows: "Sequence[Sequence[SyntaxTreeNode]]", texts: Sequence[Sequence[str]]
) -> Iterator[str]:
    for (_, cell), (label, text) in zip(rows, texts, strict=True):
        for position, line in enumerate(_wrapped(text, ROOM.get() - _LABEL)):
            yield f"{label if position == 0 else '':{_LABEL}}{line}"
        links = (part.attrs["href"] for part in cell.children[0].children if part.type == "link")
        url = next(links, None)
        if url is not None:
            yield f"{'':{_LABEL}}{for_people(str(url))}"


def _row(row: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> Iterator[str]:
    last = len(row) - 1
    cells = [
        # A URL at the end of a line is kept whole, however long: it is there to be followed.
        _wrapped(text, width, whole=position == last)
        for position, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    for line in range(max(len(lines) for lines in cells)):
        shown = [lines[line] if line < len(lines) else "" for lines in cells]
        yield _GAP.join(
            f"{text:>{width}}" if number else f"{text:{width}}"
            for text, width, number in zip(shown, widths, numbers, strict=True)
        ).rstrip()


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column; the widest ones give way until all fit."""
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    room = ROOM.get() - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= min(sum(widths) - room, max(1, widths[widest] // 10))
    return widths


def _wrapped(text: str, width: int, *, whole: bool = False) -> list[str]:
    lines = textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=not whole)
    return [without_commands(line) for line in lines] or [""]  # a new line may begin with one
