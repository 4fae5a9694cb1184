"""Commits as lines of JSON: read, classified, and written with their types."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

from hubtrace.graph.errors import TableError
from hubtrace.ingest.change_types.classifier import Changed, Classified, classify
from hubtrace.ingest.input_files import read_json

LONGEST = 16 * 1024 * 1024
"""Bytes of a line that are read; a longer one is an error, and is never held in memory."""
_SIDES = ("upstream", "downstream")


class Lines(Protocol):
    """A file, as far as it is read here."""

    def readline(self, size: int, /) -> bytes:
        """Return a line of at most `size` bytes; nothing at the end."""
        ...


def classified_lines(lines: Lines, name: str) -> Iterator[dict[str, Any]]:
    """Yield the object of every line with `types`, `rule`, `areas`, `bot` and `merge` added.

    Raises:
        TableError: a line is not such an object; the message names it.
    """
    number = 0
    while line := lines.readline(LONGEST + 1):
        number += 1
        if not line.strip():
            continue
        try:
            row = _row(line)
            found = _classified(row)
        except _BadLineError as error:
            raise TableError(f"{name}:{number}: {error}") from None
        yield {
            **row,
            "types": [str(type_) for type_ in found.types],
            "rule": found.rule,
            "areas": [str(area) for area in found.areas],
            "bot": found.bot,
            "merge": found.merge,
        }


class _BadLineError(ValueError):
    """What is wrong with a line."""


def _row(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST:
        raise _BadLineError(f"the line is longer than {LONGEST // 1024**2} MiB")
    try:
        row = read_json(line.decode("utf-8-sig"), any_text=True)
    except UnicodeDecodeError:
        raise _BadLineError("not UTF-8") from None
    except ValueError as error:
        raise _BadLineError(str(error)) from None
    if not isinstance(row, dict):
        raise _BadLineError(f"a commit is a JSON object, not {_kind(row)}")
    return row


def _classified(row: dict[str, Any]) -> Classified:
    side = row.get("side")
    if side not in _SIDES:
        fault = "is missing" if "side" not in row else f"is {json.dumps(side)[:40]}"
        raise _BadLineError(f"`side` {fault}; it must be `upstream` or `downstream`")
    if "message" not in row:
        raise _BadLineError("`message` is missing")
    texts = {field: _text(row, field) for field in ("message", "title", "author")}
    message = "\n\n".join(filter(None, (texts["title"], texts["message"])))
    return classify(side, message, _files(row.get("files")), texts["author"] or None)


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise _BadLineError(f"`{field}` is {_kind(value)}, not a text")
    return value or ""


def _files(value: Any) -> list[Changed]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _BadLineError(f"`files` is {_kind(value)}, not a list")
    return [_file(number, item) for number, item in enumerate(value, start=1)]


def _file(number: int, item: Any) -> Changed:
    path, status = (
        (item.get("path"), item.get("status")) if isinstance(item, dict) else (item, None)
    )
    if not isinstance(path, str):
        raise _BadLineError(f"file {number} of `files` is not a path and has no `path`")
    if status is not None and not isinstance(status, str):
        raise _BadLineError(f"the status of file {number} is {_kind(status)}, not a text")
    return Changed(path, _letter(status))


def _letter(status: str | None) -> str | None:
    """Return git's letter for a status, also where it is spelled out (`added`, `removed`)."""
    letter = (status or "")[:1].upper()
    return {"R": "D" if (status or "").lower() == "removed" else "M"}.get(letter, letter or None)


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return "null" if value is None else kinds.get(type(value), "a number")
