"""An audit's page as Markdown, for an issue, a pull request or a wiki."""

import re
from collections.abc import Collection, Iterator

from hubtrace.graph.text import for_markdown
from hubtrace.queries.audit.page import Cell, Facts, Linked, Note, Page, Table, parts_of
from hubtrace.queries.pages.rendering import is_safe

_BLOCK = re.compile(r"^(\d*)([-+=.)])")


def to_markdown(page: Page) -> str:
    """Return a page as Markdown: what the hubs say is text in it, never markup."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    known = page.known
    yield f"# {_inline(page.title, known)}"
    yield ""
    yield _no_block(" ".join(_inline(sentence, known) for sentence in page.summary).strip())
    for section in page.sections:
        yield ""
        yield f"## {section.heading}"
        for block in section.blocks:
            yield ""
            if isinstance(block, Facts):
                yield from _facts(block, known)
            elif isinstance(block, Table):
                yield from _table(block, known)
            else:
                yield from _note(block, known)


def _note(note: Note, known: Collection[str]) -> Iterator[str]:
    text = _inline(note.text, known).strip()
    yield f"**{text}**" if note.warns and text else _no_block(text)


def _facts(facts: Facts, known: Collection[str]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for label, value in facts.rows:
        yield f"| {label} | {_inline(value, known)} |"


def _table(table: Table, known: Collection[str]) -> Iterator[str]:
    yield f"**{for_markdown(table.caption)}**"
    yield ""
    yield f"| {' | '.join(table.columns)} |"
    places = range(len(table.columns))
    marks = ("---:" if place in table.numbers else "---" for place in places)
    yield f"|{'|'.join(marks)}|"
    for row in table.rows:
        yield f"| {' | '.join(_inline(cell, known) for cell in row)} |"


def _no_block(text: str) -> str:
    """Return a paragraph that does not begin like a list, a quote or the line under a heading."""
    return _BLOCK.sub(lambda found: f"{found[1]}\\{found[2]}", text)


def _inline(cell: Cell, known: Collection[str]) -> str:
    return "".join(_part(part, known) for part in parts_of(cell))


def _part(part: str | Linked, known: Collection[str]) -> str:
    if isinstance(part, str):
        return for_markdown(part)
    if part.url is None or not is_safe(part.url, known):
        return for_markdown(part.text)
    # Between angle brackets a URL is taken as it is; `is_safe` lets neither space nor quote in.
    return f"[{for_markdown(part.text)}](<{part.url}>)"
