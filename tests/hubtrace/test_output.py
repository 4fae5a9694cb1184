"""Hostile text appears as text in every format, and nothing of it acts."""

import csv
import io
import json
import re
from typing import Any

import pytest

from hubtrace.output import Format, Table, cell, date, header

HOSTILE = "\x1b[31mred [bold]markup[/] | <script> `x` *y* ](javascript:z)\n\u202erev @all https://x"


def _printed(
    capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]], format_: Format
) -> str:
    Table.of("hubtrace.test/1", *rows[0]).print(rows, format_)
    return capsys.readouterr().out


def test_a_table_shows_hostile_text_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed(capsys, [{"name": HOSTILE, "n": 1}], Format.TABLE)
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[31mred [bold]markup[/]" in out
    assert len([line for line in out.splitlines() if line.strip()]) == 3


def test_json_keeps_text_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    body = json.loads(_printed(capsys, [{"name": HOSTILE, "at": 5, "none": None}], Format.JSON))
    assert body == {
        "schema": "hubtrace.test/1",
        "rows": [{"name": HOSTILE, "at": 5, "none": None}],
    }


@pytest.mark.parametrize("format_", [Format.JSON, Format.CSV])
def test_what_acts_on_a_terminal_does_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, format_: Format
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    out = _printed(capsys, [{"name": "\x1b[31m \x9b31m \u202e 名"}], format_)
    assert "31m" in out
    assert "名" in out
    assert not {"\x1b", "\x9b", "\u202e"} & set(out)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_cells_are_no_formulas(
    capsysbinary: pytest.CaptureFixture[bytes], formula: str
) -> None:
    Table.of("hubtrace.test/1", "name", "n").print([{"name": formula, "n": -1}], Format.CSV)
    out = capsysbinary.readouterr().out.decode()
    ((_, _), (name, n)) = csv.reader(io.StringIO(out, newline=""))
    assert name == f"'{formula}"
    assert n == "-1", "a number stays a number"


def test_markdown_shows_markup_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed(capsys, [{"name": HOSTILE}], Format.MARKDOWN)
    row = out.splitlines()[2]
    assert re.findall(r"(?<!\\)\|", row) == ["|", "|"]
    for active in ("<script>", "](", " *y*", "`x`", "https://", "@all"):
        assert active not in row.replace("\\" + active[0], "")


def test_a_table_makes_its_rows_and_json_may_show_another_body(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table[int]("hubtrace.test/1", {"n": lambda n: n, "square": lambda n: n * n})
    table.print([2, 3], Format.CSV, {"sum": 5})
    assert capsys.readouterr().out == '"n","square"\n2,4\n3,9\n'
    table.print([2], Format.JSON)
    assert json.loads(capsys.readouterr().out)["rows"] == [{"n": 2, "square": 4}]
    table.print([2], Format.JSON, {"sum": 2})
    assert json.loads(capsys.readouterr().out) == {"schema": "hubtrace.test/1", "sum": 2}


def test_people_see_dates_and_days() -> None:
    assert date(0) == "1970-01-01"
    assert date(60) == "1970-01-01 00:01"
    assert date(10**18) == f"@{10**18}"
    assert cell("observed_at", 86_400) == cell("at", 86_400) == "1970-01-02"
    assert (header("lag_seconds"), cell("lag_seconds", 3 * 86_400 + 5)) == ("lag (days)", "3")
    assert cell("lag_seconds", -1) == "-1", "whole days, downwards"
    assert cell("stability", 0.5) == "0.5"
    assert cell("x", True) == "yes"
    assert cell("x", None) == ""
    assert cell("x", ["a", 1]) == "a, 1"
