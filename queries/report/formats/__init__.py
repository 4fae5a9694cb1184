"""The formats of a report: what each is called, and the file that it is written to."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from hubtrace.graph.atomic_files import write_atomically

if TYPE_CHECKING:
    from hubtrace.queries.report.records import Report


class ReportFormat(StrEnum):
    """A format that a report can be written in."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
    PARQUET = "parquet"

    def write(self, report: "Report", folder: Path) -> Path:
        """Write the report into a folder that exists; return the file, or the folder of tables.

        A file is whole or not there. Each format is imported when it is written.

        Raises:
            OSError: it cannot be written.
        """
        match self:
            case ReportFormat.HTML:
                from hubtrace.queries.report.formats.html import to_html

                return _put(folder / "report.html", to_html(report))
            case ReportFormat.MARKDOWN:
                from hubtrace.queries.report.formats.markdown import to_markdown

                return _put(folder / "report.md", to_markdown(report))
            case ReportFormat.JSON:
                from hubtrace.queries.report.formats.json import to_json

                return _put(folder / "report.json", to_json(report))
            case ReportFormat.PARQUET:
                from hubtrace.queries.report.formats.parquet import write_tables

                return write_tables(report, folder / "parquet")
            case _:
                assert_never(self)


def _put(path: Path, text: str) -> Path:
    write_atomically(path, text, follow=False)  # the folder may be a stranger's
    return path
