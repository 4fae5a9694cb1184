"""The histories and the changed paths of a project, out of the snapshot's Arrow columns."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.ingest.derive.dag import History


def values(rows: pa.Table, name: str) -> list[Any]:
    """Return a column as Python values."""
    column: list[Any] = rows[name].to_pylist()
    return column


def history_of(rows: pa.Table) -> History:
    """Return the history of commits in columns `sha`, `parents` and `committed_at`."""
    return History.from_columns(
        values(rows, "sha"), values(rows, "parents"), values(rows, "committed_at")
    )


ChangeRow = tuple[str, str, str | None]
"""The sha of a commit, a path that it changed, and the new blob id or None if it was deleted."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the commits of one project changed against their first parents, without renames.

    `table` has the columns `sha`, `path` and `blob` (null if deleted), all strings, one row for
    each commit and path, in any order (`PathChange`). It may hold millions of
    rows: only those asked for become Python objects.
    """

    table: pa.Table

    def of_commits(self, shas: Collection[str]) -> Iterator[ChangeRow]:
        """Yield the changes of the commits `shas`."""
        return self._rows("sha", shas)

    def of_paths(self, paths: Collection[str]) -> Iterator[ChangeRow]:
        """Yield the changes of the files `paths`, in whatever commit."""
        return self._rows("path", paths)

    def _rows(self, column: str, values: Collection[str]) -> Iterator[ChangeRow]:
        if not values:
            return iter(())
        wanted = pa.array(values, type=self.table.schema.field(column).type)
        rows = self.table.filter(pc.is_in(self.table[column], value_set=wanted))
        columns = [rows[name].to_pylist() for name in ("sha", "path", "blob")]
        return zip(*columns, strict=True)
