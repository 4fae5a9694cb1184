"""The children of one inline block of Markdown, read into anchors with the words before them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.evidence.addresses import addresses_in
from ingest.evidence.html import Anchor, anchors_in

if TYPE_CHECKING:
    from markdown_it.token import Token

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
