"""From one store into another: the same nodes and relationships, whatever the engines."""

from collections.abc import Callable

from graph.reading import node_tables, relationship_tables
from graph.store import GraphStore


def copy_graph(
    source: GraphStore,
    target: GraphStore,
    progress: Callable[[str, int, int | None], None] = lambda *_: None,
) -> tuple[int, int]:
    """Put every node and relationship of `source` into `target`; return how many of each.

    What `target` held before stays, unless it has the same key; copying twice changes nothing.

    Raises:
        GraphMissing: there is no graph to copy.
        GraphError: the target cannot be written.
    """
    nodes = relationships = 0
    with target.write() as writer:
        for node, rows in node_tables(source):
            writer.put_nodes(node.label, rows)
            nodes += rows.num_rows
            progress("nodes", nodes, None)
        for (relationship, start, end), rows in relationship_tables(source):
            writer.put_relationships(relationship.type, start.label, end.label, rows)
            relationships += rows.num_rows
            progress("relationships", relationships, None)
    return nodes, relationships
