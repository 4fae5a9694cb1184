"""Links in Markdown and HTML, each with where it stands, by a real parser whatever the text is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from hubtrace.ingest.evidence.addresses import addresses_in

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HTML_LINES = {"br", "p", "div", "li", "td", "tr", "summary", "table", "ul", "details"}
"""Elements that begin a new line, so that words before them say nothing of what follows."""
_HTML_KEPT = 160


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link and the words before it; with a `level` it is a heading and has no address."""

    url: str
    text: str
    before: str
    image: bool = False
    """True if only an image carries it."""
    code: bool = False
    level: int = 0


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Anchor] = []
        self._line = ""
        self._open: tuple[str, str] | None = None
        """Address of the open anchor, and the words before it."""
        self._words = ""
        self._image = False
        self._level = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = (dict(attrs).get("href") or "", self._line)
            self._words, self._image = "", False
        elif tag == "img":
            self._image = True
        elif tag in _HEADINGS:
            self._level, self._words = _HEADINGS[tag], ""
        if tag in _HTML_LINES:
            self._line = ""

    def handle_endtag(self, tag: str) -> None:
        words = " ".join(self._words.split())[:_HTML_KEPT]
        if tag == "a" and self._open:
            url, before = self._open
            self.found.append(Anchor(url, words, before, self._image and not words))
            self._open = None
        elif tag in _HEADINGS and self._level:
            self.found.append(Anchor("", words, "", level=self._level))
            self._level = 0

    def handle_data(self, data: str) -> None:
        self._words = f"{self._words}{data}"[: 4 * _HTML_KEPT]
        _, newline, tail = data.rpartition("\n")
        self._line = (tail if newline else f"{self._line}{data}")[-_HTML_KEPT:]


def anchors_in(html: str) -> list[Anchor]:
    """Return the anchors and headings of an HTML text, in their order; broken HTML is no error."""
    reader = _Anchors()
    reader.feed(html)
    reader.close()
    return reader.found


_KEPT = 160
_LONGEST_HTML = 4_096
"""Characters of one anchor that is written in HTML."""


class InlineReader:
    """Takes the children one by one; a line break forgets the words before it."""

    def __init__(self) -> None:
        self.found: list[Anchor] = []
        self._line = ""
        self._open: Anchor | None = None
        """The Markdown link that is open."""
        self._html = ""
        """An anchor in HTML that is open: its tag, and what came since."""
        self._html_before = ""

    def take(self, child: "Token") -> None:
        """Read the next child."""
        if child.type == "link_open":
            self._open = Anchor(str(child.attrGet("href") or ""), "", self._line)
        elif child.type == "link_close":
            self._close()
        elif child.type == "image" and self._open:
            self._open = replace(self._open, image=True)
        elif child.type == "html_inline":
            self._take_html(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            self._line = ""
        elif child.type in ("text", "code_inline"):
            self._take_words(child.content, code=child.type == "code_inline")

    def _close(self) -> None:
        if self._open:
            words = self._open.text.strip()
            self.found.append(replace(self._open, text=words, image=self._open.image and not words))
        self._open = None

    def _take_html(self, tag: str) -> None:
        lowered = tag[:3].lower()
        if lowered in ("<a", "<a ", "<a\n", "<a\t"):
            self._html, self._html_before = tag, self._line
        elif lowered == "</a" and self._html:
            anchors = anchors_in(f"{self._html}</a>")
            self.found += [replace(anchor, before=self._html_before) for anchor in anchors]
            self._html = ""
        elif self._html:
            self._html = f"{self._html}{tag}"[:_LONGEST_HTML]
        elif lowered == "<br":
            self._line = ""

    def _take_words(self, words: str, *, code: bool) -> None:
        if self._html:
            self._html = f"{self._html}{words}"[:_LONGEST_HTML]
        elif self._open:
            self._open = replace(self._open, text=f"{self._open.text}{words}"[:_KEPT])
        else:
            for url in addresses_in(words):
                before = f"{self._line}{words.partition(url)[0]}"[-_KEPT:]
                self.found.append(Anchor(url, "", before, code=code))
        self._line = f"{self._line}{words}"[-_KEPT:]


_LONGEST = 1 << 19
"""Characters of a text that are read."""
_LINES = 20_000
_PIECE = 4_096
"""Characters of inline Markdown that are parsed at once."""
_MARKS = re.compile(r"[\[*_~]")
_MOST_MARKS = 500
"""Marks in a piece; where there are more, only bare addresses are looked for."""
_HOSTS = re.compile(r"github|huggingface|hf\.co|hf-mirror", re.IGNORECASE)
_NOTHING = {"paragraph_open", "paragraph_close", "list_item_open", "list_item_close"}
"""Tokens that tell nothing; most are of these."""
_BEFORE = 160
"""Characters of the words before a link that are kept."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text."""

    url: str
    text: str
    """The words that carry it; empty for a bare address."""
    before: str
    """The words before it on its line; in a table, those of its row."""
    headings: tuple[str, ...]
    """The headings over it, outermost first."""
    line: int
    code: bool = False
    """True if it stands in a code block or a code span."""
    image: bool = False
    """True if only an image carries it."""


@dataclass
class _Place:
    """Where the walk over the blocks is."""

    headings: list[tuple[int, str]] = field(default_factory=list)
    line: int = 1
    row: str | None = None
    """The words of the table's row so far; None outside of tables."""
    level: int = 0
    """The level of the heading that is open, else 0."""

    def enter(self, level: int, words: str) -> None:
        """Put a heading over what follows, in place of those of its level and below."""
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, words[:_BEFORE]))

    def link(self, anchor: Anchor) -> Link:
        """Return a link that stands here."""
        return Link(
            url=anchor.url,
            text=anchor.text,
            before=f"{self.row or ''} {anchor.before}".strip()[-_BEFORE:],
            headings=tuple(words for _, words in self.headings),
            line=self.line,
            code=anchor.code,
            image=anchor.image,
        )


