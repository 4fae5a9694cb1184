"""The engine loads a `Frame` as it loads a real data frame (docs/decisions/0064)."""

from collections.abc import Callable
from itertools import product
from typing import Any

import kglite
import pandas as pd
import pyarrow as pa
import pytest

from hubtrace.graph.embedded_writer import Frame

VALUES: dict[pa.DataType, list[Any]] = {
    pa.string(): ["", "1", "true", "2024-01-01", "nan", "é\n"],
    pa.int64(): [0, -1, 1 << 31, 1 << 40, -(1 << 62), (1 << 63) - 1],
    pa.float64(): [0.0, -1.5, 1e300, 2.0, 5e-324, 3.25],
    pa.bool_(): [True, False, True, True, False, False],
    pa.list_(pa.string()): [[], ["a"], ["b", "c"], [""], ["1", "2"], ["é"]],
}
GAPS = ((), (0,), (2, 5), (0, 1, 2, 3, 4))


def _table() -> pa.Table:
    columns = {"id": pa.array([f"n{number}" for number in range(6)])}
    for (type_, values), gaps in product(VALUES.items(), GAPS):
        held = [None if at in gaps else value for at, value in enumerate(values)]
        columns[f"p{len(columns)}"] = pa.array(held, type_)
    return pa.table(columns)


def _pandas(rows: pa.Table) -> Any:
    kept = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return rows.to_pandas(types_mapper=kept.get)


@pytest.mark.parametrize("first", [0, 3])
def test_a_frame_is_loaded_as_a_data_frame_is(first: int) -> None:
    rows = _table().slice(first)  # a slice begins within its buffers
    found = []
    makers: tuple[Callable[[pa.Table], Any], ...] = (Frame, _pandas)
    for made in makers:
        graph = kglite.KnowledgeGraph()
        graph.add_nodes(made(rows), "N", "id", conflict_handling="replace")
        ends = rows.append_column("end", rows["id"])
        graph.add_relationships(made(ends), "R", "N", "id", "N", "end")
        names = [name for name in rows.column_names if name != "id"]
        for pattern in ("(x:N)", "(:N)-[x:R]->(:N)"):
            wanted = ", ".join(f"x.{name} AS {name}" for name in names)
            answer = graph.cypher(f"MATCH {pattern} RETURN {wanted} ORDER BY {names[0]}")
            assert isinstance(answer, kglite.ResultView)
            found.append([repr(row) for row in answer.to_list()])
    assert found[:2] == found[2:]
    assert len(found[0]) == len(found[1]) == rows.num_rows
