"""The report as Parquet tables, for data frames: text as it is, times in epoch seconds."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubtrace.graph.atomic_files import atomic_replace
from hubtrace.graph.text import masked
from hubtrace.queries.report.formats.json import document
from hubtrace.queries.report.records import Report

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Iterable[Mapping[str, Any]]

_COLUMNS: Mapping[str, str] = {
    "families": "family:s until:i code:s pattern:s lag:s sync:s intensity:s reason:s stability:f "
    "runner_up:s code_7_days:s code_28_days:s early_code:s late_code:s status:s flagged:i "
    "upstream_commits:i downstream_commits:i switch_count:i median_lag_days:f left_behind:i "
    "start_at:i periods:i",
    "projects": "family:s side:s project:s name:s url:s commits:i first_at:i last_at:i gone_at:i "
    "moved_to:s",
    "periods": "family:s project:s period:i commits:i",
    "switches": "family:s from_side:s from_at:i to_at:i lag_days:i from_sha:s to_sha:s",
    "left_behind": "family:s side:s project:s sha:s at:i author:s subject:s",
    "marks": "family:s kind:s project:s name:s at:i sha:s status:s",
    "branches": "family:s side:s project:s branch:s status:s head:s head_committed_at:i "
    "merge_base:s ahead:i behind:i default_committed_at:i flagged:b",
    "variants": "family:s variant:s name:s status:s until:i last_at:i last_sha:s "
    "upstream_last_at:i upstream_last_sha:s gone_at:i moved_to:s flagged:b",
    "shares": "dimension:s label:s name:s count:i of:i percent:f low:f high:f published_percent:f",
    "lags": "group:s families:i switches:i mean:f mean_low:f mean_high:f median:f median_low:f "
    "median_high:f p90:f p90_low:f p90_high:f",
    "moves": "early:s late:s families:i published:i",
}
"""Names of columns and their types: string, integer, float, boolean."""


def write_tables(report: Report, folder: Path) -> Path:
    """Write each table of a report as a file of a folder; return the folder.

    Raises:
        OSError: it cannot be written.
    """
    import pyarrow.parquet as pq

    folder.mkdir(exist_ok=True)
    for name, table in tables(report).items():
        with atomic_replace(folder / f"{name}.parquet", follow=False) as unfinished:
            pq.write_table(table, unfinished)
    return folder


def tables(report: Report) -> "dict[str, pa.Table]":
    """Return the tables of a report by name; one without rows has its columns."""
    import pyarrow as pa

    types = {"s": pa.string(), "i": pa.int64(), "f": pa.float64(), "b": pa.bool_()}
    found: dict[str, pa.Table] = {}
    for name, rows in _rows(document(report)).items():
        columns = [column.split(":") for column in _COLUMNS[name].split()]
        schema = pa.schema([(column, types[kind]) for column, kind in columns])
        picked = [{column: _shown(row[column]) for column, _ in columns} for row in rows]
        found[name] = pa.Table.from_pylist(picked, schema=schema)
    return found


def _shown(value: Any) -> Any:
    return masked(value) if isinstance(value, str) else value


def _rows(body: Mapping[str, Any]) -> dict[str, Rows]:
    families, statistics = body["families"], body["statistics"]
    return {
        "families": families,
        "projects": _of(families, "projects"),
        "periods": [
            {**project, "period": period, "commits": commits}
            for project in _of(families, "projects")
            for period, commits in project["periods"]
        ],
        "switches": _of(families, "switches"),
        "left_behind": [
            {**commit, "family": family["family"], "side": family["tail"]["side"]}
            for family in families
            if family["tail"]
            for commit in family["tail"]["newest"]
        ],
        "marks": _of(families, "marks"),
        "branches": _of(families, "branches"),
        "variants": [*_of(families, "variant_flags"), *body["orphans"]],
        "shares": [
            {"dimension": labels["dimension"], **share, **_bounds(share["interval"])}
            for labels in statistics["labels"]
            for share in labels["shares"]
        ],
        "lags": [_lags(row) for row in statistics["switches"]["rows"]],
        "moves": statistics["moves"]["moves"],
    }


def _of(families: Rows, key: str) -> Iterator[Mapping[str, Any]]:
    for family in families:
        for row in family[key]:
            yield {**row, "family": family["family"]}


def _lags(row: Mapping[str, Any]) -> Mapping[str, Any]:
    bounds = {
        f"{figure}_{end}": value
        for figure in ("mean", "median", "p90")
        for end, value in _bounds(row[f"{figure}_interval"]).items()
    }
    return {**row, **bounds}


def _bounds(interval: Mapping[str, float] | None) -> Mapping[str, float | None]:
    return interval or {"low": None, "high": None}
