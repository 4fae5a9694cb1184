"""Writing to the embedded graph.

A file of its own, because it imports pandas and Arrow, for which no question may wait
(docs/decisions/0032).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import kglite
import pandas as pd
import pyarrow as pa

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
        self._graph.add_nodes(
            _frame(rows, always=_NAME),
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
        with warnings.catch_warnings():
            # The engine would make up the missing nodes, and warn.
            warnings.simplefilter("error")
            try:
                self._graph.add_relationships(
                    _frame(rows), type_, start, START, end, END, conflict_handling="replace"
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


# Columns with gaps keep their type: plain pandas would turn integers and booleans into floats.
_NULLABLE: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def _frame(rows: pa.Table, always: str = "") -> pd.DataFrame:
    """Return the table as the data frame that the engine's bulk path reads.

    Columns without any value are left out, but for `always`.
    """
    known = [c for c in rows.column_names if c == always or rows[c].null_count < rows.num_rows]
    complete = all(rows[name].null_count == 0 for name in known)
    mapper = None if complete else _NULLABLE.get
    frame: pd.DataFrame = rows.select(known).to_pandas(types_mapper=mapper)
    return frame
