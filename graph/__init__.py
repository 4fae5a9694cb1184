"""The graph: its model, the identities of projects, the stores; and which store a URL names.

Knows nothing of where data comes from or who asks.
"""

from hubtrace.graph.errors import GraphError
from hubtrace.graph.store import GraphStore

BOLT_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


def open_store(url: str) -> GraphStore:
    """Return the store that `url` names: a path for the embedded one, or a server's address.

    Nothing is read or made before the store is used.

    Raises:
        GraphError: no store answers to this kind of URL.
    """
    scheme, separator, _ = url.partition("://")
    if scheme in BOLT_SCHEMES and separator:
        from hubtrace.graph.bolt import BoltStore

        return BoltStore(url)
    if separator:
        raise GraphError(
            f"no store answers to {scheme}://; give the path of a graph file, or a server's "
            "address like neo4j://host:7687"
        )
    if not url:
        raise GraphError("the graph has no name; give the path of a graph file")
    from hubtrace.graph.embedded import EmbeddedStore

    return EmbeddedStore(url)
