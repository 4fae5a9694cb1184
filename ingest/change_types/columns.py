"""The change types of a whole history at once, in Arrow: what `load` puts beside the commits.

Every distinct path and every distinct pair of message and files is looked at once.
"""

from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.ingest.change_types.classifier import FileCounts, answer_for, areas_of, in_order
from hubtrace.ingest.change_types.messages import first_line, is_bot, is_merge
from hubtrace.ingest.change_types.paths import kind_of, place_of
from hubtrace.ingest.change_types.rules import Area, ChangeType, file_kinds

COLUMNS = pa.schema(
    [
        ("change_types", pa.list_(pa.string())),
        ("change_rule", pa.string()),
        ("areas", pa.list_(pa.string())),
        ("bot", pa.bool_()),
    ]
)
"""The columns of every commit; null where they cannot be known."""

CHANGES_READ = ["sha", "status", "path"]
"""The columns of what commits changed that are looked at."""

_STATUSES = ("A", "M", "D", "T")

Types = tuple[tuple[ChangeType, ...], str, tuple[Area, ...]]
"""Types, rule and areas of a commit."""


def classify_history(side: str, commits: pa.Table, changes: pa.Table | None) -> pa.Table:
    """Return rows of `COLUMNS` for `commits` (`sha`, `subject`, `author`), in their order.

    `changes` has `sha`, `path` and `status`; None if the source does not report what
    commits changed: then their types are null.
    """
    subjects: list[str | None] = commits["subject"].to_pylist()
    bots = pa.array(map(_bot, commits["author"].to_pylist(), subjects), pa.bool_())
    if changes is None:
        unknown = [pa.nulls(len(bots), field.type) for field in list(COLUMNS)[:3]]
        return pa.Table.from_arrays([*unknown, bots], schema=COLUMNS)
    files = _files(commits["sha"].combine_chunks(), changes)
    types = [
        _types(side, subject or "", counted)
        for subject, counted in zip(subjects, files, strict=True)
    ]
    columns = [_column(types, place, COLUMNS.field(place).type) for place in range(3)]
    return pa.Table.from_arrays([*columns, bots], schema=COLUMNS)


def _bot(author: str | None, subject: str | None) -> bool | None:
    return is_bot(author, subject or "") if author or subject else None


@lru_cache(maxsize=500_000)
def _types(side: str, subject: str, files: FileCounts) -> Types:
    answer = answer_for(side, first_line(subject), files, merge=is_merge(subject))
    return answer.types, answer.rule, areas_of(files)


def _files(shas: pa.Array, changes: pa.Table) -> Iterator[FileCounts]:
    """Yield what each commit changed, as counts of the kinds and statuses of its files."""
    paths = changes["path"].combine_chunks().dictionary_encode()
    kinds = np.array([place_of(kind_of(path)) for path in paths.dictionary.to_pylist()], np.int64)
    kind = kinds[paths.indices.to_numpy()] if len(kinds) else kinds
    status = pc.fill_null(pc.index_in(changes["status"], pa.array(_STATUSES)), 1).to_numpy()
    commit = pc.index_in(changes["sha"], shas)
    known = pc.is_valid(commit).to_numpy()
    commit = pc.fill_null(commit, 0).to_numpy().astype(np.int64)
    sorts = len(file_kinds()) * len(_STATUSES)
    sort = commit * sorts + kind * len(_STATUSES) + status
    found, counts = np.unique(sort[known], return_counts=True)
    begins = np.searchsorted(found // sorts, np.arange(len(shas) + 1)).tolist()
    sort_of, count_of = (found % sorts).tolist(), counts.tolist()
    for begin, end in pairwise(begins):
        yield _counted(tuple(sort_of[begin:end]), tuple(count_of[begin:end]))


@lru_cache(maxsize=200_000)
def _counted(sorts: tuple[int, ...], counts: tuple[int, ...]) -> FileCounts:
    pairs = (divmod(sort, len(_STATUSES)) for sort in sorts)
    return in_order(
        (file_kinds()[kind], _STATUSES[status], count)
        for (kind, status), count in zip(pairs, counts, strict=True)
    )


def _column(types: list[Types], place: int, type_: pa.DataType) -> pa.Array:
    """Return one part of every answer as a column; each distinct value is made once."""
    number: dict[Hashable, int] = {}
    rows = [number.setdefault(one[place], len(number)) for one in types]
    of_list: Callable[[Any], Any] = list if pa.types.is_list(type_) else str
    return pa.array(map(of_list, number), type_).take(pa.array(rows, pa.int32()))
