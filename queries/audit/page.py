"""An audit as a page of sections, before it is text, Markdown or HTML.

What comes from the hubs is here as it is, but for its length; each writer makes it safe in its own
way. A link is only a wish: a writer follows it where `queries.pages.links` allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST = 300
"""Characters of a text that a page shows: a title of a megabyte must not drown the rest."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A text that leads somewhere."""

    text: str
    url: str | None


Cell = str | Linked | tuple["str | Linked", ...]
"""What stands in one place: texts and links, one after the other."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()
    """Positions of the columns that hold numbers."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of its own."""

    text: Cell
    warns: bool = False


Block = Facts | Table | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page under a heading."""

    name: str
    """For links to it."""
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """An audit for people."""

    title: str
    summary: tuple[Cell, ...]
    """A few sentences that say the most important."""
    sections: tuple[Section, ...]
    known: frozenset[str]
    """Places of the projects that it speaks of: a page may link to what is under them."""


def cut(text: str | None) -> str:
    """Return a text, empty for None; what is too long ends in an ellipsis."""
    if text is None:
        return ""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def parts_of(cell: Cell) -> Sequence[str | Linked]:
    """Return the texts and links of a cell."""
    return cell if isinstance(cell, tuple) else (cell,)


def text_of(cell: Cell) -> str:
    """Return a cell as text alone."""
    return "".join(part.text if isinstance(part, Linked) else part for part in parts_of(cell))
