"""The report on families: one document, and the formats that it is shown in."""

from queries.report.document import document
from queries.report.gathering import report
from queries.report.model import SCHEMA, Report

__all__ = ["SCHEMA", "Report", "document", "report"]
