"""`hubtrace query` and `queries`: run stored queries, or Cypher; list the stored ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.graph import open_store
from hubtrace.graph.activity import renew_activity
from hubtrace.graph.errors import HubtraceError, WriteRefused
from hubtrace.graph.question import Limits, ask, check_question
from hubtrace.graph.store import Result
from hubtrace.options import GRAPH, Graph, OutputFormat, table_options
from hubtrace.output import Format, Table, print_document
from hubtrace.progress import progress, say
from hubtrace.queries.json_schema import record_fields

if TYPE_CHECKING:
    from hubtrace.queries.catalogue import Query

_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A stored question."""

    query: str
    what: str
    parameters: tuple[str, ...]
    parameter_types: Mapping[str, str]
    returns: Mapping[str, str]
    """Column → its type."""


@dataclass(frozen=True, slots=True)
class StoredQueryText(StoredQuery):
    """A stored question with its Cypher."""

    cypher: str


@dataclass(frozen=True, slots=True)
class QueriesDocument:
    """The stored questions."""

    queries: tuple[StoredQuery, ...]


@dataclass(frozen=True, slots=True)
class QueryDocument:
    """The answer to a question in Cypher: its columns are the question's."""

    rows: tuple[Mapping[str, Any], ...]


@table_options
def query(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A stored question.")] = None,
    cypher: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A statement instead of a stored question.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A parameter; repeatable.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Let --cypher change the graph.")] = False,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.001, max=1e6, help="Of --cypher, at most.")
    ] = _LIMITS.seconds,
    most_rows: Annotated[
        int, typer.Option(metavar="N", min=1, help="Of the answer to --cypher, at most.")
    ] = _LIMITS.rows,
    most_memory: Annotated[
        float,
        typer.Option(
            metavar="GB",
            min=0.01,
            max=1e6,
            help="Of --cypher on a graph file, at most. By default 4, or half of the machine's.",
            show_default=False,
        ),
    ] = _LIMITS.gigabytes,
    graph: Graph = GRAPH,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Ask a stored question (see `hubtrace queries`), or any other in Cypher.

    Examples:

      hubtrace query side_status --param until=2024-10-06

      hubtrace query switches --param families=Qwen_Qwen-VL --format json

      hubtrace query --cypher "MATCH (f:Family) RETURN count(f) AS families"

    A question reads. To change the graph, say --write. `until` of a stored question cuts history by
    its dates; what was observed later counts, unlike in --until of commands.
    """  # noqa: D412 - it is the help that is printed
    if (name is None) == (cypher is None):
        raise HubtraceError("give the name of a stored question, or --cypher TEXT")
    if write and cypher is None:
        raise HubtraceError("--write goes with --cypher; stored questions only read")
    if name is not None:
        result, schema = _run_stored(graph, name, param or []), f"hubtrace.query.{name}/1"
    else:
        parameters = _parse_free(param or [])
        limits = Limits(timeout, most_rows, most_memory)
        result = _run_cypher(graph, cypher or "", parameters, limits, write=write)
        schema = "hubtrace.query/1"
    Table.of(schema, *result.columns).print(result.data(), format_)


def _run_stored(graph: str, name: str, pairs: list[str]) -> Result:
    from hubtrace.queries.catalogue import ask_in_batches, parse_parameters

    parameters = parse_parameters(name, pairs)
    rows: list[tuple[Any, ...]] = []
    with open_store(graph) as store, progress() as show:
        for batch in ask_in_batches(store, name, **parameters):
            columns = batch.columns
            rows += batch.rows()
            show("rows", len(rows), None)
    return Result(columns, rows)


def _run_cypher(
    graph: str, text: str, parameters: dict[str, Any], limits: Limits, *, write: bool
) -> Result:
    with open_store(graph) as store:
        if not write:
            try:
                return ask(store, text, parameters, limits)
            except WriteRefused:
                raise HubtraceError(
                    "this statement changes the graph, and a query only reads; "
                    "add --write to change it"
                ) from None
        check_question(text)
        with store.write() as writer:
            result = writer.run(text, **parameters)
            renew_activity(writer)
        say(f"wrote {graph}")
        return result


def _parse_free(pairs: list[str]) -> dict[str, Any]:
    """Return parameters of a free statement: JSON where it is JSON, else text."""
    from hubtrace.ingest.input_files import read_json

    parameters: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key:
            raise HubtraceError(f"--param {pair!r} is not KEY=VALUE")
        try:
            parameters[key] = read_json(text)
        except ValueError as error:
            if not str(error).startswith("not JSON:"):
                raise HubtraceError(f"--param {key}: {error}") from None
            parameters[key] = text
    return parameters


@table_options
def queries(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show the Cypher of this one.")
    ] = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List the stored questions with their parameters and columns, or show one.

    Example:  hubtrace queries sync_type
    """
    from hubtrace.queries import catalogue

    if name is None:
        rows = [_describe(stored) for stored in catalogue.catalogue().values()]
        table: Table[StoredQuery] = Table(
            "hubtrace.queries/1",
            {
                "query": lambda row: row.query,
                "what": lambda row: row.what,
                "parameters": lambda row: row.parameters,
            },
        )
        table.print(rows, format_, QueriesDocument(tuple(rows)))
        return
    stored = catalogue.query(name)
    if format_ is Format.JSON:
        text = StoredQueryText(**record_fields(_describe(stored)), cypher=stored.text)
        print_document("hubtrace.stored-query/1", text)
    else:
        print(stored.text, end="")


def _describe(stored: "Query") -> StoredQuery:
    return StoredQuery(
        stored.name,
        stored.what,
        tuple(parameter.name for parameter in stored.parameters),
        {p.name: str(p.type) for p in stored.parameters},
        {column.name: str(column.type) for column in stored.returns},
    )
