"""The first page of a folder of audits: one line for each model, with a link to its file."""

from collections.abc import Sequence

from markupsafe import Markup

from hubtrace.queries.audit.build import tool
from hubtrace.queries.audit.formats import AuditFormat
from hubtrace.queries.audit.formats.html import as_html
from hubtrace.queries.audit.formats.markdown import escape, render_page
from hubtrace.queries.audit.records import Audit


def to_index(entries: Sequence[tuple[str, Audit]], format_: AuditFormat) -> str:
    """Return the index of audits by their files' names: HTML beside HTML, else Markdown.

    The names must be safe in a link: letters of ASCII, digits, `.`, `-` and `_`.
    """

    def page(text: str, file: str) -> Markup:
        # The text is escaped for Markdown, and the name has no character that ends a destination.
        return Markup(f"[{escape(text)}]({file})")  # noqa: S704 - nothing in it is taken as it is

    markdown = render_page("index.md.j2", entries=entries, page=page, tool=tool())
    if format_ is not AuditFormat.HTML:
        return markdown
    files = frozenset(file for file, _ in entries)
    return as_html(markdown, f"By {tool()}.", names={"Models": "models"}, files=files)
