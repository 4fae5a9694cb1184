"""The plug point of storage: what every store can do, and the rows that it answers with."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from hubtrace.graph.errors import GraphMissing, GraphTooNew, extra
from hubtrace.graph.model import MODEL

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import pyarrow as pa


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
        with extra("notebook", "data frames need pandas"):
            import pandas as pd

        return pd.DataFrame.from_records(list(self._rows), columns=list(self.columns))

    def to_subgraph(self) -> "nx.MultiDiGraph[object]":
        """Return all nodes and relationships in the result, lists and paths included.

        A node of a relationship that the query did not return stands there without properties.
        """
        with extra("notebook", "subgraphs need networkx"):
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


class GraphWriter(Protocol):
    """Writes to a graph; what it wrote is published when its block ends without an error."""

    def ask(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question about the graph as this writer has left it so far."""
        ...

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Run a statement that may write; it sees what this writer wrote before."""
        ...

    def put_nodes(self, label: str, rows: "pa.Table") -> None:
        """Add the nodes that are new by their key, and update the others.

        All their properties are replaced: one that is null in the table, or absent, is removed.

        Raises:
            ModelError: the table does not fit the model.
        """
        ...

    def put_relationships(self, type_: str, start: str, end: str, rows: "pa.Table") -> None:
        """Add the relationships that are new by type, start and end, and update the others.

        The nodes must be there already.

        Raises:
            ModelError: the table or the labels do not fit the model.
            GraphError: a node is not there.
        """
        ...

    def remove_relationships(self, type_: str, start: str, keys: Sequence[str]) -> None:
        """Remove every relationship of this type that starts at one of the nodes.

        Where the relationship type owns its end nodes, these are removed as well, with all of
        their relationships.
        """
        ...


class GraphStore(Protocol):
    """A property graph that answers Cypher."""

    url: str
    deadline: float | None
    """Seconds that a question may take; None for as long as the store allows."""

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question. A statement that writes is refused.

        Raises:
            GraphMissing: there is no graph.
            QueryFailed: the engine refused the statement.
        """
        ...

    def write(self) -> AbstractContextManager[GraphWriter]:
        """Open the graph for writing; make it if there is none.

        Raises:
            GraphLocked: another process is writing to it.
            GraphTooNew: a newer version of hubtrace made it.
        """
        ...

    def exists(self) -> bool:
        """Return True if there is a graph to ask."""
        ...

    @property
    def is_mapped(self) -> bool:
        """True if questions are asked of a copy, so that they cost much less than a write."""
        return False

    def close(self) -> None:
        """Let go of what the store holds."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def missing(url: str) -> GraphMissing:
    """Return the error of a store that holds no graph."""
    return GraphMissing(
        f"there is no graph at {url}; make one with `hubtrace ingest` or `hubtrace load`"
    )


def too_new(url: str, version: int) -> GraphTooNew:
    """Return the error of a graph whose model has a later version than ours."""
    return GraphTooNew(
        f"{url} was made by a newer hubtrace (model {version}, "
        f"this one knows {MODEL.version}); update hubtrace"
    )
