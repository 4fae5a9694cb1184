"""`hubtrace schema`: what the graph is made of."""

from enum import StrEnum
from typing import Annotated

import typer

from hubtrace.output import print_json


class SchemaOf(StrEnum):
    """What a schema is of."""

    GRAPH = "graph"
    AUDIT = "audit"
    REPORT = "report"


class SchemaFormat(StrEnum):
    """How the schema is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


def schema(
    of: Annotated[
        SchemaOf, typer.Argument(metavar="[graph|audit|report]", help="Of the graph, or of JSON.")
    ] = SchemaOf.GRAPH,
    format_: Annotated[
        SchemaFormat, typer.Option("--format", "-f", help="How to print it.")
    ] = SchemaFormat.MARKDOWN,
) -> None:
    """Print the graph's schema: labels, keys, properties with type and unit, relationships.

    `hubtrace schema audit` prints the JSON Schema of what `hubtrace audit --format json` prints,
    `hubtrace schema report` that of a report.

    Example:  hubtrace schema --format json
    """
    if of is SchemaOf.AUDIT:
        from hubtrace.queries.audit.formats import json as audit

        print_json(audit.json_schema())
    elif of is SchemaOf.REPORT:
        from hubtrace.queries.report.formats import json as report

        print_json(report.json_schema())
    else:
        from hubtrace.graph.model import MODEL
        from hubtrace.graph.schema import to_json, to_markdown

        if format_ is SchemaFormat.JSON:
            print_json(to_json(MODEL))
        else:
            print(to_markdown(MODEL), end="")
