"""Hostile text appears as text in every format, and nothing of it acts."""

import csv
import io
import json
import os
import pty
import re
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtrace import terminal
from hubtrace.graph.errors import HubtraceError
from hubtrace.output import VIEW, Format, Table, View, cell, date, header

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
    assert len(out.splitlines()) == 2


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


def test_csv_on_a_pipe_is_no_command_and_in_a_file_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log of a workflow is a pipe, of which a runner takes commands."""
    hostile = "a\n ::error::x\r::x ##[error]y"
    shown = _printed(capsys, [{"name": hostile}], Format.CSV)
    assert not re.search(r"^\s*::|##\[", shown, re.MULTILINE)
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        monkeypatch.setattr(sys, "stdout", file)
        Table.of("hubtrace.test/1", "name").print([{"name": hostile}], Format.CSV)
    assert hostile in (tmp_path / "rows.csv").read_bytes().decode()


def test_what_is_no_text_in_a_csv_cell_shows_no_address(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Node:
        def __str__(self) -> str:
            return "(:Branch {name: 'ada@example.org'})"

    assert "ada@" not in _printed(capsys, [{"node": Node()}], Format.CSV)


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


ROWS: list[dict[str, Any]] = [
    {
        "family": f"family-{number}",
        "sha": f"{number:040x}",
        "empty": None,
        "status": "abandoned" if number else "active",
        "lag_seconds": number * 86_400,
        "lag_days": number,
        "proof": "upstream 2024-05-07 18:59 0b808592c6; downstream 2021-11-03, and silent since",
    }
    for number in (0, 2, 1)
]


@pytest.fixture
def printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[list[str], str]]:
    """Print rows on a terminal; return the lines without colours, and what stderr has."""

    def run(
        width: int, rows: list[dict[str, Any]], view: View | None = None, **options: Any
    ) -> tuple[list[str], str]:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: width > 0)
        token = VIEW.set(view or View())
        try:
            Table.of("", *ROWS[0], **options).print(rows, Format.TABLE)
        finally:
            VIEW.reset(token)
        out, err = capsys.readouterr()
        return re.sub("\x1b\\[[0-9]+m", "", out).splitlines(), err

    return run


Printed = Callable[..., tuple[list[str], str]]


@pytest.mark.parametrize("width", [60, 80, 100, 144, 200])
def test_a_table_fits_the_terminal_and_breaks_no_word(printed: Printed, width: int) -> None:
    lines, err = printed(width, ROWS)
    assert all(len(line) <= width for line in lines)
    words = {word for row in ROWS for value in row.values() for word in str(value).split()}
    shown = {word for line in lines[2:] for word in line.split()}
    assert shown <= words
    assert "empty" not in lines[0], "nothing is in it"
    assert "lag days" not in lines[0], "it is there once"
    headings = re.split(" {2,}", lines[0])
    hidden = re.findall(r"narrow: (.*) \(--columns", err)
    assert {*headings, *", ".join(hidden).split(", ")} - {""} == {
        *("family", "sha", "status", "lag (days)", "proof")
    }


def test_the_columns_that_matter_most_stay(printed: Printed) -> None:
    lines, err = printed(60, ROWS, first=("status", "proof"))
    assert {"status", "proof"} <= set(lines[0].split())
    assert "sha" in err
    lines, err = printed(60, ROWS, View(columns=("sha", "proof")))
    assert (lines[0].split(), err) == (["sha", "proof"], "")
    assert str(ROWS[1]["sha"]) in "".join(lines)


def test_one_row_is_a_list_of_its_values(printed: Printed) -> None:
    lines, err = printed(60, ROWS[1:2])
    assert lines[0].split() == ["family", "family-2"]
    assert lines[1].split() == ["sha", ROWS[1]["sha"]]
    assert all(len(line) <= 60 for line in lines)
    assert err == ""


def test_a_pipe_gets_cells_between_tabs_and_no_row_no_headings(printed: Printed) -> None:
    lines, err = printed(0, ROWS)
    assert lines[0].split("\t") == ["family", "sha", "empty", "status", "lag (days)", "proof"]
    assert [line.count("\t") for line in lines] == [5, 5, 5, 5]
    assert err == ""
    for width in (0, 80):
        assert printed(width, []) == ([], "no rows\n")


def test_rows_are_sorted_cut_and_named(printed: Printed) -> None:
    named = View(columns=("family", "lag (days)"), sort="-lag_seconds", limit=2)
    lines, err = printed(0, ROWS, named)
    assert lines == ["family\tlag (days)", "family-2\t2", "family-1\t1"]
    assert err == "2 of 3 rows\n"
    with_none = [*ROWS, {**ROWS[0], "family": None}]
    for sort in ("family", "-family"):
        assert printed(0, with_none, View(sort=sort))[0][-1].startswith("\t")
    with pytest.raises(HubtraceError, match="no column 'famly'; did you mean `family`"):
        printed(0, ROWS, View(columns=("famly",)))
    token = VIEW.set(View(limit=1))
    with pytest.raises(HubtraceError, match="JSON is always whole"):
        Table.of("", "n").print([], Format.JSON, {"all": 1})
    VIEW.reset(token)


def test_colours_mean_something_and_can_be_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value, coloured in (
        ("NO_COLOR", "1", False),
        ("TERM", "dumb", False),
        ("X", "", True),
    ):
        with monkeypatch.context() as patched:
            patched.setenv("TERM", "xterm")
            patched.delenv("NO_COLOR", raising=False)
            patched.setenv(name, value)
            Table.of("", "status", "n").print(ROWS_OF_STATUS, Format.TABLE)
        out = capsys.readouterr().out
        assert ("\x1b[31mabandoned" in out) is coloured
        assert ("\x1b" in out) is coloured


ROWS_OF_STATUS = [{"status": "abandoned", "n": 1}, {"status": "active", "n": 2}]


def test_one_long_path_hides_no_column(printed: Printed) -> None:
    long = {**ROWS[0], "proof": f"it is at /{'x' * 120} and https://github.com/{'y' * 90} is not"}
    lines, _ = printed(100, [long, *ROWS[1:]], first=("proof",))
    assert "proof" in lines[0]
    assert f"https://github.com/{'y' * 90}" in "".join(lines)
    assert "x…" in "".join(lines)


@pytest.mark.parametrize(
    ("rows", "environment", "paged", "through"),
    [
        (30, {"PAGER": "false", "HUBTRACE_PAGER": "tee out"}, True, True),
        (30, {"PAGER": "tee out"}, True, True),
        (30, {"PAGER": "tee out"}, False, False),
        (30, {"PAGER": "tee out", "HUBTRACE_PAGER": ""}, True, False),
        (30, {"PAGER": "there-is-no-such-program"}, True, False),
        (3, {"PAGER": "tee out"}, True, False),
    ],
)
def test_a_table_that_is_longer_than_the_terminal_is_paged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
    environment: dict[str, str],
    paged: bool,
    through: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUBTRACE_PAGER", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    with os.fdopen(slave, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        terminal.show([f"row {number}" for number in range(rows)], paged=paged)
        screen.flush()
        assert Path("out").exists() is through
        if through:
            assert Path("out").read_text().splitlines()[-1] == f"row {rows - 1}"
        else:
            assert os.read(master, 5) == b"row 0"
    os.close(master)
