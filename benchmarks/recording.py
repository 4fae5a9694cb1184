"""A store that keeps a copy of every table on its way into a graph, and its replay.

The recording is a folder of Arrow files, numbered in order, each with the call it was made for.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphWriter, Result
from hubtrace.graph.tables import END, START

_NULLABLE: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


@dataclass(frozen=True, slots=True)
class Put:
    """One table on its way into a graph: of a label, or of a relationship type and two labels."""

    into: tuple[str, ...]
    rows: pa.Table


class RecordingStore(EmbeddedStore):
    """An embedded store that records into a folder what is written to it."""

    def __init__(self, path: Path, folder: Path) -> None:
        super().__init__(path)
        self._folder = folder

    @contextmanager
    def write(self) -> Iterator[GraphWriter]:  # type: ignore[override] # records what the store's own writer is given
        """Open the graph for writing, and record."""
        with super().write() as writer:
            yield _RecordingWriter(writer, self._folder)


class _RecordingWriter:
    """Passes everything on to another writer, and keeps the tables."""

    def __init__(self, writer: GraphWriter, folder: Path) -> None:
        self._writer = writer
        self._folder = folder
        self._count = 0
        folder.mkdir(parents=True)

    def ask(self, cypher: str, /, **parameters: Any) -> Result:
        return self._writer.ask(cypher, **parameters)

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        return self._writer.run(cypher, **parameters)

    def put_nodes(self, label: str, rows: pa.Table) -> None:
        self._keep((label,), rows)
        self._writer.put_nodes(label, rows)

    def put_relationships(self, type_: str, start: str, end: str, rows: pa.Table) -> None:
        self._keep((type_, start, end), rows)
        self._writer.put_relationships(type_, start, end, rows)

    def remove_relationships(self, type_: str, start: str, keys: Sequence[str]) -> None:
        self._writer.remove_relationships(type_, start, keys)

    def _keep(self, into: tuple[str, ...], rows: pa.Table) -> None:
        if rows.num_rows:
            kept = rows.replace_schema_metadata({"into": json.dumps(into)})
            file = self._folder / f"{self._count:05d}.arrow"
            with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, kept.schema) as out:
                out.write_table(kept)
            self._count += 1


def recorded(folder: Path) -> Iterator[Put]:
    """Yield the tables of a recording in order."""
    for file in sorted(folder.glob("*.arrow")):
        with pa.OSFile(str(file)) as source:
            rows = pa.ipc.open_file(source).read_all()
        yield Put(tuple(json.loads(rows.schema.metadata[b"into"])), rows)


def frame(rows: pa.Table) -> pd.DataFrame:
    """Return a table as the data frame that the engine's bulk load reads; empty columns left out.

    Integers and booleans with gaps keep their type by pandas' nullable ones.
    """
    known = [name for name in rows.column_names if rows[name].null_count < rows.num_rows]
    gaps = any(rows[name].null_count for name in known)
    made: pd.DataFrame = rows.select(known).to_pandas(types_mapper=_NULLABLE.get if gaps else None)
    return made


def replay(graph: Any, into: tuple[str, ...], rows: pd.DataFrame) -> None:
    """Give one table to the engine itself, with the engine's own defaults."""
    if len(into) == 1:
        graph.add_nodes(rows, into[0], MODEL.node(into[0]).key)
    else:
        type_, start, end = into
        graph.add_relationships(rows, type_, start, START, end, END)
