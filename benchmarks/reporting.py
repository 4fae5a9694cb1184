"""What the benchmarks found, as a Markdown table or as JSON."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from benchmarks.measuring import BenchmarkFailed, Measured, say

SCHEMA = "hubtrace.benchmarks/1"
_PACKAGES = ("hubtrace", "kglite", "pandas", "pyarrow")
_COLUMNS = ("", "seconds", "commits/s", "peak MB", "ratio", "goal", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured, and how it compares."""

    what: str
    seconds: float | None = None
    peak_mb: float | None = None
    commits: int | None = None
    """How many commits were read in `seconds`; None where that is no measure."""
    ratio: str = ""
    goal: str = ""
    note: str = ""
    """What is sampled or extrapolated, and other things to know."""

    @classmethod
    def of(cls, what: str, measured: Measured, **rest: Any) -> "Row":
        """Return the row of a measurement."""
        note = f"best of {measured.runs}" if measured.runs > 1 else ""
        notes = [part for part in (note, rest.pop("note", "")) if part]
        return cls(what, measured.seconds, measured.peak_mb, note="; ".join(notes), **rest)

    def cells(self) -> tuple[str, ...]:
        """Return the row as the cells of a table."""
        speed = self.commits / self.seconds if self.commits and self.seconds else None
        return (
            self.what,
            _number(self.seconds),
            "" if speed is None else f"{speed:,.0f}",
            "" if self.peak_mb is None else f"{self.peak_mb:,.0f}",
            self.ratio,
            self.goal,
            self.note,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark: its title and its rows."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def to_markdown(self) -> str:
        """Return the report as a heading and a table."""
        head = [f"### {self.title}", "", _line(_COLUMNS), _line(["---", *["---:"] * 5, "---"])]
        return "\n".join([*head, *(_line(row.cells()) for row in self.rows)])


def in_markdown(reports: Sequence[Report]) -> str:
    """Return all reports and the machine as Markdown."""
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    tables = "\n\n".join(report.to_markdown() for report in reports)
    return f"{tables}\n\nMeasured on {facts}."


def in_json(reports: Sequence[Report]) -> str:
    """Return all reports and the machine as JSON."""
    body = {
        "schema": SCHEMA,
        "machine": machine(),
        "reports": [asdict(report) for report in reports],
    }
    return json.dumps(body, indent=1)


def print_reports(format_: str, benchmarks: Iterable[Iterable[Report]]) -> int:
    """Run benchmarks and print what was found, also before one failed; return the exit code."""
    reports: list[Report] = []
    try:
        for benchmark in benchmarks:
            reports.extend(benchmark)
    except BenchmarkFailed as failure:
        say(str(failure))
        return 1
    finally:
        if reports:
            print((in_json if format_ == "json" else in_markdown)(reports))
    return 0


def machine() -> dict[str, str]:
    """Return what the figures depend on, and nothing that names the machine."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": str(os.cpu_count()),
        "GiB": f"{pages / 2**30:.0f}",
        "Python": platform.python_version(),
        "git": git.split()[2],
        **{package: version(package) for package in _PACKAGES},
    }


def times(slow: float, fast: float) -> str:
    """Return how many times `slow` is of `fast`, for people."""
    found = slow / fast
    return f"{found:.2f}x" if found < 10 else f"{found:,.0f}x"


def _number(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return (
        f"{seconds:.3f}"
        if seconds < 1
        else f"{seconds:,.2f}"
        if seconds < 100
        else f"{seconds:,.0f}"
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
