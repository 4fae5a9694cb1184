"""Writing to the embedded graph.

A file of its own, because it imports Arrow, for which no question may wait
(docs/decisions/0032).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import kglite
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.errors import GraphError
from hubtrace.graph.model import MODEL
from hubtrace.graph.schema import delete_relationships
from hubtrace.graph.store import Result
from hubtrace.graph.tables import END, START, check_nodes, check_relationships

Ask = Callable[[kglite.KnowledgeGraph, str, Mapping[str, Any]], Result]
"""Runs a statement, as `hubtrace.graph.embedded.ask` does."""

_REMOVAL_BATCH = 1_000
_NAME = "name"
"""What the engine takes for a node's title. Where a name is null it would show the key, unless the
name is declared to be the title."""


class EmbeddedWriter:
    """Changes a graph in memory through the engine's bulk path."""

    def __init__(self, graph: kglite.KnowledgeGraph, ask: Ask) -> None:
        self._graph, self._ask = graph, ask
        self.changed = False

    def ask(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphWriter.ask`."""
        return self._ask(self._graph, cypher, parameters)

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Run a statement that may write; see `GraphWriter.run`."""
        result = self._ask(self._graph, cypher, parameters)
        self.changed = True
        return result

    def put_nodes(self, label: str, rows: pa.Table) -> None:
        """Add or replace nodes; see `GraphWriter.put_nodes`."""
        node = MODEL.node(label)
        check_nodes(node, rows)
        if not rows.num_rows:
            return
        named = _NAME in (property_.name for property_ in node.properties[1:])
        if named and _NAME not in rows.column_names:
            rows = rows.append_column(_NAME, pa.nulls(rows.num_rows, pa.string()))
        frame: Any = Frame(rows, always=_NAME)  # as much of a data frame as it asks for
        self._graph.add_nodes(
            frame,
            label,
            node.key,
            node_title_field=_NAME if named else None,
            conflict_handling="replace",
        )
        self.changed = True

    def put_relationships(self, type_: str, start: str, end: str, rows: pa.Table) -> None:
        """Add or replace relationships; see `GraphWriter.put_relationships`."""
        check_relationships(MODEL.relationship(type_), start, end, rows)
        if not rows.num_rows:
            return
        frame: Any = Frame(rows)  # as much of a data frame as it asks for
        with warnings.catch_warnings():
            # The engine would make up the missing nodes, and warn.
            warnings.simplefilter("error")
            try:
                self._graph.add_relationships(
                    frame,
                    type_,
                    start,
                    START,
                    end,
                    END,
                    conflict_handling="replace",
                )
            except UserWarning as warning:
                raise GraphError(f"{type_} from {start} to {end}: {warning}") from None
        self.changed = True

    def remove_relationships(self, type_: str, start: str, keys: Sequence[str]) -> None:
        """Remove relationships, and nodes that they own; see `GraphWriter.remove_relationships`."""
        statement = delete_relationships(MODEL.relationship(type_), MODEL.node(start))
        for first in range(0, len(keys), _REMOVAL_BATCH):
            batch = list(keys[first : first + _REMOVAL_BATCH])
            self._ask(self._graph, statement, {"keys": batch})
            self.changed = True


_DTYPES = {pa.string(): "string", pa.int64(): "Int64", pa.float64(): "float64", pa.bool_(): "bool"}
"""What pandas calls the types of columns; a list is an `object`."""
_FILLERS: dict[pa.DataType, Any] = {pa.int64(): 0, pa.float64(): 0.0, pa.bool_(): False}
"""Where a value is missing; the engine reads the mask first. A column keeps its type."""


class Frame:
    """A table, as much like a pandas data frame as the engine's bulk path asks for.

    pandas is 88 MB, for a detour: the engine asks for Python lists (docs/decisions/0064). Columns
    without any value are left out, but for `always`.
    """

    def __init__(self, rows: pa.Table, always: str = "") -> None:
        self._rows = rows
        self.columns = [
            name
            for name in rows.column_names
            if name == always or rows[name].null_count < rows.num_rows
        ]

    def reset_index(self, **_: bool) -> "Frame":
        """Return itself; its rows are in a row."""
        return self

    def __getitem__(self, name: str) -> "FrameColumn":
        return FrameColumn(self._rows[name])


class FrameColumn:
    """A column of a `Frame`: a pandas series for the engine."""

    def __init__(self, values: pa.ChunkedArray) -> None:
        self._values = values
        self.dtype = _DTYPES.get(values.type, "object")

    def __len__(self) -> int:
        return len(self._values)

    def isna(self) -> "FrameColumn":
        """Return which values are missing."""
        return FrameColumn(self._values.is_null())

    def dropna(self) -> "FrameColumn":
        """Return the values that there are; the engine looks at the first of lists."""
        return FrameColumn(self._values.drop_null())

    def tolist(self) -> list[Any]:
        """Return all values; something of its type where one is missing."""
        if self.dtype == "object":
            listed: list[Any] = self._values.to_pylist()
            return listed
        filler = _FILLERS.get(self._values.type)
        filled = self._values if filler is None else pc.fill_null(self._values, filler)
        return list(filled.to_numpy(zero_copy_only=False).tolist())
