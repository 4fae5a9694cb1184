"""How a stored query is written: a header of comments, then Cypher (DESIGN.md section 6).

    // name: lag
    // what: who moves first in each family
    // params: families (list of strings) = all, until (integer or null, epoch seconds) = null
    // returns: family (string), grid (string), lag (string or null)

A field goes on in lines indented by at least three spaces. A parameter's default is JSON, or `all`
for the names of all families. `params: none` declares that there are none. Every other comment is
prose for the reader.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graph.checks import check
from graph.errors import CatalogueError
from queries.values import ValueType

_FIELD = re.compile(r"// ?(name|what|params|returns):(.*)")
_CONTINUED = re.compile(r"// {3,}(\S.*)")
_ITEM = re.compile(r"\s*([a-z][a-z0-9_]*) \(([^)]*)\)\s*")
_FIELDS = ("name", "what", "params", "returns")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a query is asked with."""

    name: str
    type: ValueType
    required: bool = True
    default: Any = None
    """What it is if it is not given; meaningless if it is required."""
    all_families: bool = False
    """True if it defaults to the names of all families."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a query returns in each row."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Query:
    """A stored query: one file of the catalogue."""

    name: str
    what: str
    """One sentence on what it answers."""
    parameters: tuple[Parameter, ...]
    returns: tuple[Column, ...]
    text: str
    """The whole file; the header is made of comments."""

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name, or None."""
        return next((p for p in self.parameters if p.name == name), None)


def parse_query(text: str, file: str) -> Query:
    """Return the query that a file holds.

    Raises:
        CatalogueError: a header field is missing or wrong, the name is not the file's, a parameter
            is undeclared or unused, the query is empty, or `graph.checks` finds a problem; names
            the file and the line.
    """
    fields = _fields(text, file)
    for field in _FIELDS:
        if not fields.get(field, (0, ""))[1]:
            raise _broken(file, 1, f"the header lacks `// {field}: …`")
    line, name = fields["name"]
    if f"{name}.cypher" != file:
        raise _broken(file, line, f"the file of the query `{name}` must be {name}.cypher")
    if not any(row.strip() and not row.startswith("//") for row in text.splitlines()):
        raise _broken(file, len(text.splitlines()), "there is no query under the header")
    line, declared = fields["params"]
    parameters = () if declared == "none" else tuple(_parameters(declared, file, line))
    line, declared = fields["returns"]
    returns = tuple(Column(*item[:2]) for item in _items(declared, file, line))
    for names in ([p.name for p in parameters], [column.name for column in returns]):
        _refuse_twice(names, file)
    for problem in check(text, [parameter.name for parameter in parameters]):
        raise _broken(file, problem.line, problem.message)
    return Query(name, fields["what"][1], parameters, returns, text)


def _fields(text: str, file: str) -> dict[str, tuple[int, str]]:
    """Return line and text of each field of the header."""
    fields: dict[str, tuple[int, str]] = {}
    current: str | None = None
    for number, row in enumerate(text.splitlines(), start=1):
        if not row.startswith("//"):
            break
        if match := _FIELD.fullmatch(row):
            current = match[1]
            if current in fields:
                raise _broken(file, number, f"the header has `{current}` twice")
            fields[current] = number, match[2].strip()
        elif current and (match := _CONTINUED.fullmatch(row)):
            line, before = fields[current]
            fields[current] = line, f"{before} {match[1].strip()}"
        else:
            current = None
    return fields


def _parameters(text: str, file: str, line: int) -> Iterator[Parameter]:
    for name, type_, default in _items(text, file, line):
        if default is None:
            yield Parameter(name, type_)
        elif default == "all" and str(type_) == "list of strings":
            yield Parameter(name, type_, required=False, all_families=True)
        else:
            try:
                value = json.loads(default)
            except json.JSONDecodeError:
                raise _broken(file, line, f"the default of `{name}` is no JSON") from None
            if not type_.accepts(value):
                raise _broken(file, line, f"the default of `{name}` is no {type_}")
            yield Parameter(name, type_, required=False, default=value)


def _items(text: str, file: str, line: int) -> Iterator[tuple[str, ValueType, str | None]]:
    """Yield name, type and default of `name (type) = default, name (type), …`."""
    position = 0
    while True:
        match = _ITEM.match(text, position)
        if match is None:
            wrong = text[position:].strip() or "nothing"
            raise _broken(file, line, f"expected `name (type)`, not `{wrong}`")
        try:
            type_ = ValueType.parse(match[2])
        except CatalogueError as error:
            raise _broken(file, line, f"{match[1]}: {error}") from None
        position = match.end()
        default: str | None = None
        if text[position : position + 1] == "=":
            end = _end_of_default(text, position + 1)
            default, position = text[position + 1 : end].strip(), end
        yield match[1], type_, default
        if position >= len(text):
            return
        if text[position] != ",":
            raise _broken(file, line, f"expected a comma before `{text[position:]}`")
        position += 1


def _end_of_default(text: str, begin: int) -> int:
    """Return where the JSON value ends: at the next comma outside brackets, or at the end."""
    depth = 0
    for position in range(begin, len(text)):
        depth += (text[position] in "[{") - (text[position] in "]}")
        if text[position] == "," and depth == 0:
            return position
    return len(text)


def _refuse_twice(names: list[str], file: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _broken(file, 1, f"`{name}` is declared twice")


def _broken(file: str, line: int, what: str) -> CatalogueError:
    return CatalogueError(f"{file}:{line}: {what}")
