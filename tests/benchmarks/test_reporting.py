"""Figures come out as Markdown tables for people and as JSON for programs."""

import json

from benchmarks.measuring import Measured
from benchmarks.reporting import Report, Row, in_json, in_markdown, times

MEASURED = Measured(seconds=0.5, peak_mb=123.4, runs=3, facts={})


def test_a_row_tells_its_speed_and_how_often_it_ran() -> None:
    row = Row.of("ours", MEASURED, commits=1_000, ratio="1.20x", note="warm")
    assert row.cells() == ("ours", "0.500", "2,000", "123", "1.20x", "", "best of 3; warm")


def test_a_report_is_a_markdown_table() -> None:
    lines = in_markdown([Report("git: 10 commits", [Row("git log", 1.5)])]).splitlines()
    assert lines[0] == "### git: 10 commits"
    assert lines[4] == "| git log | 1.50 |  |  |  |  |  |"
    assert lines[-1].startswith("Measured on date ")


def test_json_is_versioned() -> None:
    body = json.loads(in_json([Report("git", [Row.of("ours", MEASURED)])]))
    assert body["schema"] == "hubtrace.benchmarks/1"
    assert body["reports"][0]["rows"][0]["seconds"] == 0.5


def test_ratios_are_short() -> None:
    assert times(3, 2) == "1.50x"
    assert times(2_345, 2) == "1,172x"
