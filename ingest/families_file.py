"""The families file: which projects form which family, as TOML or CSV (docs/families-file.md)."""

import csv
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from graph.errors import SourceError, TableError
from ingest.names import Web
from ingest.records import Side
from ingest.targets import FamilyTarget, Target, parse_target

_COLUMNS = ["family", "side", "location", "paths"]
_SIDES = {"upstream": Side.UPSTREAM, "variant": Side.DOWNSTREAM}


def read_families(file: Path, web: Web | None = None) -> list[FamilyTarget]:
    """Return the families of a `.toml` or `.csv` file.

    Relative paths in it are relative to its folder. `web` tells where the hosts' pages are.

    Raises:
        TableError: the file is broken; the message names the line or the family.
    """
    readers = {".toml": _toml, ".csv": _csv}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise TableError(f"{file} is neither .toml nor .csv")
    try:
        families = reader(file, web or Web())
    except OSError as error:
        raise TableError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TableError(f"{file} is not UTF-8: byte {error.start}") from None
    if not families:
        raise TableError(f"{file} names no family")
    names = [family.name for family in families]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"{file}: family {name} stands here twice")
    return families


def _toml(file: Path, web: Web) -> list[FamilyTarget]:
    try:
        body = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{file}: {error}") from None
    unknown = set(body) - {"family"}
    families = body.get("family", [])
    if unknown or not isinstance(families, list):
        raise TableError(
            f"{file}: expected [[family]] tables, found {_list(unknown or ['family'])}"
        )
    return [
        _toml_family(file, number, table, web) for number, table in enumerate(families, start=1)
    ]


def _toml_family(file: Path, number: int, table: dict[str, Any], web: Web) -> FamilyTarget:
    where = f"{file}: family {table.get('name') or number}"
    try:
        unknown = set(table) - {"name", "upstream", "variants"}
        if unknown:
            raise SourceError(f"unknown field {_list(unknown)}")
        upstreams = [
            _toml_upstream(file, entry, web) for entry in _sequence(table.get("upstream", []))
        ]
        variants = [
            _target(file, Side.DOWNSTREAM, _text(entry), (), web)
            for entry in _sequence(table.get("variants", []))
        ]
        return FamilyTarget(_text(table.get("name", "")), tuple(upstreams), tuple(variants))
    except SourceError as error:
        raise TableError(f"{where}: {error}") from None


def _toml_upstream(file: Path, entry: object, web: Web) -> Target:
    if isinstance(entry, dict):
        unknown = set(entry) - {"location", "paths"}
        if unknown or "location" not in entry:
            raise SourceError("an upstream table has `location` and, optionally, `paths`")
        paths = tuple(_text(path) for path in _sequence(entry.get("paths", [])))
        return _target(file, Side.UPSTREAM, _text(entry["location"]), paths, web)
    return _target(file, Side.UPSTREAM, _text(entry), (), web)


def _csv(file: Path, web: Web) -> list[FamilyTarget]:
    projects: dict[str, dict[Side, list[Target]]] = {}
    with file.open(encoding="utf-8-sig", newline="") as text:
        for line, side, row in _csv_rows(file, csv.DictReader(text)):
            try:
                paths = tuple((row.get("paths") or "").split())
                target = _target(file, side, row["location"], paths, web)
            except SourceError as error:
                raise TableError(f"{file}:{line}: {error}") from None
            family = projects.setdefault(row["family"], {both: [] for both in Side})
            family[side].append(target)
    try:
        return [
            FamilyTarget(name, tuple(sides[Side.UPSTREAM]), tuple(sides[Side.DOWNSTREAM]))
            for name, sides in projects.items()
        ]
    except SourceError as error:
        raise TableError(f"{file}: {error}") from None


def _csv_rows(
    file: Path, reader: "csv.DictReader[str]"
) -> Iterator[tuple[int, Side, dict[str, str]]]:
    if not set(_COLUMNS[:3]) <= set(reader.fieldnames or []):
        raise TableError(f"{file}:1: the header needs the columns {', '.join(_COLUMNS[:3])}")
    for row in reader:
        missing = [name for name in _COLUMNS[:3] if not row.get(name)]
        if missing:
            raise TableError(f"{file}:{reader.line_num}: {_list(missing)} is empty")
        if row["side"] not in _SIDES:
            raise TableError(
                f"{file}:{reader.line_num}: side is {row['side']!r}, not upstream or variant"
            )
        yield reader.line_num, _SIDES[row["side"]], row


def _target(file: Path, side: Side, text: str, paths: tuple[str, ...], web: Web) -> Target:
    """Parse a target; a relative path that exists beside the file is meant from there."""
    name, separator, location = text.rpartition("=")
    beside = file.parent / location
    if "://" not in location and not Path(location).is_absolute() and beside.exists():
        text = f"{name}{separator}{beside}"
    return parse_target(side, text, paths, web)


def _sequence(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise SourceError(f"{value!r} is not text")
    return value


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
