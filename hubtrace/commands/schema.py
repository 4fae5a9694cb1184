"""`hubtrace schema`: what the graph is made of, and the JSON Schema of every document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import closest, did_you_mean
from hubtrace.output import Format, Table, print_document, print_json

DOCUMENTS: Mapping[str, tuple[str, str]] = {
    "audit": ("audit --format json", "queries.audit.formats.json:json_schema"),
    "audit-comparison": ("audit --compare … --format json", "queries.audit.compare:Comparison"),
    "check": ("check --format json", "queries.audit.formats.json:CheckDocument"),
    "report": ("report --format json", "queries.report.formats.json:json_schema"),
    "patterns": ("patterns --format json", "queries.patterns:PatternsDocument"),
    "flags": ("flags --format json", "queries.flags:FlagsDocument"),
    "history": ("history --format json", "queries.catalogue:HistoryDocument"),
    "diff": ("diff --format json", "queries.changes:Changes"),
    "trace": ("trace --format json", "queries.provenance:Trace"),
    "why": ("why --format json", "queries.provenance:Why"),
    "affected": ("affected --format json", "commands.affected:AffectedDocument"),
    "ingest": ("ingest --format json", "ingest.summary:IngestDocument"),
    "snapshot": ("snapshot info --format json", "commands.snapshot:SnapshotDocument"),
    "verify": ("snapshot verify --format json", "commands.snapshot:VerifyDocument"),
    "doctor": ("doctor --format json", "commands.doctor:DoctorDocument"),
    "query": ("query --cypher … --format json", "commands.query:QueryDocument"),
    "queries": ("queries --format json", "commands.query:QueriesDocument"),
    "stored-query": ("queries NAME --format json", "commands.query:StoredQueryText"),
    "schema": ("schema --format json", "graph.schema:GraphDocument"),
    "schemas": ("schema list --format json", "commands.schema:SchemasDocument"),
    "classify": ("classify", "commands.classify:json_schema"),
    "change-rules": ("classify --rules --format json", "commands.classify:ChangeRulesDocument"),
    "reproduce": ("reproduce --format json", "commands.reproduce:ReproduceDocument"),
    "export.tables": ("export tables --format json", "commands.export:ExportDocument"),
    "node-link": ("export node-link", "exports.node_link:json_schema"),
    "mcp": ("mcp", "commands.mcp:json_schema"),
    "search": ("serve: /search.json", "web_pages:SEARCH"),
    "lineage": ("serve: /model/…/lineage.json", "web_pages:LINEAGE"),
    "page.patterns": ("serve: …/patterns.json", "commands.patterns:TABLE"),
    "page.flags": ("serve: …/flags.json", "commands.flags:TABLE"),
    "page.history": ("serve: …/history.json", "commands.history:TABLE"),
    "page.trace": ("serve: …/trace.json", "commands.trace:TABLE"),
    "page.why": ("serve: …/evidence.json?repository=…", "commands.why:TABLE"),
    "page.queries": ("serve: /cypher.json", "web_pages:QUERIES"),
}
"""Name of a document → the command that prints it, and what in hubtrace its schema is made from:
a record, columns of rows, or a function. `query.NAME` is that of a stored question's rows."""
NAMELESS = ("classify",)
"""Documents without a field `schema`: lines of JSON."""
_QUERY = "query."


@dataclass(frozen=True, slots=True)
class ListedSchema:
    """A JSON Schema, and what it describes."""

    name: str
    """For `hubtrace schema NAME`."""
    schema: str | None
    """What the document has in its field `schema`; null if it has no such field."""
    printed_by: str


@dataclass(frozen=True, slots=True)
class SchemasDocument:
    """Every JSON Schema."""

    schemas: tuple[ListedSchema, ...]


class SchemaFormat(StrEnum):
    """How the schema is printed."""

    MARKDOWN = "markdown"
    JSON = "json"


def schema(
    of: Annotated[
        str,
        typer.Argument(metavar="[NAME]", help="The graph, a document of JSON, or `list`."),
    ] = "graph",
    format_: Annotated[
        SchemaFormat, typer.Option("--format", "-f", help="Of the graph and of the list.")
    ] = SchemaFormat.MARKDOWN,
) -> None:
    """Print the graph's schema, or the JSON Schema of a document that hubtrace prints.

    The graph's: labels, keys, properties with type and unit, relationships. `hubtrace schema list`
    lists the documents; `hubtrace schema audit` describes what `hubtrace audit --format json`
    prints, `hubtrace schema query.NAME` the rows of a stored question.

    Examples:

      hubtrace schema --format json

      hubtrace schema list

      hubtrace schema check > check.schema.json
    """  # noqa: D412 - it is the help that is printed
    as_json = format_ is SchemaFormat.JSON
    if of == "list":
        listed = tuple(listed_schemas())
        if as_json:
            print_document("hubtrace.schemas/1", SchemasDocument(listed))
        else:
            table = Table.of_records("hubtrace.schemas/1", ListedSchema)
            table.print(listed, Format.TABLE)
    elif of == "graph":
        from hubtrace.graph.model import MODEL
        from hubtrace.graph.schema import to_document, to_markdown

        if as_json:
            print_document("hubtrace.schema/1", to_document(MODEL))
        else:
            print(to_markdown(MODEL), end="")
    else:
        print_json(json_schema(of))


def listed_schemas() -> Iterator[ListedSchema]:
    """Yield every schema that there is, by name."""
    from hubtrace.queries.catalogue import catalogue

    for name, (command, _) in DOCUMENTS.items():
        yield ListedSchema(name, None if name in NAMELESS else f"hubtrace.{name}/1", command)
    for name in catalogue():
        command = f"query {name} --format json"
        yield ListedSchema(f"{_QUERY}{name}", f"hubtrace.{_QUERY}{name}/1", command)


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document.

    Raises:
        HubtraceError: there is no such document.
    """
    from hubtrace.queries.catalogue import query
    from hubtrace.queries.json_schema import rows_schema, schema_of

    schema = f"hubtrace.{name}/1"
    if name.startswith(_QUERY):
        columns = query(name.removeprefix(_QUERY)).returns
        return rows_schema(schema, {column.name: column.type.json_schema for column in columns})
    if name not in DOCUMENTS:
        known = ["graph", "list", *DOCUMENTS]
        hint = did_you_mean(closest(name, known)) or "; `hubtrace schema list` lists them"
        raise HubtraceError(f"there is no schema {name!r}{hint}")
    module, _, attribute = DOCUMENTS[name][1].partition(":")
    of = getattr(import_module(f"hubtrace.{module}"), attribute)
    if isinstance(of, type):
        return schema_of(of, schema)
    if isinstance(of, Table):
        of = tuple(of.columns)
    if isinstance(of, tuple):
        return rows_schema(schema, {column: {} for column in of})
    found: dict[str, Any] = of()
    return found
