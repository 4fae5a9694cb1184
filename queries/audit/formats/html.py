"""An audit's page as one self-contained HTML file, made of its Markdown."""

from collections.abc import Collection, Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from hubtrace.graph.format import date_time
from hubtrace.queries.audit.formats.markdown import SECTIONS, known_places, to_markdown
from hubtrace.queries.audit.formats.text import plain
from hubtrace.queries.audit.lineage import picture
from hubtrace.queries.audit.records import Audit
from hubtrace.queries.pages import Site, is_safe, render

_NOTHING = Markup("")
_BRIEF, _WORDY = 16, 60
"""Characters up to which a cell stays on one line, and from which it asks for room."""


class _Markdown(MarkdownIt):
    """Markdown without HTML, in which a link that a page did not mean to make leads nowhere."""

    def __init__(self, known: Collection[str], files: Collection[str]) -> None:
        super().__init__("commonmark", {"html": False, "breaks": True})
        self.enable("table")
        for rule in ("table_open", "table_close"):
            self.add_render_rule(rule, _scrolling)
        self._known, self._files = known, files

    def validateLink(self, url: str) -> bool:
        return url in self._files or is_safe(
            url, self._known
        )  # as `to_markdown` asked, and a second time here

    def normalizeLink(self, url: str) -> str:
        return url  # `to_markdown` has encoded it already


def to_html(audit: Audit, site: Site | None = None) -> str:
    """Return the page as HTML: readable on paper, and safe whatever the hubs have said."""
    identity, revision, method = audit.identity, audit.revision, audit.method
    at = f" at {revision.commit.sha}" if revision else ""
    snapshots = "".join(f" Snapshot {seen.snapshot}." for seen in method.snapshots)
    note = (
        f"{identity.variant}{at}, as of {date_time(method.until)} UTC, by {method.tool}.{snapshots}"
    )
    names = {heading: name for name, heading in SECTIONS.items()}
    return as_html(
        to_markdown(audit),
        note,
        names=names,
        known=known_places(audit),
        site=site,
        drawn=picture(audit),
    )


def as_html(
    page: str,
    note: str,
    *,
    names: Mapping[str, str],
    known: Collection[str] = (),
    files: Collection[str] = (),
    site: Site | None = None,
    drawn: Markup = _NOTHING,
) -> str:
    """Return a page of `render_page` as one HTML file.

    `note` stands at its foot; `names` has the anchor of each heading; `known` are places, and
    `files` the files beside it, that the page may link to; `drawn` is the picture above the text.
    """
    markdown = _Markdown(known, files)

    def rendered(text: str, caption: str) -> Markup:
        tokens = markdown.parse(text)
        _prepare(tokens, caption)
        html = markdown.renderer.render(tokens, markdown.options, {})
        return Markup(html)  # noqa: S704 - rendered with `html` off: all that is not ours is escaped

    # A line break of a hub is an escape by now, so that every heading is one of ours.
    header, *parts = page.split("\n## ")
    first, _, summary = header.partition("\n")
    title = plain(markdown.parse(first)[1])
    bodies = [part.partition("\n") for part in parts]
    return (
        render(
            "audit/audit.html",
            title=title,
            site=site,
            summary=rendered(summary, title),
            sections=[(names[head], head, rendered(body, head)) for head, _, body in bodies],
            note=note,
            picture=drawn,
        )
        + "\n"
    )


def _prepare(tokens: Sequence[Token], caption: str) -> None:
    """Mark links, warnings, tables (those of facts have no headings) and the widths of cells."""
    table: Token | None = None
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        for part in token.children or ():
            part.content = part.content.replace("\u200b", "")  # see `plain`
            if part.type == "link_open":
                part.attrSet("rel", "noopener noreferrer nofollow")
        if token.type == "paragraph_open":
            warns = following and following.children and following.children[0].tag == "strong"
            token.attrSet("class", "note warn" if warns else "note")
        elif token.type == "heading_open":
            caption = plain(following)
        elif token.type == "table_open":
            table = token
            table.attrSet("aria-label", caption)
        elif token.type == "th_open" and table and not plain(following):
            table.attrSet("class", "facts")
        elif token.type == "td_open" and "style" not in token.attrs:
            token.attrSet("class", _length_of(plain(following)))


def _length_of(text: str) -> str:
    """Return the class of a cell, by how much is in it: dates are not broken into lines."""
    return "brief" if len(text) <= _BRIEF else "wordy" if len(text) >= _WORDY else "plain"


def _scrolling(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, _: EnvType
) -> str:
    """Let a wide table scroll within the page, by keyboard as well."""
    opens = tokens[at].nesting == 1
    table = renderer.renderToken(tokens, at, options, {})
    return f'<div class="scroll" tabindex="0">{table}' if opens else f"{table}</div>\n"
