"""What an audit and the findings of a check can be written as.

A format's module is imported only when it is used: `--help` and `--format json` wait for neither
a template nor a bill of materials (docs/decisions/0032).
"""

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from hubtrace.queries.audit.check import Checked
    from hubtrace.queries.audit.records import Audit


class AuditFormat(StrEnum):
    """How an audit is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CYCLONEDX = "cyclonedx"
    IN_TOTO = "in-toto"


class CheckFormat(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


def write(audit: "Audit", format_: AuditFormat) -> str:
    """Return an audit as a document that ends in a newline.

    Raises:
        ValueError: an in-toto statement of an audit that has no revision with a sha.
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
        case _:
            assert_never(format_)
