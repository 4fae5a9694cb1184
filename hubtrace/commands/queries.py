"""`hubtrace queries`: what can be asked."""

from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.options import OutputFormat
from hubtrace.output import Format, print_json, print_rows

if TYPE_CHECKING:
    from hubtrace.queries.catalogue import Query


def queries(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show the Cypher of this one.")
    ] = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List the stored questions with their parameters and columns, or show one.

    Example:  hubtrace queries sync_type
    """
    from hubtrace.queries.catalogue import catalogue, query

    if name is not None and format_ is Format.JSON:
        print_json({"schema": "hubtrace.query/1", **_row(query(name)), "cypher": query(name).text})
    elif name is not None:
        print(query(name).text, end="")
    else:
        rows = [_row(stored) for stored in catalogue().values()]
        columns = ["query", "what", "parameters"]
        print_rows(rows, columns, format_, "hubtrace.queries/1", key="queries")


def _row(stored: "Query") -> dict[str, object]:
    return {
        "query": stored.name,
        "what": stored.what,
        "parameters": [parameter.name for parameter in stored.parameters],
        "parameter_types": {p.name: str(p.type) for p in stored.parameters},
        "returns": {column.name: str(column.type) for column in stored.returns},
    }
