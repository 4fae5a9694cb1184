"""The plug point of storage: what every store can do, and how one is chosen by URL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, Self

from hubtrace.graph.errors import GraphMissing, GraphTooNew
from hubtrace.graph.model import MODEL
from hubtrace.graph.result import Result

if TYPE_CHECKING:
    import pyarrow as pa


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
