"""Rows as a table, JSON, CSV or Markdown, on stdout.

Data from the hubs is hostile: control characters become visible, a spreadsheet sees no formula,
and Markdown sees no markup.
"""

import csv
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from enum import StrEnum
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar, assert_never

from hubtrace.graph.atomic_files import is_graph, write_atomically
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import DAY, closest, count, date_time, did_you_mean
from hubtrace.graph.text import (
    as_json,
    for_markdown,
    for_people,
    json_text,
    masked,
    without_commands,
)
from hubtrace.progress import say

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Format(StrEnum):
    """How a command prints its rows."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class View:
    """What of a table is shown."""

    columns: tuple[str, ...] = ()
    """By name, in this order; none for those that fit."""
    limit: int | None = None
    sort: str | None = None
    """A column, with a dash in front for the largest value first."""
    paged: bool = True
    """True if a table that is longer than the terminal goes through a pager."""

    @property
    def is_asked(self) -> bool:
        """True if anything but the default is wanted."""
        return replace(self, paged=True) != _WHOLE


_WHOLE = View()
VIEW: ContextVar[View] = ContextVar("view", default=_WHOLE)
"""Set by `hubtrace.options.table_options` while a command runs."""

_BRACKETS = str.maketrans("", "", "()")
_Item = TypeVar("_Item")
_Record = TypeVar("_Record", bound="DataclassInstance")


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
    first: tuple[str, ...] = ()
    """The columns that a narrow terminal shows rather than others; then as they come."""
    summed_up: bool = False
    """True if the command itself says what there is, and if there is nothing."""

    @staticmethod
    def of(
        schema: str, *columns: str, first: tuple[str, ...] = (), summed_up: bool = False
    ) -> "Table[Mapping[str, Any]]":
        """Return a table whose items are rows already: mappings with these keys."""
        of = {column: itemgetter(column) for column in columns}
        return Table(schema, of, first=first, summed_up=summed_up)

    @staticmethod
    def of_records(
        schema: str, kind: type[_Record], key: str = "rows", first: tuple[str, ...] = ()
    ) -> "Table[_Record]":
        """Return a table whose items are records, with a column for each field."""
        columns = {field.name: attrgetter(field.name) for field in fields(kind)}
        return Table(schema, columns, key=key, first=first)

    def rows(self, items: Iterable[_Item]) -> list[dict[str, Any]]:
        """Return the row of each item."""
        return [{column: of(item) for column, of in self.columns.items()} for item in items]

    def print(self, items: Iterable[_Item], format_: Format, body: object | None = None) -> None:
        """Print the items to stdout; JSON shows the record `body` instead, if it is given.

        Of no rows a table shows nothing, and its headings neither.

        Raises:
            HubtraceError: the options name a column that is not there, or a part of a `body`.
        """
        view = VIEW.get()
        if format_ is Format.JSON and body is not None:
            if view.is_asked:
                raise HubtraceError(
                    "--columns, --limit and --sort are of tables, and this JSON is always whole; "
                    "leave out --format json, or take --format csv"
                )
            print_document(self.schema, body)
            return
        columns = [self._named(name) for name in view.columns]
        rows = self._arranged(self.rows(items), view)
        if format_ in (Format.TABLE, Format.MARKDOWN) and not rows:
            if not self.summed_up:
                say("no rows")
            return
        if not columns and format_ in (Format.TABLE, Format.MARKDOWN):
            columns = _told_once(self.columns, rows)
        columns = columns or [*self.columns]
        match format_:
            case Format.TABLE:
                _print_table(rows, columns, None if view.columns else self.first)
            case Format.JSON:
                shown = [{column: row[column] for column in columns} for row in rows]
                print_json({"schema": self.schema, self.key: shown})
            case Format.CSV:
                write_csv(rows, columns, sys.stdout, _shown_on(sys.stdout))
            case Format.MARKDOWN:
                _print_markdown(rows, columns)
            case _:
                assert_never(format_)

    def _named(self, name: str) -> str:
        """Return the column of this name, or of this heading."""
        named = {_folded(header(column)): column for column in self.columns}
        named |= {_folded(column): column for column in self.columns}
        if _folded(name) in named:
            return named[_folded(name)]
        hint = did_you_mean(closest(name, self.columns)) or f"; it has {', '.join(self.columns)}"
        raise HubtraceError(f"the table has no column {name!r}{hint}")

    def _arranged(self, rows: list[dict[str, Any]], view: View) -> list[dict[str, Any]]:
        """Return the rows that are asked for, in order; those without a value come last."""
        if view.sort is not None:
            name = self._named(view.sort.removeprefix("-"))
            known = [row for row in rows if row[name] is not None]
            known.sort(key=lambda row: _order(row[name]), reverse=view.sort.startswith("-"))
            rows = known + [row for row in rows if row[name] is None]
        if view.limit is not None and len(rows) > view.limit:
            say(f"{view.limit:,} of {count(len(rows), 'row')}")
            rows = rows[: view.limit]
        return rows


def _told_once(columns: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns without those that people would see twice, as seconds and as days."""
    seen: dict[str, str] = {}
    for column in columns:
        key = header(column).translate(_BRACKETS)
        other = seen.setdefault(key, column)
        if other != column and any(cell(other, r[other]) != cell(column, r[column]) for r in rows):
            seen[column] = column
    return list(seen.values())


