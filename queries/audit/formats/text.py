"""An audit's page as plain text for a terminal, a mail or a ticket."""

import textwrap
from collections.abc import Iterator, Sequence

from hubtrace.graph.text import for_people
from hubtrace.queries.audit.page import Cell, Facts, Linked, Note, Page, Section, Table, parts_of

WIDTH = 100
"""Columns of the widest line, long words apart."""

_GAP = "  "
_LABEL = 20
_NARROWEST = 10
"""Columns that a column of a table keeps when it is made narrower."""


def to_text(page: Page) -> str:
    """Return a page as text; control characters are visible, nothing takes effect."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield _plain(page.title)
    yield "=" * min(len(_plain(page.title)), WIDTH)
    yield ""
    for sentence in page.summary:
        yield from _wrapped(_plain(sentence), WIDTH)
    for section in page.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield section.heading
    yield "-" * len(section.heading)
    for block in section.blocks:
        if isinstance(block, Facts):
            yield from _facts(block)
        elif isinstance(block, Table):
            yield from _table(block)
        else:
            yield from _note(block)


def _note(note: Note) -> Iterator[str]:
    yield from _wrapped(_plain(note.text), WIDTH)


def _facts(facts: Facts) -> Iterator[str]:
    for label, value in facts.rows:
        lines = _wrapped(_plain(value), WIDTH - _LABEL)
        for position, line in enumerate(lines):
            yield f"{label if position == 0 else '':{_LABEL}}{line}"
        url = next((part.url for part in parts_of(value) if isinstance(part, Linked)), None)
        if url is not None:
            yield f"{'':{_LABEL}}{for_people(url)}"


def _table(table: Table) -> Iterator[str]:
    rows = [table.columns, *([_plain(cell) for cell in row] for row in table.rows)]
    widths = _widths(rows)
    yield ""
    yield f"{for_people(table.caption)}:"
    for number, row in enumerate(rows):
        yield from _row(row, widths, table.numbers)
        if number == 0:
            yield _GAP.join("-" * width for width in widths)
    yield ""


def _row(row: Sequence[str], widths: Sequence[int], numbers: frozenset[int]) -> Iterator[str]:
    last = len(row) - 1
    cells = [
        # A URL at the end of a line is kept whole, however long: it is there to be followed.
        _wrapped(text, width, whole=position == last)
        for position, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    for line in range(max(len(lines) for lines in cells)):
        shown = [lines[line] if line < len(lines) else "" for lines in cells]
        yield _GAP.join(
            f"{text:>{width}}" if position in numbers else f"{text:{width}}"
            for position, (text, width) in enumerate(zip(shown, widths, strict=True))
        ).rstrip()


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column; the widest ones give way until all fit."""
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    room = WIDTH - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= min(sum(widths) - room, max(1, widths[widest] // 10))
    return widths


def _wrapped(text: str, width: int, *, whole: bool = False) -> list[str]:
    lines = textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=not whole)
    return lines or [""]


def _plain(cell: Cell) -> str:
    """Return a cell without where its links lead."""
    return "".join(
        for_people(part.text if isinstance(part, Linked) else part) for part in parts_of(cell)
    )
