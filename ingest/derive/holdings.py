"""Who holds which file since which commit."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.ingest.derive.changes import history_of
from hubtrace.ingest.derive.dag import History
from hubtrace.ingest.derive.membership import membership_of
from hubtrace.ingest.records import Observation


class Kind(IntEnum):
    """How a repository holds a file; the first that is true of a file and a repository counts."""

    FILE = 0
    """The blob is in its history."""
    README = 1
    """Its README is the same but for the front matter."""
    ASSET = 2
    """A file of the same SHA-256 and size is attached to one of its releases."""


HOLDINGS = pa.schema(
    [
        ("project", pa.int32()),
        ("blob", pa.string()),
        ("path", pa.string()),
        ("sha", pa.string()),
        ("kind", pa.int8()),
        ("landed_at", pa.int64()),
        ("at", pa.int64()),
        ("depth", pa.int32()),
        ("chain", pa.bool_()),
    ]
)
"""`project` is a number that the caller chose; `blob` is null if the commit took a file away, or
put something else in its place; `sha` is null for an asset whose tag is not known; `landed_at` is
null if the commit never landed, `at` its time on its side; `depth` counts the commits on the
longest way down to a root, so that it grows from every parent to its child; `chain` is true on the
first-parent chain of the default branch, where changes against first parents tell the tree."""

_FILE_MODES = pa.array(["100644", "100755", "100664"])
"""Submodules hold no blob, and what is in a symbolic link is a path."""
_STANDING = ("landed_at", "at", "depth", "chain")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the commits of one project stand."""

    commits: pa.Table
    """Columns `sha`, `landed_at`, `at`, `depth` and `chain`, one row per commit."""
    root: str | None
    """The first commit of the default branch along first parents; None if it is not known."""

    def holdings(self, project: int, files: pa.Table, kind: Kind = Kind.FILE) -> pa.Table:
        """Return `files` (columns `sha`, `path`, `blob`) as rows of `HOLDINGS`."""
        row = pc.index_in(files["sha"], self.commits["sha"].combine_chunks())
        known = pc.is_valid(row)
        files, row = files.filter(known), row.filter(known)
        columns = {name: self.commits[name].take(row) for name in _STANDING}
        columns |= {name: files[name] for name in ("blob", "path", "sha")}
        columns["project"] = pa.repeat(pa.scalar(project, pa.int32()), files.num_rows)
        columns["kind"] = pa.repeat(pa.scalar(int(kind), pa.int8()), files.num_rows)
        return pa.table([columns[name] for name in HOLDINGS.names], schema=HOLDINGS)


def files_of(changes: pa.Table) -> pa.Table:
    """Return a snapshot's changes as `sha`, `path` and `blob`; the blob is null for no file."""
    is_file = pc.is_in(changes["mode"], _FILE_MODES)
    blob = pc.if_else(is_file, changes["blob"], pa.scalar(None, pa.string()))
    return pa.table({"sha": changes["sha"], "path": changes["path"], "blob": blob})


def standing_of(commits: pa.Table, at: str, last: Observation) -> Standing:
    """Return where commits stand by the refs of `last`; `at` is the column of a commit's time."""
    history = history_of(commits)
    membership = membership_of(history, last)
    chain = history.first_parent_chain(membership.head) if membership.head is not None else []
    landed = pa.array(membership.landed_at, pa.int64())
    columns = {
        "sha": commits["sha"],
        "landed_at": landed if last.ancestry else commits["committed_at"],
        "at": commits[at],
        "depth": pa.array(_depths(history), pa.int32()),
        "chain": pa.array(np.isin(np.arange(len(history.shas)), chain)),
    }
    root = history.shas[chain[-1]] if chain and chain[-1] not in history.cut else None
    return Standing(pa.table(columns), root)


def _depths(history: History) -> list[int]:
    depth = [0] * len(history.shas)
    for commit in history.order:
        for parent in history.parents[commit]:
            if depth[parent] >= depth[commit]:
                depth[commit] = depth[parent] + 1
    return depth
