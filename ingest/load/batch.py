"""Projects gathered into a batch, and the batch as tables of the graph's model."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.store import GraphWriter
from graph.tables import END, START
from ingest.change_types.columns import CHANGES_READ, told_of
from ingest.load.project import DerivedProject
from ingest.load.refs import write_refs

BATCH_COMMITS = 200_000
"""Commits in a batch: the engine's bulk path is faster in such batches than in one go."""

_COMMIT = ["sha", "subject", "author", "authored_at", "committed_at"]


def write_batch(writer: GraphWriter, projects: Sequence[DerivedProject]) -> None:
    """Write the commits, contributors, refs and events of projects whose nodes are there."""
    commits = _distinct(pa.concat_tables([project.commits for project in projects]))
    writer.put_nodes("Commit", commits.select(_COMMIT))
    writer.put_relationships("PARENT", "Commit", "Commit", _parents(commits))
    _write_contributors(writer, commits)
    for label in ("Repository", "Variant"):
        side = [project for project in projects if project.label == label]
        if side:
            writer.put_relationships("HAS_COMMIT", label, "Commit", _has_commit(side))
            write_refs(writer, label, side)


def _distinct(commits: pa.Table) -> pa.Table:
    """Return each commit once: forks share commits."""
    if pc.count_distinct(commits["sha"]).as_py() == commits.num_rows:
        return commits
    numbered = pa.table({"sha": commits["sha"], "row": np.arange(commits.num_rows)})
    return commits.take(numbered.group_by("sha").aggregate([("row", "min")])["row_min"])


def _parents(commits: pa.Table) -> pa.Table:
    lists = commits["parents"].combine_chunks()
    child = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    position = _position(child)
    parents = pc.list_flatten(lists)
    rows = pa.table({START: commits["sha"].take(child), END: parents, "position": position})
    again = _named_again(child, position, parents)
    return rows.filter(pa.array(~np.isin(np.arange(len(child)), again))) if again else rows


def _named_again(
    child: NDArray[np.int64], position: NDArray[np.int64], parents: pa.Array
) -> list[int]:
    """Return the rows in which a merge names a parent twice; the graph joins two nodes once."""
    merged = np.flatnonzero(position)
    rows = np.flatnonzero(np.isin(child, child[merged])) if len(merged) else merged
    seen: set[tuple[int, str]] = set()
    again: list[int] = []
    for row, pair in zip(
        rows.tolist(),
        zip(child[rows].tolist(), parents.take(rows).to_pylist(), strict=True),
        strict=True,
    ):
        if pair in seen:
            again.append(row)
        seen.add(pair)
    return again


def _position(child: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each row among its child's, from 0; rows of a child stand together."""
    row = np.arange(len(child))
    begins = np.ones(len(child), dtype=np.bool_)
    begins[1:] = child[1:] != child[:-1]
    return row - np.maximum.accumulate(np.where(begins, row, 0))


def _write_contributors(writer: GraphWriter, commits: pa.Table) -> None:
    authored = commits.select(["sha", "contributor"])
    authored = authored.filter(pc.is_valid(authored["contributor"]))
    keys = pc.unique(authored["contributor"])
    host_and_login = pc.split_pattern(keys, ":", max_splits=1)
    login = pc.if_else(
        pc.starts_with(keys, "hmac:"),
        pa.scalar(None, pa.string()),
        pc.list_element(host_and_login, 1),
    )
    writer.put_nodes("Contributor", pa.table({"key": keys, "login": login}))
    rows = pa.table({START: authored["sha"], END: authored["contributor"]})
    writer.put_relationships("AUTHORED_BY", "Commit", "Contributor", rows)


def _has_commit(projects: Sequence[DerivedProject]) -> pa.Table:
    counts = [project.commits.num_rows for project in projects]
    owner = np.repeat(np.arange(len(projects)), counts)
    told = pa.concat_tables(map(_told_of, projects))
    return pa.table(
        {
            START: pa.array([project.key for project in projects]).take(pa.array(owner)),
            END: _joined([project.commits["sha"] for project in projects]),
            "at": _joined([project.at for project in projects]),
            "on_default": pa.chunked_array([project.on_default for project in projects]),
            "landed_at": pa.chunked_array([project.landed_at for project in projects]),
            "vanished_at": pa.chunked_array([project.vanished_at for project in projects]),
            **dict(zip(told.column_names, told.columns, strict=True)),
        }
    )


def _told_of(project: DerivedProject) -> pa.Table:
    """Return the change types of a project's commits; null where nobody knows them."""
    changes = project.read_changes(CHANGES_READ) if project.read_changes is not None else None
    return told_of(project.project.side, project.commits, changes)


def _joined(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks])
