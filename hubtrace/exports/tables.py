"""The rows of every stored query as Parquet tables, one file each.

Columns have the types that the query declares; its name and description are in the metadata of the
file. Queries about named projects, variants or contributors are run for all of them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hubtrace.graph.atomic_files import new_folder
from hubtrace.graph.errors import GraphError
from hubtrace.graph.store import GraphStore, Result
from hubtrace.graph.text import inert, json_text, masked
from hubtrace.progress import Progress
from hubtrace.queries.catalogue import Query, ask_in_batches, catalogue, family_names

_TYPES = {  # the items of a list bear the name that Parquet gives them
    "string": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "list of strings": pa.list_(pa.field("element", pa.string())),
    "list of integers": pa.list_(pa.field("element", pa.int64())),
    "list of floats": pa.list_(pa.field("element", pa.float64())),
    "list of maps": pa.string(),  # as JSON: the maps of one column need not be alike
}
_ALL = {
    "projects": "MATCH (n) WHERE n:Repository OR n:Variant RETURN n.key AS key ORDER BY key",
    "variants": "MATCH (n:Variant) RETURN n.key AS key ORDER BY key",
    "contributors": "MATCH (n:Contributor) RETURN n.key AS key ORDER BY key",
}
"""Parameter → the statement that finds every value of it."""


def export_tables(
    store: GraphStore,
    folder: Path,
    families: Sequence[str] | None = None,
    until: int | None = None,
    progress: Progress = lambda *_: None,
) -> dict[str, int]:
    """Write `NAME.parquet` for every stored query; return the number of rows of each.

    Raises:
        GraphError: the folder is not empty, or cannot be written.
        CatalogueError: there is no such family.
    """
    names = family_names(store, families)
    given: dict[str, Any] = {
        "families": names,
        "until": until,
        "marks": list(_marks(store, names, until)),
        **{name: [key for (key,) in store.run(text).rows()] for name, text in _ALL.items()},
    }
    counts: dict[str, int] = {}
    try:
        with new_folder(folder) as aside:
            for name, stored in catalogue().items():
                counts[name] = _export(store, stored, aside / f"{name}.parquet", given)
                progress("tables", len(counts), len(catalogue()))
    except OSError as error:
        raise GraphError(f"cannot write {folder}: {error.strerror or error}") from None
    return counts


def schema_of(stored: Query) -> pa.Schema:
    """Return the Arrow schema of a query's rows, with its name and description as metadata."""
    fields = [
        pa.field(column.name, _TYPES[column.type.base], metadata={"type": str(column.type)})
        for column in stored.returns
    ]
    return pa.schema(fields, metadata={"query": stored.name, "what": stored.what})


def _export(store: GraphStore, stored: Query, file: Path, given: dict[str, Any]) -> int:
    """Write the rows of one query, a batch of families at a time."""
    parameters = {p.name: given[p.name] for p in stored.parameters if p.name in given}
    schema, count = schema_of(stored), 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for result in ask_in_batches(store, stored.name, **parameters):
            writer.write_table(_table(result, stored, schema))
            count += len(result)
    return count


def _table(result: Result, stored: Query, schema: pa.Schema) -> pa.Table:
    values: list[Any] = list(zip(*result.rows(), strict=True)) or [()] * len(schema)
    for index, column in enumerate(stored.returns):
        if column.type.base == "list of maps":
            values[index] = [
                value if value is None else inert(json_text(value, ensure_ascii=False))
                for value in values[index]
            ]
        else:
            values[index] = [masked(v) if isinstance(v, str) else v for v in values[index]]
    columns = [pa.array(found, field.type) for found, field in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def _marks(
    store: GraphStore, families: Sequence[str], until: int | None
) -> Iterator[dict[str, Any]]:
    """Yield the marks for `commits_since`: each repository of each family, from the start."""
    for batch in ask_in_batches(store, "projects", families=list(families), until=until):
        for row in batch:
            if row["side"] == "upstream" and row["last_at"] is not None:
                yield {
                    "mark": row["family"],
                    "repository": row["project"],
                    "family": row["family"],
                    "since": -1,
                    "until": row["last_at"] if until is None else until,
                }
