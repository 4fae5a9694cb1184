"""Rows on their way to a person or a program: table, JSON, CSV, Markdown; data on stdout.

What comes from the hubs is hostile: control characters become visible, a spreadsheet sees no
formula, Markdown sees no markup, and rich's own markup is never interpreted.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar, assert_never

from hubtrace.graph.format import DAY, date_time
from hubtrace.graph.text import for_markdown, for_people

_ACTING = re.compile("[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters beyond ASCII and marks of direction; JSON itself escapes the others."""
_ENDLESS = 1_000_000
"""A width that no line reaches."""


class Format(StrEnum):
    """How a command prints its rows."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    format_: Format,
    schema: str,
    key: str = "rows",
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Print rows to stdout.

    `schema` names the JSON's shape and version, e.g. `hubtrace.patterns/1`; the rows stand under
    `key` and `extra` beside them. Tables and Markdown show dates and days; JSON and CSV keep
    epoch seconds.
    """
    match format_:
        case Format.TABLE:
            _print_table(rows, columns)
        case Format.JSON:
            print_json({"schema": schema, **(extra or {}), key: [dict(row) for row in rows]})
        case Format.CSV:
            _print_csv(rows, columns)
        case Format.MARKDOWN:
            _print_markdown(rows, columns)
        case _:
            assert_never(format_)


_Item = TypeVar("_Item")


@dataclass(frozen=True)  # `Generic` sets an attribute on what it makes, which slots refuse
class Table(Generic[_Item]):
    """What a command prints: a row for each item, or a JSON document.

    For example `Table[Finding]("hubtrace.doctor/1", {"check": lambda finding: finding.check})`.
    """

    schema: str
    """Shape and version of the JSON, e.g. `hubtrace.history/1`."""
    columns: Mapping[str, Callable[[_Item], Any]]
    """Column → its value for an item."""

    def row(self, item: _Item) -> dict[str, Any]:
        """Return the row of one item."""
        return {column: value(item) for column, value in self.columns.items()}

    def print(
        self, items: Iterable[_Item], format_: Format, body: Mapping[str, Any] | None = None
    ) -> None:
        """Print the items to stdout; JSON shows `body` instead of their rows, if it is given."""
        if format_ is Format.JSON and body is not None:
            print_json({"schema": self.schema, **body})
        else:
            print_rows([self.row(item) for item in items], [*self.columns], format_, self.schema)


def print_json(body: Mapping[str, Any]) -> None:
    """Print one JSON document to stdout; what would act on a terminal is escaped."""
    text = json.dumps(body, indent=2, ensure_ascii=False, default=_plain)
    print(_ACTING.sub(lambda found: json.dumps(found[0])[1:-1], text))


def date(seconds: int | None) -> str:
    """Return epoch seconds as an ISO date with the time, or an empty string."""
    return date_time(seconds, "")


def header(column: str) -> str:
    """Return a column's name for people; seconds are shown as whole days."""
    if column.endswith("_seconds"):
        return column.removesuffix("_seconds") + " (days)"
    return column.removesuffix("_at").replace("_", " ")


def cell(column: str, value: Any) -> str:
    """Return a value for people, on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and (column.endswith("_at") or column in ("at", "until")):
        return date(value)
    if isinstance(value, int | float) and column.endswith("_seconds"):
        return str(int(value // DAY))
    if isinstance(value, float):
        return f"{value:g}" if abs(value) >= 1e6 else f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(cell(column, item) for item in value)
    if isinstance(value, dict):
        return for_people(json.dumps(value, ensure_ascii=False, default=_plain))
    return for_people(str(value))


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numbers = {c for c in columns if any(isinstance(row[c], int | float) for row in rows)}
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        table.add_column(header(column), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(column, row[column])) for column in columns))
    console = Console(highlight=False)
    if not console.is_terminal:
        # A pipe or a file has no width: lines are as long as they need to be.
        endless = console.options.update(max_width=_ENDLESS)
        console.width = max(console.width, console.measure(table, options=endless).maximum)
    console.print(table)


def _print_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    # Quoting all text keeps lone carriage returns inside their cell.
    writer = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    writer.writerows([_csv_cell(row[column]) for column in columns] for row in rows)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, list | tuple | dict):
        value = json.dumps(value, ensure_ascii=False, default=_plain)
    if isinstance(value, str) and value[:1] in "=+-@\t\r" and value:
        value = f"'{value}"  # a spreadsheet would take it for a formula
    if isinstance(value, str) and sys.stdout.isatty():
        return for_people(value)  # a file gets the text as it is
    return value


def _print_markdown(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    print(f"| {' | '.join(map(header, columns))} |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print(f"| {' | '.join(_markdown_cell(column, row[column]) for column in columns)} |")


def _markdown_cell(column: str, value: Any) -> str:
    return for_markdown(cell(column, value))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
