"""Links in Markdown and HTML, each with its context: Markdown is rendered, then HTML is walked.

Texts come from strangers. Blocks are parsed in linear time; inline Markdown is not, so it is
rendered in short pieces (`_PIECE`), and not at all where one has too many marks (`_MOST_MARKS`).
HTML is parsed as browsers do, to which no input is an error.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from hubtrace.graph.text import to_text
from hubtrace.ingest.evidence.mentions import addresses_in

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_LONGEST = 1 << 19
"""Characters of a text that are read."""
_LINES = 20_000
_PIECE = 4_096
"""Characters of inline Markdown, or of HTML, that are parsed at once."""
_MARKS = re.compile(r"[\[*_~`]")
_MOST_MARKS = 500
"""Marks in a piece; where there are more, only bare addresses are looked for."""
_KEPT = 160
"""Characters of a heading, of a link's words and of the words before it that are kept."""
_HOSTS = re.compile(r"github|huggingface|hf\.co|hf-mirror", re.IGNORECASE)
_WITHOUT_LINKS = {"paragraph_open", "paragraph_close", "list_item_open", "list_item_close"}
"""The most frequent tokens; they change nothing here."""
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NEW_LINE = {"br", "p", "div", "li", "td", "tr", "summary", "table", "ul", "details"}
"""Elements that begin a new line, so that words before them say nothing of what follows."""


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
    after: str = ""
    """The words after it on its line."""


_DOCUMENT = re.compile(
    # It begins where a word does: a long run of letters is looked at once, not at each letter.
    r"(?<![\w./-])[\w./-]{1,200}\.(?:md|markdown)\b",
    re.ASCII | re.IGNORECASE,
)
_OF_MODELS = re.compile(
    r"(?:.*/)?(?:readme[\w.-]*|model[_-]?zoo(?:/[\w.-]+)?)\.\w+"
    r"|docs?/(?:.*/)?(?:(?:pre)?trained|models?|checkpoints?|weights|downloads?)[\w-]*\.\w+",
    re.IGNORECASE,
)
"""READMEs in other languages or folders, and lists of released models."""


def documents_in(repository: str, readme: str) -> list[str]:
    """Return the paths of the READMEs and lists of models in `owner/name` that a README names."""
    own = re.compile(rf"//github\.com/{re.escape(repository)}/(?:blob|tree)/[^/]+/", re.IGNORECASE)
    found: dict[str, None] = {}
    for match in _DOCUMENT.finditer(readme[:_LONGEST]):
        path = posixpath.normpath(own.sub("", match[0]).removeprefix("./"))
        inside = not path.startswith(("/", ".")) or path.startswith(".github/")
        if inside and _OF_MODELS.fullmatch(path):
            found[path] = None
    return list(found)


@lru_cache(maxsize=4)
def links_in(text: str, first_line: int = 1) -> tuple[Link, ...]:
    """Return the links to either host in a Markdown text, in their order."""
    if not _HOSTS.search(text):
        return ()
    lines = text[:_LONGEST].split("\n")[:_LINES]
    read = to_text("\n".join(lines).encode(errors="surrogatepass"))  # else the parser raises
    walk = _Walk(first_line)
    for token in _parser(blocks=True).parse(read, walk.environment):
        if token.map:
            walk.line = first_line + token.map[0]
        if token.type not in _WITHOUT_LINKS:
            walk.block(token)
    return tuple(walk.links)


