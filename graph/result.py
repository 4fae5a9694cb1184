"""What a question returns: rows that are read at once, in the habits of py2neo's cursor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Node:
    """A node in a result. `identity` is the store's own and lives as long as the result."""

    identity: object
    label: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship in a result, between two identities."""

    identity: object
    type: str
    start: object
    end: object
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A result as column names and rows of values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Result:
    """The rows that a query returned."""

    def __init__(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        self.columns = tuple(columns)
        self._rows = rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            yield dict(zip(self.columns, row, strict=True))

    def __len__(self) -> int:
        return len(self._rows)

    def data(self) -> list[dict[str, Any]]:
        """Return every row as a dictionary, in order."""
        return list(self)

    def evaluate(self, field: int | str = 0) -> Any:
        """Return one value of the first row, by position or name; None if there is no row.

        Raises:
            KeyError: no column has this name.
            IndexError: there are fewer columns.
        """
        if isinstance(field, str) and field not in self.columns:
            raise KeyError(field)
        position = self.columns.index(field) if isinstance(field, str) else field
        if not self._rows:
            return None
        return self._rows[0][position]

    def rows(self) -> Sequence[tuple[Any, ...]]:
        """Return every row as a tuple, in order."""
        return self._rows

    def to_table(self) -> Table:
        """Return the result as column names and rows."""
        return Table(self.columns, tuple(self._rows))

    def to_data_frame(self) -> "pd.DataFrame":
        """Return the result as a pandas data frame, a column per returned name."""
        import pandas as pd

        return pd.DataFrame.from_records(list(self._rows), columns=list(self.columns))

    def to_subgraph(self) -> "nx.MultiDiGraph[object]":
        """Return all nodes and relationships in the result, lists and paths included.

        A node of a relationship that the query did not return stands there without properties.
        """
        import networkx as nx

        graph: nx.MultiDiGraph[object] = nx.MultiDiGraph()
        for value in _flatten(self._rows):
            if isinstance(value, Node):
                graph.add_node(value.identity, label=value.label, **value.properties)
            elif isinstance(value, Relationship):
                graph.add_edge(
                    value.start, value.end, key=value.identity, label=value.type, **value.properties
                )
        return graph


def _flatten(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flatten(item)
    elif isinstance(value, dict):
        yield from _flatten(list(value.values()))
    else:
        yield value
