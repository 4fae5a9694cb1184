"""The front door: the public Python API and the command line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubtrace.api import Graph

__all__ = ["open_graph"]


def open_graph(url: str) -> "Graph":
    """Return the graph at `url`, ready for questions; `hubtrace.open_graph("hubtrace.kgl")`.

    Nothing is read before the first question. Use it in a `with` block, or close it.

    Raises:
        GraphError: no store answers to this kind of URL.
    """
    from hubtrace.api import Graph
    from hubtrace.graph import open_store

    return Graph(open_store(url))
