"""Replacing what hangs on nodes: the one way in which a load overwrites what a graph holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

import pyarrow as pa

from hubtrace.graph.store import GraphWriter
from hubtrace.graph.tables import END, START

Row = tuple[Any, ...]


class Nodes(NamedTuple):
    """Nodes of one label."""

    label: str
    rows: pa.Table


class Edges(NamedTuple):
    """Relationships of one type between two labels."""

    type_: str
    start: str
    end: str
    rows: pa.Table


def ends(
    starts: Sequence[str] | pa.ChunkedArray, ends: Sequence[str] | pa.ChunkedArray
) -> pa.Table:
    """Return a relationship table without properties from two columns of equal length."""
    schema = pa.schema([(START, pa.string()), (END, pa.string())])
    return pa.table({START: starts, END: ends}, schema=schema)


def put(writer: GraphWriter, tables: Iterable[Nodes | Edges]) -> None:
    """Write tables in their order; the nodes that edges join come first, or are there."""
    for table in tables:
        if isinstance(table, Nodes):
            writer.put_nodes(table.label, table.rows)
        else:
            writer.put_relationships(*table)


def replace(
    writer: GraphWriter,
    label: str,
    keys: Sequence[str],
    tables: Sequence[Nodes | Edges],
    *,
    dropped: Iterable[str] = (),
) -> None:
    """Put `tables` in place of what hangs on the nodes `keys` of a label.

    Every relationship type of `tables` that starts at the label, and every one `dropped`, is
    removed from these nodes first, together with the nodes that it owns.
    """
    mine = [t.type_ for t in tables if isinstance(t, Edges) and t.start == label]
    for type_ in dict.fromkeys((*dropped, *mine)):
        writer.remove_relationships(type_, label, keys)
    put(writer, tables)


def stale(
    writer: GraphWriter, statement: str, keys: Sequence[str], wanted: Mapping[str, Set[Row]]
) -> list[str]:
    """Return the keys whose rows in the graph are not those `wanted`.

    `statement` takes `$keys` and returns a key and its row.
    """
    there: dict[str, set[Row]] = defaultdict(set)
    for key, *row in writer.ask(statement, keys=list(keys)).rows():
        there[key].add(tuple(row))
    return [key for key in keys if there.get(key, set()) != wanted.get(key, set())]
