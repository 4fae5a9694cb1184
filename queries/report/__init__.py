"""The report on families: one document, and the formats that it is shown in."""

from hubtrace.queries.report.build import report
from hubtrace.queries.report.formats.json import document
from hubtrace.queries.report.records import SCHEMA, Report

__all__ = ["SCHEMA", "Report", "document", "report"]
