"""GitHub's JSON as records; every field is validated as it is read."""

import re
from datetime import datetime
from typing import Any

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people, to_text

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LARGEST = 2**63 - 1
_LONGEST = 4_096
"""Characters of a name; git's own refs are files, with names of 4,096 bytes at most."""
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}


class Fields:
    """A JSON object. Every method raises SourceError, one sentence, if a field is not as said."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise SourceError(f"{where} told {_KINDS[type(value)]} where an object was expected")
        self._value, self._where = value, where

    def text(self, name: str, most: int = _LONGEST) -> str:
        """Return a text that is no longer than `most` characters."""
        value = self._value.get(name)
        if not isinstance(value, str):
            raise self._unlike(name, "a text")
        if len(value) > most:
            raise SourceError(f"{self._where}: `{name}` has more than {most:,} characters")
        return clean(value)

    def text_or_none(self, name: str, most: int = _LONGEST) -> str | None:
        """Return a text that people wrote, cut to `most` characters; None if there is none."""
        value = self._value.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._unlike(name, "a text")
        return clean(value[:most])

    def number(self, name: str) -> int:
        """Return a whole number."""
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
            raise self._unlike(name, "a whole number")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false; what is not there is false."""
        value = self._value.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self._unlike(name, "true or false")
        return value

    def moment(self, name: str) -> int | None:
        """Return a time as epoch seconds; None if there is none."""
        value = self._value.get(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            return int(moment.timestamp()) if moment.tzinfo else None
        except (TypeError, ValueError, OverflowError):
            raise self._unlike(name, "a time") from None

    def sha(self, name: str) -> str:
        """Return the id of a git object."""
        value = self._value.get(name)
        if not isinstance(value, str) or not _SHA.fullmatch(value):
            raise self._unlike(name, "the id of a git object")
        return value

    def inner(self, name: str) -> "Fields":
        """Return an object."""
        return Fields(self._value.get(name), f"{self._where}: `{name}`")

    def inner_or_none(self, name: str) -> "Fields | None":
        """Return an object; None if there is none."""
        return None if self._value.get(name) is None else self.inner(name)

    def inners(self, name: str) -> list["Fields"]:
        """Return a list of objects; what is not there is empty."""
        return objects(self._value.get(name, []), f"{self._where}: `{name}`")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; what is not there is empty."""
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._unlike(name, "a list of texts")
        return tuple(clean(item[:_LONGEST]) for item in value[:_LONGEST])

    def _unlike(self, name: str, expected: str) -> SourceError:
        kind = _KINDS[type(self._value.get(name))]
        return SourceError(f"{self._where}: `{name}` is {kind} where {expected} was expected")


def objects(value: Any, where: str) -> list[Fields]:
    """Return a JSON list as objects.

    Raises:
        SourceError: it is something else.
    """
    if not isinstance(value, list):
        raise SourceError(f"{where} told {_KINDS[type(value)]} where a list was expected")
    return [Fields(item, where) for item in value]


def clean(text: str) -> str:
    """Return a text from JSON by the rule of `graph/text.py`; JSON can hold half characters."""
    return text if text.isascii() else to_text(text.encode("utf-8", "surrogatepass"))


def shown(text: str, longest: int = 200) -> str:
    """Return a server's words for people's eyes, not too many of them."""
    return for_people(clean(text[:longest])) + ("…" if len(text) > longest else "")
