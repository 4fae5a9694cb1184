"""From Arrow columns to what the passes over histories work on."""

from typing import Any

import pyarrow as pa

from ingest.derive.dag import History


def values(rows: pa.Table, name: str) -> list[Any]:
    """Return a column as Python values."""
    column: list[Any] = rows[name].to_pylist()
    return column


def history_of(rows: pa.Table) -> History:
    """Return the history of commits in columns `sha`, `parents` and `committed_at`."""
    return History.from_columns(
        values(rows, "sha"), values(rows, "parents"), values(rows, "committed_at")
    )