@lru_cache(maxsize=4)
def links_in(text: str, first_line: int = 1) -> tuple[Link, ...]:
    """Return the links to either host in a Markdown text, in their order."""
    return tuple(_links(text, first_line)) if _HOSTS.search(text) else ()


def _links(text: str, first_line: int) -> Iterator[Link]:
    lines = text[:_LONGEST].split("\n")[:_LINES]
    environment: dict[str, object] = {}
    tokens = _blocks().parse("\n".join(lines), environment)
    place = _Place()
    for token in tokens:
        if token.map:
            place.line = first_line + token.map[0]
        if token.type not in _NOTHING:
            yield from _walk(token, place, environment)


def _walk(token: "Token", place: _Place, environment: dict[str, object]) -> Iterator[Link]:
    if token.type == "heading_open":
        place.level = int(token.tag[1:])
    elif token.type == "heading_close":
        place.level = 0
    elif token.type in ("tr_open", "table_close"):
        place.row = "" if token.type == "tr_open" else None
    elif token.type in ("fence", "code_block"):
        for anchor in _bare(token.content):
            yield place.link(anchor)
    elif token.type == "html_block":
        yield from _html(token.content, place)
    elif token.type == "inline":
        yield from _inline(token.content, place, environment)


def _inline(content: str, place: _Place, environment: dict[str, object]) -> Iterator[Link]:
    words = _plain(content[:_PIECE]) if place.level or place.row is not None else ""
    if place.level:
        place.enter(place.level, words)
    if _HOSTS.search(content) or environment.get("references"):
        for piece in _pieces(content):
            for anchor in _anchors(piece, environment):
                yield place.link(anchor)
    if place.row is not None:
        place.row = f"{place.row} {words}"[-_BEFORE:]


def _html(content: str, place: _Place) -> Iterator[Link]:
    for piece in _pieces(content):
        for anchor in anchors_in(piece):
            if anchor.level:
                place.enter(anchor.level, anchor.text)
            else:
                yield place.link(anchor)


def _anchors(piece: str, environment: dict[str, object]) -> list[Anchor]:
    if len(_MARKS.findall(piece)) > _MOST_MARKS:
        return [replace(anchor, code=False) for anchor in _bare(piece)]
    children: list[Token] = []
    parser = _parser()
    parser.inline.parse(piece, parser, environment, children)
    reader = InlineReader()
    for child in children:
        reader.take(child)
    return reader.found


def _bare(content: str) -> Iterator[Anchor]:
    for line in content.split("\n"):
        if _HOSTS.search(line):
            for url in addresses_in(line):
                yield Anchor(url, "", line.partition(url)[0], code=True)


def _pieces(content: str) -> Iterator[str]:
    """Yield a text in pieces, cut at line ends where it has them."""
    while len(content) > _PIECE:
        cut = content.rfind("\n", 1, _PIECE)
        cut = _PIECE if cut < 0 else cut
        if _HOSTS.search(content[:cut]):
            yield content[:cut]
        content = content[cut:]
    yield content


def _plain(content: str) -> str:
    """Return the words of inline Markdown or HTML, roughly: for headings and labels."""
    return " ".join(re.sub(r"<[^<>]{0,200}>|[*_`#]|\]\([^()]{0,300}\)|\[", " ", content).split())


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


@cache
def _blocks() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table"])
    parser.core.ruler.disable(["inline"])
    return parser