def _folded(name: str) -> str:
    return name.strip().lower().replace("_", " ").removesuffix(" (days)")


def _order(value: Any) -> tuple[bool, Any]:
    """Return what values of one column are sorted by: numbers before texts."""
    if isinstance(value, int | float):
        return False, value
    return True, value.casefold() if isinstance(value, str) else str(value)


def print_document(schema: str, body: object) -> None:
    """Print a record as a JSON document of this shape and version."""
    from hubtrace.queries.json_schema import plain as as_plain

    print_json({"schema": schema, **as_plain(body)})


def print_json(body: Mapping[str, Any]) -> None:
    """Print one JSON document to stdout; characters that control a terminal are escaped."""
    sys.stdout.write(as_json(body, default=plain))


def date(seconds: int | None) -> str:
    """Return epoch seconds as an ISO date with the time, or an empty string."""
    return date_time(seconds, "")


def header(column: str) -> str:
    """Return the heading of a column; seconds are shown as whole days."""
    if column.endswith("_seconds"):
        return column.removesuffix("_seconds") + " (days)"
    return column.removesuffix("_at").replace("_", " ")


def _is_date(column: str) -> bool:
    return column.endswith("_at") or column in ("at", "until")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def cell(column: str, value: Any) -> str:
    """Return a value as text on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and _is_date(column):
        return date(value)
    if isinstance(value, int | float) and column.endswith("_seconds"):
        return str(int(value // DAY))
    if isinstance(value, float):
        return f"{value:g}" if abs(value) >= 1e6 else f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(cell(column, item) for item in value)
    if isinstance(value, dict):
        return for_people(json_text(value, ensure_ascii=False, default=plain))
    return for_people(str(value))


def _print_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], first: Sequence[str] | None
) -> None:
    """Print a table as wide as the terminal; to a pipe, cells between tabs.

    The columns that are `first` are chosen first; None keeps all of them.
    """
    from hubtrace import terminal

    texts = {column: [cell(column, row[column]) for row in rows] for column in columns}
    if not terminal.is_terminal():
        print("\t".join(map(header, columns)))
        for number in range(len(rows)):
            print("\t".join(texts[column][number] for column in columns))
        return
    numbers = {c for c in columns if not _is_date(c) and any(_is_number(r[c]) for r in rows)}
    drawn = [
        terminal.Column(column, header(column), cells, column in numbers)
        for column, cells in texts.items()
        if any(cells) or first is None
    ]
    lines, hidden = terminal.draw(drawn, first)
    terminal.show(lines, paged=VIEW.get().paged)
    if hidden:
        say(f"not shown, as the terminal is narrow: {', '.join(hidden)} (--columns NAME,... does)")


def _shown_on(file: TextIO) -> Callable[[str], str]:
    if _is_file(file):  # a file gets the text as it is
        return str
    return for_people if file.isatty() else without_commands


def write_csv(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    file: TextIO,
    shown: Callable[[str], str] = str,
) -> None:
    """Write rows as CSV in which no cell is a formula; texts as they are `shown` there."""
    # Quoting all text keeps lone carriage returns inside their cell.
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    writer.writerows([_csv_cell(row[column], shown) for column in columns] for row in rows)


def _csv_cell(value: Any, shown: Callable[[str], str]) -> Any:
    if isinstance(value, list | tuple | dict):
        value = json_text(value, ensure_ascii=False, default=plain)
    if value is not None and not isinstance(value, int | float):
        value = masked(str(value))  # a node is not a text, and prints as one
    if isinstance(value, str) and value[:1] in "=+-@\t\r" and value:
        value = f"'{value}"  # a spreadsheet would take it for a formula
    if isinstance(value, str):
        return shown(value)
    return value


def _is_file(stream: TextIO) -> bool:
    """Return True unless a terminal or a pipe, which may lead to the log of a workflow."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _print_markdown(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    print(f"| {' | '.join(map(header, columns))} |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print(f"| {' | '.join(for_markdown(cell(c, row[c])) for c in columns)} |")


def plain(value: Any) -> Any:
    """Return what JSON has no form for as one that it has."""
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
        check_output(output)
        write_atomically(output, text)
        say(f"wrote {output}")


def check_output(file: Path) -> None:
    """Refuse to write a document in the place of a graph.

    Raises:
        HubtraceError: the file is one.
    """
    if file.is_file() and is_graph(file):
        raise HubtraceError(f"{file} is a graph, which would be lost; give another file with -o")
