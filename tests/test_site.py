"""The site of the documentation and the manual page: whole, and made from the code as it is.

`make docs` builds the site, and checks links and anchors; MkDocs is in the group `docs` alone.
"""

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from hubtrace.commands.schema import DOCUMENTS, listed_schemas
from hubtrace.graph.model import MODEL
from hubtrace.help import GROUPS
from hubtrace.queries.catalogue import catalogue
from tools import reference

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


class _Config:
    """What MkDocs gives the hook, as far as it reads it."""

    nav: Any = yaml.safe_load((reference.ROOT / "mkdocs.yml").read_text())["nav"]


@cache
def _navigation() -> tuple[str, ...]:
    def pages(item: Any) -> Iterator[str]:
        if isinstance(item, str):
            yield item
        else:
            for each in item.values() if isinstance(item, dict) else item:
                yield from pages(each)

    return tuple(pages(reference.on_config(_Config).nav))


@cache
def _pages() -> dict[str, str]:
    """Return every page of the site as Markdown, by its place."""
    folder = reference.ROOT / "docs"
    written = {
        file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*.md")
    }
    made = reference.pages()
    assert not written.keys() & made.keys()
    return written | made


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(_navigation()) == sorted(_pages())


def test_links_of_a_page_lead_to_pages() -> None:
    """Also from pages that are made, and from those that have another place in the repository."""
    there = {*_pages(), *(f"reference/schemas/{each.name}.json" for each in listed_schemas())}
    links = 0
    for place, text in _pages().items():
        for target in _LINK.findall(reference.rewritten(text, place)):
            links += 1
            led = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
            assert led in there, (place, target)
    assert links > 200


def test_the_reference_holds_everything() -> None:
    pages = _pages()
    commands = pages["reference/commands.md"]
    for name in (name for names in GROUPS.values() for name in names):
        assert f"\n## hubtrace {name}\n" in commands
    assert "| `--fail-on KIND,...` | What to look for; see docs/check.md" in commands
    for name in catalogue():
        assert f"\n## {name}\n" in pages["reference/queries.md"]
    for name in DOCUMENTS:
        assert f"](schemas/{name}.json)" in pages["reference/schemas.md"]
    for node in MODEL.nodes:
        assert f"`{node.label}`" in pages["reference/graph.md"]


def test_the_manual_page_is_that_of_the_command_line() -> None:
    """`make man` makes it anew."""
    assert reference.MAN_PAGE.read_text() == reference.man_page()
