"""Rows as a table, JSON, CSV or Markdown, on stdout.

Data from the hubs is hostile: control characters become visible, a spreadsheet sees no formula,
Markdown sees no markup, and rich's own markup is never interpreted.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, assert_never

from hubtrace.graph.files import write_atomically
from hubtrace.graph.format import DAY, date_time
from hubtrace.graph.text import as_json, for_markdown, for_people, json_text
from hubtrace.progress import say

_UNLIMITED = 1_000_000
"""A width that no line reaches."""


class Format(StrEnum):
    """How a command prints its rows."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


_Item = TypeVar("_Item")


@dataclass(frozen=True)  # `Generic` sets an attribute on what it makes, which slots refuse
class Table(Generic[_Item]):
    """What a command prints: a row for each item, or a JSON document.

    For example `Table[Finding]("hubtrace.doctor/1", {"check": lambda finding: finding.check})`.
    Tables and Markdown show dates and days; JSON and CSV keep epoch seconds.
    """

    schema: str
    """Shape and version of the JSON, e.g. `hubtrace.history/1`."""
    columns: Mapping[str, Callable[[_Item], Any]]
    """Column → its value for an item."""
    key: str = "rows"
    """Of the rows in the JSON."""

    @staticmethod
    def of(schema: str, *columns: str) -> "Table[Mapping[str, Any]]":
        """Return a table whose items are rows already: mappings with these keys."""
        return Table(schema, {column: itemgetter(column) for column in columns})

    def rows(self, items: Iterable[_Item]) -> list[dict[str, Any]]:
        """Return the row of each item."""
        return [{column: of(item) for column, of in self.columns.items()} for item in items]

    def print(
        self, items: Iterable[_Item], format_: Format, body: Mapping[str, Any] | None = None
    ) -> None:
        """Print the items to stdout; JSON shows `body` instead of their rows, if it is given."""
        match format_:
            case Format.TABLE:
                _print_table(self.rows(items), [*self.columns])
            case Format.JSON:
                shown = {self.key: self.rows(items)} if body is None else body
                print_json({"schema": self.schema, **shown})
            case Format.CSV:
                _print_csv(self.rows(items), [*self.columns])
            case Format.MARKDOWN:
                _print_markdown(self.rows(items), [*self.columns])
            case _:
                assert_never(format_)


def print_json(body: Mapping[str, Any]) -> None:
    """Print one JSON document to stdout; characters that control a terminal are escaped."""
    sys.stdout.write(as_json(body, default=_plain))


def date(seconds: int | None) -> str:
    """Return epoch seconds as an ISO date with the time, or an empty string."""
    return date_time(seconds, "")


def header(column: str) -> str:
    """Return the heading of a column; seconds are shown as whole days."""
    if column.endswith("_seconds"):
        return column.removesuffix("_seconds") + " (days)"
    return column.removesuffix("_at").replace("_", " ")


def cell(column: str, value: Any) -> str:
    """Return a value as text on one line."""
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
        return for_people(json_text(value, ensure_ascii=False, default=_plain))
    return for_people(str(value))


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    numbers = {c for c in columns if any(isinstance(row[c], int | float) for row in rows)}
    table = RichTable(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        table.add_column(header(column), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(column, row[column])) for column in columns))
    console = Console(highlight=False)
    if not console.is_terminal:
        # A pipe or a file has no width: lines are as long as they need to be.
        unlimited = console.options.update(max_width=_UNLIMITED)
        console.width = max(console.width, console.measure(table, options=unlimited).maximum)
    console.print(table)


def _print_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    # Quoting all text keeps lone carriage returns inside their cell.
    writer = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    writer.writerows([_csv_cell(row[column]) for column in columns] for row in rows)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, list | tuple | dict):
        value = json_text(value, ensure_ascii=False, default=_plain)
    if isinstance(value, str) and value[:1] in "=+-@\t\r" and value:
        value = f"'{value}"  # a spreadsheet would take it for a formula
    if isinstance(value, str) and sys.stdout.isatty():
        return for_people(value)  # a file gets the text as it is
    return value


def _print_markdown(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    print(f"| {' | '.join(map(header, columns))} |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print(f"| {' | '.join(for_markdown(cell(c, row[c])) for c in columns)} |")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def write_document(text: str, output: Path | None) -> None:
    """Write a document to stdout, or to a file that is complete or absent.

    Raises:
        OSError: the file cannot be written.
    """
    if output is None:
        sys.stdout.write(text)
    else:
        write_atomically(output, text)
        say(f"wrote {output}")
