"""`.hubtrace.toml`: what `hubtrace check` is asked for, and the findings that are accepted.

The file is strict: what is not understood is an error, never ignored (docs/decisions/0042).
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubtrace.graph.atomic_files import write_atomically
from hubtrace.graph.errors import CatalogueError, TableError
from hubtrace.graph.format import closest, did_you_mean, shorten
from hubtrace.options import Bound, parse_areas, parse_days
from hubtrace.queries.audit.acceptances import NEEDS_VALUE, WITH_BRANCHES, Acceptance
from hubtrace.queries.audit.check import Wanted
from hubtrace.queries.audit.findings import GROUPS, KINDS

if TYPE_CHECKING:
    from hubtrace.ingest.input_files import TomlFile

CONFIG = Path(".hubtrace.toml")
"""Looked for in the working directory."""
PLACEHOLDER = "TODO: why it is accepted"
"""What `--write-baseline` leaves for its user to fill in; an acceptance with it is refused."""
_LONGEST = 1_000
"""Characters of any text."""
_MOST = 1_000_000
"""Days; as `Thresholds`."""
_NO_REASON = re.compile(r"\W*(todo|tbd|fixme|xxx)\b", re.IGNORECASE)
"""How a reason begins that its user has yet to write: it is refused (docs/decisions/0042)."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_Read = Callable[[Any], Any]
"""Returns the value of a key; raises ValueError with what is wrong."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"it is {_named(value)}, not a text")
    if not any(char.isalnum() for char in value):
        raise ValueError("it is empty")
    if len(value) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST:,} characters")
    return value.strip()


def _texts(value: Any) -> list[str]:
    values = [_text(each) for each in value] if isinstance(value, list) else [_text(value)]
    if not values:
        raise ValueError("it is empty")
    return values


def _kinds(value: Any) -> str:
    text = ",".join(_texts(value))
    try:
        Wanted.of(text, 0, ())
    except CatalogueError as error:
        raise ValueError(str(error).removeprefix("--fail-on: ")) from None
    return text


def _areas(value: Any) -> str:
    text = ",".join(_texts(value))
    parse_areas(text)
    return text


def _bound(value: Any) -> Bound:
    if value not in list(Bound):
        raise ValueError(f"it is one of {', '.join(Bound)}")
    return Bound(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"it is {_named(value)}, not true or false")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"it is {_named(value)}, not a whole number")
    if not 1 <= value <= _MOST:
        raise ValueError(f"it is not between 1 and {_MOST:,}")
    return value


def _days(value: Any) -> str:
    text = str(value) if type(value) is int else _text(value)
    parse_days(text)
    return text


def _kind(value: Any) -> str:
    name = _text(value).replace("-", "_")
    if name in GROUPS:
        raise ValueError(f"{name} stands for several; name one: {', '.join(GROUPS[name])}")
    if name not in KINDS:
        raise ValueError(f"there is no finding {name!r}{did_you_mean(closest(name, KINDS))}")
    return name


def _reason(value: Any) -> str:
    reason = _text(value)
    if _NO_REASON.match(reason):
        raise ValueError("it is still to be written: say why the finding is accepted")
    return reason


def _expires(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text = value.strip() if isinstance(value, str) else ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError(f"{shorten(str(value), 40)!r} is not a day like 2027-03-31")


CHECK: Mapping[str, _Read] = {
    **{"targets": _texts, "all": _flag, "max-lag": _days, "fail-on": _kinds, "areas": _areas},
    **{"lag": _bound, "max-age": _days, "fail-undecided": _flag, "abandon-after": _number},
}
"""Options of `hubtrace check` that the file may set. Neither the graph nor a file that is written
is one: who changes the file must not choose where passwords go and what is overwritten."""
_REQUIRED = {"kind": _kind, "target": _text, "reason": _reason, "expires": _expires}
_ACCEPT: Mapping[str, _Read] = {**_REQUIRED, "by": _text, "branch": _text, "value": _text}


@dataclass(frozen=True, slots=True)
class Config:
    """What a `.hubtrace.toml` says."""

    options: Mapping[str, Any]
    """Parameter of `check`, e.g. `max_lag` → its value as the command line would have it."""
    accepted: tuple[Acceptance, ...]

    @classmethod
    def read(cls, file: Path) -> "Config":
        """Return what a file says.

        Raises:
            TableError: it cannot be read, or something in it is not understood; the message names
                the file and the key.
        """
        from hubtrace.ingest.input_files import read_toml

        toml = read_toml(file)
        _known(toml, toml.body, ("check", "accept"))
        check, tables = toml.body.get("check", {}), toml.body.get("accept", [])
        if not isinstance(check, dict):
            what = f"it is {_named(check)}, not a table [check]"
            raise TableError(f"{toml.at('check')}: check: {what}")
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            what = f"it is {_named(tables)}, not tables [[accept]]"
            raise TableError(f"{toml.at('accept')}: accept: {what}")
        found = _values(toml, check, CHECK, "check")
        options = {key.replace("-", "_"): value for key, value in found.items()}
        if options.get("all") and "targets" in options:
            raise TableError(f"{toml.at('check', 'all')}: check: all: there are targets, too")
        accepted = (_acceptance(toml, number, table) for number, table in enumerate(tables))
        return cls(options, tuple(accepted))


def find_config(given: Path | None) -> Path | None:
    """Return the file that is to be read: the one that is named, or that of this directory."""
    # A link that leads nowhere is not "no file": what it says is not known.
    return given if given is not None else CONFIG if os.path.lexists(CONFIG) else None


def _acceptance(toml: "TomlFile", number: int, table: Mapping[str, Any]) -> Acceptance:
    found = _values(toml, table, _ACCEPT, "accept", number)

    def refuse(what: str, *key: str) -> TableError:
        return TableError(f"{toml.at('accept', number, *key)}: accept {number + 1}: {what}")

    for key in _REQUIRED:
        if key not in found:
            raise refuse(f"`{key}` is missing")
    kind = found["kind"]
    if kind in NEEDS_VALUE and "value" not in found:
        what = "the host's id of the project that is accepted"
        raise refuse(f"`value` is missing: of {kind}, {what}")
    if "branch" in found and kind not in WITH_BRANCHES:
        raise refuse(f"branch: a finding of the kind {kind} is not about a branch", "branch")
    return Acceptance(f"{toml.file}: accept {number + 1}", **found)


def _values(
    toml: "TomlFile", table: Mapping[str, Any], known: Mapping[str, _Read], *path: str | int
) -> dict[str, Any]:
    _known(toml, table, known, *path)
    found = {}
    for key, value in table.items():
        try:
            found[key] = known[key](value)
        except ValueError as error:
            place = f"{toml.at(*path, key)}: {_label(path)}"
            raise TableError(f"{place}{key}: {error}") from None
    return found


def _known(toml: "TomlFile", table: Iterable[str], known: Iterable[str], *path: str | int) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(closest(key, known)) or f"; known are {', '.join(known)}"
            place = f"{toml.at(*path, key)}: {_label(path)}"
            raise TableError(f"{place}{shorten(key, 80)!r} is not known here{hint}")


def _label(path: tuple[str | int, ...]) -> str:
    """Return how a table is called, e.g. `accept 2: `."""
    words = (str(each + 1) if isinstance(each, int) else each for each in path)
    return f"{' '.join(words)}: " if path else ""


def _named(value: Any) -> str:
    kinds = {bool: "a truth value", str: "a text", int: "a whole number", float: "a number"}
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    return kinds.get(type(value), "a date or time")


def toml_text(text: str) -> str:
    """Return a text as TOML writes it; what is not printable is escaped."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in shown)


def add_baseline(file: Path, found: Iterable[Mapping[str, str | None]], expires: str) -> int:
    """Add an acceptance without a reason for each thing found; return how many there are.

    Raises:
        TableError: the file is written so that nothing can be added at its end.
    """
    from hubtrace.ingest.input_files import read_toml

    tables = {
        _table({**fields, "reason": PLACEHOLDER, "expires": expires}): None for fields in found
    }
    if tables:
        text = read_toml(file).text if os.path.lexists(file) else ""
        text = f"{text.rstrip()}\n" if text.strip() else ""
        text += "".join(f"\n{table}" for table in tables)
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise TableError(f"{file}: write `accept` as [[accept]] tables to add some") from None
        write_atomically(file, text.lstrip())
    return len(tables)


def _table(fields: Mapping[str, str | None]) -> str:
    rows = [f"{key} = {toml_text(value)}" for key, value in fields.items() if value is not None]
    return "\n".join(["[[accept]]", *rows, ""])
