"""What an audit and the findings of a check can be written as.

A format's module is imported only when it is used: `--help` and `--format json` wait for neither
a template nor a bill of materials (docs/decisions/0032).
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, assert_never

if TYPE_CHECKING:
    from hubtrace.queries.audit.check import Checked
    from hubtrace.queries.audit.records import Audit


class Standard(StrEnum):
    """A list of elements that an audit can be held against."""

    G7 = "g7"


class AuditFormat(StrEnum):
    """How an audit is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CYCLONEDX = "cyclonedx"
    IN_TOTO = "in-toto"
    SPDX = "spdx"

    @property
    def ending(self) -> str:
        """Of the name of a file in this format."""
        return next(ending for ending, name in ENDINGS.items() if name == self)


class CheckFormat(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"
    BADGE = "badge"
    SHIELDS = "shields"
    GITHUB = "github"


ENDINGS = {
    **{".cdx.json": "cyclonedx", ".intoto.json": "in-toto", ".intoto.jsonl": "in-toto"},
    **{".spdx.json": "spdx", ".spdx3.json": "spdx"},
    **{".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"},
    **{".svg": "badge", ".shields.json": "shields"},
    **{".txt": "text", ".sarif": "sarif", ".sarif.json": "sarif", ".json": "json"},
}
"""Ending of a file's name → the format that it stands for: the longest that fits.

The first ending of a format is the usual one."""
_Of = TypeVar("_Of", AuditFormat, CheckFormat)


def format_of(output: Path | None, given: _Of | None, formats: type[_Of]) -> _Of:
    """Return the format that was asked for, else that of the file's ending, else text.

    Raises:
        ValueError: the ending stands for a format that these documents do not have.
    """
    if given is not None:
        return given
    name = output.name.lower() if output else ""
    ending = min((e for e in ENDINGS if name.endswith(e)), key=lambda e: -len(e), default=None)
    if ending is None:
        return formats("text")
    try:
        return formats(ENDINGS[ending])
    except ValueError:
        known = ", ".join(formats)
        raise ValueError(
            f"{output}: this is not written as {ENDINGS[ending]}, but as {known}; give --format"
        ) from None


def write(audit: "Audit", format_: AuditFormat) -> str:
    """Return an audit as a document that ends in a newline.

    Raises:
        ValueError: an in-toto statement or an SPDX document of an audit that has no revision with a
            sha.
    """
    match format_:
        case AuditFormat.TEXT:
            from hubtrace.queries.audit.formats.text import to_text

            return to_text(audit)
        case AuditFormat.MARKDOWN:
            from hubtrace.queries.audit.formats.markdown import to_markdown

            return to_markdown(audit)
        case AuditFormat.HTML:
            from hubtrace.queries.audit.formats.html import to_html

            return to_html(audit)
        case AuditFormat.JSON:
            from hubtrace.queries.audit.formats.json import to_json

            return to_json(audit)
        case AuditFormat.CYCLONEDX:
            from hubtrace.queries.audit.formats.cyclonedx import to_cyclonedx

            return to_cyclonedx(audit)
        case AuditFormat.IN_TOTO:
            from hubtrace.queries.audit.formats.in_toto import to_in_toto

            return to_in_toto(audit)
        case AuditFormat.SPDX:
            from hubtrace.queries.audit.formats.spdx import to_spdx

            return to_spdx(audit)
        case _:
            assert_never(format_)


def write_findings(checked: "Checked", format_: CheckFormat) -> str:
    """Return the findings of a check as a document; text without findings is empty."""
    match format_:
        case CheckFormat.TEXT:
            from hubtrace.queries.audit.formats.text import findings_to_text

            return findings_to_text(checked)
        case CheckFormat.JSON:
            from hubtrace.queries.audit.formats.json import findings_to_json

            return findings_to_json(checked)
        case CheckFormat.MARKDOWN:
            from hubtrace.queries.audit.formats.markdown import findings_to_markdown

            return findings_to_markdown(checked)
        case CheckFormat.SARIF:
            from hubtrace.queries.audit.formats.sarif import findings_to_sarif

            return findings_to_sarif(checked)
        case CheckFormat.BADGE:
            from hubtrace.queries.audit.formats.badge import findings_to_badge

            return findings_to_badge(checked)
        case CheckFormat.SHIELDS:
            from hubtrace.queries.audit.formats.badge import findings_to_shields

            return findings_to_shields(checked)
        case CheckFormat.GITHUB:
            from hubtrace.queries.audit.formats.annotations import findings_to_annotations

            return findings_to_annotations(checked)
        case _:
            assert_never(format_)
