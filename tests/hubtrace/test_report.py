"""`hubtrace report` and `hubtrace diff`, as a person calls them."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.hubtrace.conftest import Call
from tests.hubtrace.conftest import ingest_acme as _ingest


def test_a_report_is_written_in_every_format(call: Call, world: Path) -> None:
    _ingest(call, world)
    formats = [word for name in ("html", "markdown", "json", "parquet") for word in ("-f", name)]
    answer = call("report", "-o", "out", *formats)
    assert answer.code == 0, answer.err
    paths = ["out/report.html", "out/report.md", "out/report.json", "out/parquet"]
    assert answer.out.splitlines() == paths
    body = json.loads(Path("out/report.json").read_text())
    assert body["schema"] == "hubtrace.report/1"
    assert body["tool"].startswith("hubtrace ")
    (family,) = body["families"]
    assert (family["family"], family["code"]) == ("acme", "CSR")
    assert [flag["status"] for flag in family["branches"] if flag["flagged"]] == ["abandoned"]
    assert "abandoned" in Path("out/report.html").read_text()
    assert "abandoned" in Path("out/report.md").read_text()
    assert pq.read_table("out/parquet/families.parquet").num_rows == 1
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(
        path.removeprefix("out/") for path in paths
    )
    assert {path.suffix for path in Path("out/parquet").iterdir()} == {".parquet"}


def test_a_report_tells_what_changed_since_a_date(call: Call, world: Path) -> None:
    _ingest(call, world)
    answer = call("report", "acme", "-f", "json", "--since", "2020-09-13")
    assert answer.code == 0, answer.err
    assert "families whose pattern changed: " in answer.err
    changes = json.loads(Path("hubtrace-report/report.json").read_text())["changes"]
    assert changes["before"]["name"] == "hubtrace.kgl@2020-09-13"
    assert changes["counts"]["pattern"] == 1


def test_a_snapshot_is_compared_with_a_later_graph(call: Call, world: Path) -> None:
    _ingest(call, world)
    same = call("diff", "hubtrace-snapshot", "hubtrace.kgl", "--exit-code")
    assert same.code == 0, same.err
    assert "nothing changed" in same.err
    body = call("diff", "hubtrace.kgl@2020-09-13", "hubtrace-snapshot", "--format", "json").json()
    assert body["schema"] == "hubtrace.diff/1"
    assert {change["kind"] for change in body["changes"]} >= {"pattern", "variant"}
    other = call("diff", "hubtrace.kgl@2020-09-13", "hubtrace.kgl", "--exit-code")
    assert other.code == 1
    assert "CSR simultaneous" in other.out


def test_a_report_tells_what_changed_since_a_snapshot(call: Call, world: Path) -> None:
    _ingest(call, world)
    answer = call("report", "-f", "markdown", "--since", "hubtrace-snapshot")
    assert answer.code == 0, answer.err
    assert "nothing changed" in answer.err
    assert "Nothing changed." in Path("hubtrace-report/report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "nobody"), "there is no family `nobody` in the graph"),
        (("report", "--since", "yesterday"), "is not a date, and there is no graph or snapshot"),
        (("report", "--until", "soon"), "--until: invalid date 'soon'"),
        (("report", "--period-days", "0"), "period_days is a whole number of at least 1"),
        (("report", "-o", "hubtrace.kgl"), "hubtrace.kgl is a file; give a folder with -o"),
        (("report", "--graph", "none.kgl"), "there is no graph at none.kgl"),
        (("diff", "hubtrace.kgl", "none.kgl"), "there is no graph at none.kgl"),
        (("diff", "hubtrace.kgl@2021-13-01", "hubtrace.kgl"), "invalid date '2021-13-01'"),
        (("diff", "hubtrace.kgl", "."), "snapshot"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    call: Call, world: Path, arguments: tuple[str, ...], said: str
) -> None:
    _ingest(call, world)
    answer = call(*arguments)
    assert answer.code == 2
    assert said in answer.err
    assert len(answer.err.strip().splitlines()) == 1 or "changed" in answer.err
