"""What people hand over in files, read with the file and line of whatever is wrong with it."""

import csv
import gzip
import json
import math
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubtrace.graph.errors import TableError

LONGEST_LINE = 16 * 1024 * 1024
"""Characters of a line that are read."""
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")
_TYPE = re.compile(r"Expected (.+), got (.+)")
_MOST_COLUMNS = 10_000
"""Of a table, whose header is searched for each of them."""
_DEEPEST = 50
"""Tables and lists within each other; nothing that is asked for has more than five."""
_DEEP_KEY = re.compile(
    r"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    rf"{{{_DEEPEST}}}"
)
_TRIES = 200
"""Beginnings of a TOML file that are parsed to find a line; beyond, no line is named."""
_TOML_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")
_TOML_BEGINS = re.compile(r"Cannot |Duplicate")
"""Errors that the parser reports at the end of a value: the line is where the key stands."""
_Words = tuple[tuple[str, str], ...]
"""How a parser's sentence begins, as a pattern, and what is said instead of it."""
_TOML_WORDS: _Words = (
    (r"Invalid statement", "neither a key nor the name of a table begins like this"),
    (r"Expected newline", "something follows where the line should end"),
    (r"Cannot declare", "a table stands twice"),
    (r"Cannot overwrite|Duplicate", "a key stands twice"),
    (r"Cannot", "something is added to a table or a list that is complete"),
    (r"Expected '\]", "the name of a table is not closed by as many brackets as it opens with"),
    (r"Expected '='", "`=` is missing after a key"),
    (r"Invalid initial", "a key is missing, or needs quotation marks"),
    (r"Unclosed array", "a list is not closed, or a comma is missing in it"),
    (r"Unclosed inline", "an inline table is not closed on its line, or a comma is missing in it"),
    (r"(Illegal|Found invalid) character '\\n'", "a text is not closed on its line"),
    (r"Illegal|Found invalid", "a control character that is not allowed"),
    (r"Unterminated|Expected \"", "a text is not closed"),
    (r"Unescaped|Invalid hex|Escaped", "what follows a backslash in a text is not an escape"),
    (r"Invalid date", "not a date or a time"),
    (r"Invalid value", "not a value; a text needs quotation marks"),
    (r"", "not TOML"),
)
_JSON_WORDS: _Words = (
    (r"Expecting value", "a value is missing"),
    (r"Expecting property name", "a key in double quotation marks is missing"),
    (r"Expecting ':'", "`:` is missing after a key"),
    (r"Expecting ','", "a comma or a closing bracket is missing"),
    (r"Illegal trailing comma", "a comma stands before a closing bracket"),
    (r"Extra data", "something follows after the value"),
    (r"Unterminated", "a text is not closed that begins"),
    (r"Invalid control", "a control character in a text"),
    (r"Invalid \\", "what follows a backslash in a text is not an escape"),
    (r"Unexpected UTF-8 BOM", "a byte order mark"),
    (r"", "something else stands"),
)
_CSV_WORDS: _Words = (
    (r"field larger", "a field is too long"),
    (r"new-line", "a carriage return without a line feed"),
    (r"", "a quotation mark is out of place"),
)
_KINDS = {
    "`str`": "a text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "a truth value",
    "`array`": "a list",
    "`object`": "an object",
    "`null`": "null",
    "`date`": "a date",
    "`time`": "a time",
    "`datetime`": "a date with a time",
}


