"""What people hand over in files, read with the file and line of whatever is wrong with it."""

import csv
import gzip
import json
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hubtrace.graph.errors import TableError

LONGEST_LINE = 16 * 1024 * 1024
"""Characters of a line that are read."""
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")
_TYPE = re.compile(r"Expected (.+), got (.+)")
_TOML_LINE = re.compile(r" ?\(at line (\d+), column \d+\)")
_KINDS = {
    "`str`": "a text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "a truth value",
    "`array`": "a list",
    "`object`": "an object",
    "`null`": "null",
}


def read_json(text: str, *, any_text: bool = False) -> Any:
    """Return a JSON value; `any_text` lets texts be what no file name or key can be.

    Raises:
        ValueError: it is none, or none that can be kept; in words.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
        whole = "" if any_text else json.dumps(value, ensure_ascii=False)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
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


def _no_constant(text: str) -> float:
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
    except gzip.BadGzipFile:
        raise TableError(f"{file} cannot be read: it is not compressed by gzip") from None
    except (EOFError, zlib.error):
        what = f"its compression is broken after line {number}"
        raise TableError(f"{file} cannot be read: {what}") from None


def read_toml(file: Path) -> tuple[dict[str, Any], str]:
    """Return what a TOML file holds, and its text.

    Raises:
        TableError: it cannot be read or is broken; the message names file and line.
    """
    try:
        text = "".join(line.replace("\r\n", "\n") for line in lines_of(file))
        body = tomllib.loads(text)
        read_json(json.dumps(body, default=str))
    except OSError as error:
        raise TableError(f"cannot read {file}: {error.strerror}") from None
    except RecursionError:
        raise TableError(f"{file}: nested too deeply") from None
    except ValueError as error:
        line = _TOML_LINE.search(str(error))
        reason = _TOML_LINE.sub("", str(error)) if line else in_words(error)
        if "4300" in reason:
            reason = "a number has too many digits"
        raise TableError(f"{file}:{line[1] if line else 1}: {reason}") from None
    return body, text


def csv_rows(file: Path, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the last line, and the fields, of each row of a CSV file that has any.

    Raises:
        TableError: a row cannot be read; the message names file and line.
    """
    rows = csv.reader(lines, strict=True)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            long = "field limit" in str(error) or "larger than" in str(error)
            reason = "a field is too long" if long else "a quotation mark is out of place"
            raise TableError(f"{file}:{rows.line_num}: {reason}") from None
        if row is None:
            return
        if row:
            yield rows.line_num, row