@dataclass
class _Walk:
    """Where the walk over the blocks is, and the links so far."""

    line: int
    links: list[Link] = field(default_factory=list)
    environment: dict[str, object] = field(default_factory=dict)
    """Of the Markdown parser: the targets of reference links."""
    headings: list[tuple[int, str]] = field(default_factory=list)
    level: int = 0
    """The level of the heading that is open, else 0."""
    row: str | None = None
    """The words of the table's row so far; None outside of tables."""

    def block(self, token: "Token") -> None:
        """Read one block of Markdown."""
        if token.type in ("heading_open", "heading_close"):
            self.level = int(token.tag[1:]) if token.nesting > 0 else 0
        elif token.type in ("tr_open", "table_close"):
            self.row = "" if token.type == "tr_open" else None
        elif token.type in ("fence", "code_block"):
            self._plain(token.content, code=True)
        elif token.type == "html_block":
            for piece in _pieces(token.content):
                self._html(piece, bare=False)
        elif token.type == "inline":
            self._inline(token.content)

    def _inline(self, content: str) -> None:
        if self.level:
            self._enter(self.level, _words(content[:_PIECE]))
        if _HOSTS.search(content) or self.environment.get("references"):
            for piece in _pieces(content):
                if len(_MARKS.findall(piece)) > _MOST_MARKS:
                    self._plain(piece)
                else:
                    parser = _parser()
                    tokens = parser.parseInline(piece, self.environment)
                    self._html(parser.renderer.render(tokens, parser.options, self.environment))
        if self.row is not None:
            self.row = f"{self.row} {_words(content[:_PIECE])}"[-_KEPT:]

    def _html(self, markup: str, *, bare: bool = True) -> None:
        """Take the links of a piece of HTML; with `bare` also the addresses in its text."""
        from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

        before, in_link = "", 0
        following: list[int] = []  # links whose line goes on
        # The start tag keeps a `<frameset>` from taking the place of the body.
        tree = LexborHTMLParser(f"<body>{markup}", options=LexborDocumentOptions.WO_EVENTS)
        for node in tree.root.traverse(include_text=True) if tree.root else ():
            tag = node.tag or ""
            in_link = max(in_link - 1, 0)
            if tag == "-text":
                text = node.text_content or ""
                if not in_link:
                    self._follow(following, text)
                if bare and not in_link and _HOSTS.search(text):
                    in_code = node.parent is not None and node.parent.tag == "code"
                    self._plain(text, before, code=in_code)
                _, newline, last = text.rpartition("\n")
                before = (last if newline else f"{before}{last}")[-_KEPT:]
            elif tag == "a":
                url = node.attributes.get("href") or ""
                if _HOSTS.search(url):
                    words = " ".join(node.text().split())[:_KEPT]
                    image = not words and node.css_first("img") is not None
                    self._add(url, words, before, image=image)
                    following.append(len(self.links) - 1)
                in_link = sum(1 for _ in node.traverse(include_text=True))
            elif tag in _HEADINGS:
                self._enter(_HEADINGS[tag], " ".join(node.text().split()))
            elif tag == "img" and not in_link:
                url = node.attributes.get("src") or ""
                if _HOSTS.search(url):
                    self._add(url, "", before, image=True)
            elif tag in _NEW_LINE:
                before = ""
                following.clear()

    def _follow(self, following: list[int], text: str) -> None:
        """Give a text to the links before it on its line."""
        line, newline, _ = text.partition("\n")
        for number in following:
            link = self.links[number]
            self.links[number] = replace(link, after=f"{link.after}{line}"[:_KEPT])
        if newline:
            following.clear()

    def _plain(self, text: str, before: str = "", *, code: bool = False) -> None:
        """Take the bare addresses of a text that `before` stands in front of."""
        for line in text.split("\n"):
            if _HOSTS.search(line):
                for url in addresses_in(line):
                    start, _, rest = line.partition(url)
                    self._add(url, "", f"{before}{start}", code=code, after=rest)
            before = ""

    def _add(
        self,
        url: str,
        text: str,
        before: str,
        *,
        code: bool = False,
        image: bool = False,
        after: str = "",
    ) -> None:
        before = f"{self.row or ''} {before}".strip()[-_KEPT:]
        headings = tuple(words for _, words in self.headings)
        after = after[:_KEPT]
        self.links.append(Link(url, text, before, headings, self.line, code, image, after))

    def _enter(self, level: int, words: str) -> None:
        """Put a heading over what follows, in place of those of its level and below."""
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, words[:_KEPT]))


def _pieces(content: str) -> Iterator[str]:
    """Yield a text in pieces, cut at line ends where it has them."""
    while len(content) > _PIECE:
        cut = content.rfind("\n", 1, _PIECE)
        cut = _PIECE if cut < 0 else cut
        if _HOSTS.search(content[:cut]):
            yield content[:cut]
        content = content[cut:]
    yield content


def _words(content: str) -> str:
    """Return the words of inline Markdown or HTML, roughly: for headings and labels."""
    return " ".join(re.sub(r"<[^<>]{0,200}>|[*_`#]|\]\([^()]{0,300}\)|\[", " ", content).split())


@cache
def _parser(*, blocks: bool = False) -> "MarkdownIt":
    """Return a parser of Markdown; with `blocks` it leaves inline text as it is."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table" if blocks else "strikethrough")
    if blocks:
        parser.core.ruler.disable(["inline"])
    return parser
