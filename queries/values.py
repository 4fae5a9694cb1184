"""The types that parameters and results of stored queries are declared with, and their values."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph.errors import CatalogueError

_DECLARATION = re.compile(
    r"(?P<base>string|integer|float|boolean|list of (?:strings|integers|floats|maps))"
    r"(?P<null> or null)?(?:, (?P<unit>[a-z][a-z ]*))?"
)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_float(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


_SCALARS: dict[str, Callable[[object], bool]] = {
    "string": _is_string,
    "integer": _is_integer,
    "float": _is_float,
    "boolean": _is_boolean,
}
_ITEMS: dict[str, Callable[[object], bool]] = {
    "list of strings": _is_string,
    "list of integers": _is_integer,
    "list of floats": _is_float,
    "list of maps": _is_map,
}


@dataclass(frozen=True, slots=True)
class ValueType:
    """The declared type of a parameter or a returned column, e.g. `integer or null, seconds`."""

    base: str
    """`string`, `integer`, `float`, `boolean` or `list of strings` (integers, floats, maps)."""
    nullable: bool = False
    unit: str | None = None
    """What is counted; None for plain numbers and all other values."""

    @classmethod
    def parse(cls, text: str) -> "ValueType":
        """Read what stands in the parentheses of a header.

        Raises:
            CatalogueError: there is no such type.
        """
        match = _DECLARATION.fullmatch(text)
        if match is None:
            raise CatalogueError(f"there is no type `{text}`")
        return cls(match["base"], match["null"] is not None, match["unit"])

    def __str__(self) -> str:
        unit = f", {self.unit}" if self.unit else ""
        return f"{self.base}{' or null' if self.nullable else ''}{unit}"

    def accepts(self, value: object) -> bool:
        """Return True if the value is of this type; a whole number passes for a float."""
        if value is None:
            return self.nullable
        if self.base in _SCALARS:
            return _SCALARS[self.base](value)
        return isinstance(value, list) and all(_ITEMS[self.base](item) for item in value)


def parse_value(text: str, type_: ValueType) -> Any:
    """Return the value that a person typed, as `key=value`, for a parameter of this type.

    Lists are JSON or separated by commas; `null` is null where the type allows it; epoch seconds
    are also taken as an ISO date or time, in UTC unless it says otherwise. A date alone means the
    last second of that day, so that `until=2024-10-06` includes it.

    Raises:
        CatalogueError: the text is no such value; says what was expected.
    """
    if type_.nullable and text == "null":
        return None
    try:
        value = _parse(text.strip() if type_.base != "string" else text, type_)
    except ValueError:
        value = None
    if value is None or not type_.accepts(value):
        raise CatalogueError(f"`{text}` is no {_wanted(type_)}")
    return value


def _wanted(type_: ValueType) -> str:
    return f"{type_}, nor an ISO date" if type_.unit == "epoch seconds" else str(type_)


def _parse(text: str, type_: ValueType) -> Any:
    if type_.base == "string":
        return text
    if type_.base == "integer":
        if type_.unit == "epoch seconds" and not re.fullmatch(r"-?\d+", text):
            return epoch_seconds(text)
        return int(text)
    if type_.base == "float":
        return float(text)
    if type_.base == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    if text.startswith("[") or type_.base == "list of maps":
        return json.loads(text)
    items = [item.strip() for item in text.split(",")] if text else []
    convert: Callable[[str], Any] = {"list of integers": int, "list of floats": float}.get(
        type_.base, str
    )
    return [convert(item) for item in items]


def epoch_seconds(text: str) -> int:
    """Return the moment that an ISO 8601 date or time names; a date means its last second.

    Raises:
        ValueError: the text is neither.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        text += "T23:59:59Z"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return math.floor(moment.timestamp())