def read_json(text: str, *, any_text: bool = False) -> Any:
    """Return a JSON value; `any_text` lets texts be what no file name or key can be.

    Raises:
        ValueError: it is none, or none that can be kept; in words.
    """
    try:
        value = json.loads(
            text, parse_constant=_finite, parse_float=_finite, object_pairs_hook=_object
        )
        whole = "" if any_text else json.dumps(value, ensure_ascii=False, allow_nan=False)
    except json.JSONDecodeError as error:
        reason = _instead(error.msg, _JSON_WORDS)
        raise ValueError(f"not JSON: {reason} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        reason = "a number has too many digits" if "4300" in str(error) else str(error)
        raise ValueError(f"not JSON that can be read: {reason}") from None
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise ValueError("a text has half a character in it (a lone surrogate)") from None
    if "\\u0000" in whole.replace("\\\\", ""):
        raise ValueError("a text has a NUL character in it")
    return value


def _instead(sentence: str, words: _Words) -> str:
    return next(ours for pattern, ours in words if re.match(pattern, sentence))


def _finite(text: str) -> float:
    if math.isfinite(value := float(text)):
        return value
    if text[-1].isdigit():
        raise ValueError(f"the number {text[:40]} is too large")
    raise ValueError(f"{text} is not a valid JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise ValueError(f"{json.dumps(twice)[:80]} stands twice in one object")
    return found


def in_words(error: Exception) -> str:
    """Return what is wrong with a value, in words that need no library to be known."""
    reason, _, place = str(error).partition(" - at `")
    field = f"`{place.strip('`').removeprefix('$.')}`" if place else "it"
    if missing := _MISSING.fullmatch(reason):
        return f"`{missing[1]}` is missing"
    if unknown := _UNKNOWN.fullmatch(reason):
        return f"`{unknown[1]}` is not known here"
    if kind := _TYPE.fullmatch(reason):
        wanted, found = (_in_kinds(text) for text in kind.groups())
        return f"{field} is {found}, not {wanted}"
    if "matching regex" in reason:
        return f"{field} is empty, or not written as it must be"
    return reason


def _in_kinds(text: str) -> str:
    return " or ".join(_KINDS.get(f"`{part}`", part) for part in text.strip("`").split(" | "))


def lines_of(file: Path, *, compressed: bool = False) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, with their ends.

    Raises:
        TableError: it cannot be read, or a line is not text; the message names file and line.
    """
    number = 0
    try:
        with gzip.open(file) if compressed else file.open("rb") as raw:
            while line := raw.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise TableError(f"{file}:{number}: the line is longer than 16 MiB")
                if b"\0" in line:
                    raise TableError(f"{file}:{number}: a NUL character is in it")
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise TableError(f"{file}:{number}: not UTF-8 at byte {error.start + 1}") from None
    except gzip.BadGzipFile as error:
        what = _broken_gzip(file, str(error))
        raise TableError(f"{file} cannot be read: {what}") from None
    except (EOFError, zlib.error) as error:
        what = "it ends too early" if isinstance(error, EOFError) else "its compression is broken"
        raise TableError(f"{file} cannot be read: {what}, after line {number}") from None


def _broken_gzip(file: Path, sentence: str) -> str:
    with file.open("rb") as raw:
        if raw.read(2) != b"\x1f\x8b":
            return "it is not compressed by gzip"
    if sentence.startswith("Not a gzipped file"):
        return "something that is not compressed follows after its end"
    if sentence.startswith(("CRC", "Incorrect length")):
        return "it is damaged: its checksum or its length is not that of its content"
    return "it is compressed in an unknown way"


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a TOML file holds, and where."""

    file: Path
    text: str
    body: dict[str, Any]

    def at(self, *path: str | int) -> str:
        """Return file and line of what stands at a path; the file alone if the line is unknown."""
        return _placed(self.file, _line_of(self.text.split("\n"), path))


def read_toml(file: Path) -> TomlFile:
    """Return what a TOML file holds.

    Raises:
        TableError: it cannot be read or is broken; the message names file and line.
    """
    try:
        text = "".join(line.replace("\r\n", "\n") for line in lines_of(file))
    except OSError as error:
        raise TableError(f"cannot read {file}: {error.strerror or error}") from None
    if deep := _DEEP_KEY.search(text):  # the parser takes the square of its length
        before = text.count("\n", 0, deep.start())
        raise TableError(f"{file}:{before + 1}: nested too deeply")
    try:
        found = TomlFile(file, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        line, reason = _broken_toml(text.split("\n"), error)
        raise TableError(f"{_placed(file, line)}: {reason}") from None
    if wrong := _not_kept(found.body):
        path, reason = wrong
        raise TableError(f"{found.at(*path)}: {reason}")
    return found


def _placed(file: Path, line: int | None) -> str:
    return f"{file}:{line}" if line else str(file)


def _not_kept(body: dict[str, Any]) -> tuple[tuple[str | int, ...], str] | None:
    """Return the first value that nothing here can hold, and why."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), body)]
    while left:
        path, value = left.pop()
        if len(path) > _DEEPEST:
            return path, "nested too deeply"
        if (isinstance(value, str) and "\0" in value) or (path and "\0" in str(path[-1])):
            return path, "a text has a NUL character in it"
        if isinstance(value, float) and not math.isfinite(value):
            return path, "a number is not finite"
        if isinstance(value, dict | list):
            left += [((*path, key), item) for key, item in reversed(_inner(value))]
    return None


def _broken_toml(lines: list[str], error: Exception) -> tuple[int | None, str]:
    """Return the line of an error of the parser, if it is known, and our words for it."""
    place = _TOML_PLACE.search(str(error))
    if place is None:  # raised by Python, not by the parser, which goes through the file in order
        deep = isinstance(error, RecursionError)
        low, high = 0, len(lines)
        while high - low > 1:
            middle = (low + high) // 2
            same = type(_parsed(lines, middle)) is type(error)
            low, high = (low, middle) if same else (middle, high)
        return high, "nested too deeply" if deep else "a number has too many digits"
    line, reason = len(lines), _instead(str(error), _TOML_WORDS)
    if not place[1] and str(error).startswith("Invalid value"):
        reason = "the file ends where a value should follow"
    if place[1]:
        line = int(place[1])
        if lines[line - 1][int(place[2]) - 1 :].startswith("\r"):
            reason = "a carriage return without a line feed"
        if not _TOML_BEGINS.match(str(error)):
            return line, reason
    for before in range(line - 1, max(line - _TRIES, 0) - 1, -1):
        if isinstance(_parsed(lines, before), dict):
            return _statement(lines, before), reason
    return None, reason


def _parsed(lines: list[str], count: int) -> dict[str, Any] | Exception:
    """Return what the first lines hold: all that is there up to the end of a statement."""
    try:
        return tomllib.loads("\n".join(lines[:count]))
    except (ValueError, RecursionError) as error:
        return error


def _statement(lines: list[str], before: int) -> int:
    """Return the number of the first line after some that says anything."""
    after = range(before, len(lines))
    said = (n + 1 for n in after if lines[n].strip() and not lines[n].lstrip().startswith("#"))
    return next(said, before + 1)


def _line_of(lines: list[str], path: Sequence[str | int]) -> int | None:
    """Return the line at which the statement begins that sets what stands at a path."""
    low = floor = tries = 0  # nothing ends between the two
    high = len(lines)
    while high - floor > 1:
        middle = (floor + high) // 2
        for count in range(middle, floor, -1):
            body = _parsed(lines, count)
            tries += 1
            if tries > _TRIES:
                return None
            if isinstance(body, dict):
                low, floor, high = (
                    (low, floor, count) if _holds(body, path) else (count, count, high)
                )
                break
        else:
            floor = middle
    return _statement(lines, low)


def _inner(value: dict[str, Any] | list[Any]) -> list[tuple[str | int, Any]]:
    return list(value.items() if isinstance(value, dict) else enumerate(value))


def _holds(value: Any, path: Sequence[str | int]) -> bool:
    try:
        for key in path:
            value = value[key]
    except (LookupError, TypeError):
        return False
    return True


def csv_rows(file: Path, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line, and the fields, of each row of a CSV file that has any.

    Raises:
        TableError: a row cannot be read; the message names file and line.
    """
    rows = csv.reader(lines, strict=True)
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            reason = _instead(str(error), _CSV_WORDS)
            raise TableError(f"{file}:{number}: {reason}") from None
        if row is None:
            return
        if row:
            yield number, row


def csv_table(
    file: Path, wanted: Sequence[str], known: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the number and the cells by column of each row of a CSV file with a header.

    Raises:
        TableError: a column is missing, not known or there twice, there are too many, or a row
            has more or fewer cells than the header; the message names file and line.
    """
    rows = csv_rows(file, lines_of(file))
    first, header = next(rows, (1, []))
    if len(header) > _MOST_COLUMNS:
        raise TableError(
            f"{file}:{first}: the header has {len(header):,} columns; {_MOST_COLUMNS:,} are read"
        )
    if missing := [name for name in wanted if name not in header]:
        columns = ", ".join(wanted)
        raise TableError(
            f"{file}:{first}: the header needs the columns {columns}; {missing[0]} is missing"
        )
    counts = Counter(header)
    for name in counts:
        if not known(name):
            raise TableError(f"{file}:{first}: the column {name[:80]!r} is not known here")
        if name and counts[name] > 1:
            raise TableError(f"{file}:{first}: the column {name[:80]!r} stands twice")
    for number, row in rows:
        if len(row) != len(header):
            raise TableError(f"{file}:{number}: {len(row)} cells, not {len(header)}")
        yield number, dict(zip(header, row, strict=True))
