"""Anchors and headings in the HTML that Markdown texts are full of."""

from dataclasses import dataclass
from html.parser import HTMLParser

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LINES = {"br", "p", "div", "li", "td", "tr", "summary", "table", "ul", "details"}
"""Elements that begin a new line, so that words before them say nothing of what follows."""
_KEPT = 160


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
        if tag in _LINES:
            self._line = ""

    def handle_endtag(self, tag: str) -> None:
        words = " ".join(self._words.split())[:_KEPT]
        if tag == "a" and self._open:
            url, before = self._open
            self.found.append(Anchor(url, words, before, self._image and not words))
            self._open = None
        elif tag in _HEADINGS and self._level:
            self.found.append(Anchor("", words, "", level=self._level))
            self._level = 0

    def handle_data(self, data: str) -> None:
        self._words = f"{self._words}{data}"[: 4 * _KEPT]
        _, newline, tail = data.rpartition("\n")
        self._line = (tail if newline else f"{self._line}{data}")[-_KEPT:]


def anchors_in(html: str) -> list[Anchor]:
    """Return the anchors and headings of an HTML text, in their order; broken HTML is no error."""
    reader = _Anchors()
    reader.feed(html)
    reader.close()
    return reader.found
