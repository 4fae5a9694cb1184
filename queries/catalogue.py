"""The catalogue of stored queries: how one is written, its parameters, and how to run it."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import closest, did_you_mean, words
from hubtrace.graph.store import GraphStore, Result
from hubtrace.queries.json_schema import object_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Record = TypeVar("_Record", bound="DataclassInstance")

Row = Mapping[str, Any]
"""A row of a result: values by column."""

Progress = Callable[[str, int, int | None], None]
"""Called with what is queried, how many families are done, and how many there are."""

FAMILIES_PER_STATEMENT = 50
"""Measured at 1,000,000 commits: 7.0 s and 595 MB, against 12.7 s and 2.4 GB in one statement."""

_DECLARATION = re.compile(
    r"(?P<base>string|integer|float|boolean|list of (?:strings|integers|floats|maps))"
    r"(?P<null> or null)?(?:, (?P<unit>[a-z][a-z ]*))?"
)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_ACCEPTS: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "float": lambda value: (
        _is_integer(value) or (isinstance(value, float) and math.isfinite(value))
    ),
    "boolean": lambda value: isinstance(value, bool),
    "map": lambda value: isinstance(value, dict) and all(isinstance(key, str) for key in value),
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
        """Parse a type as a header declares it in parentheses.

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

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of a value."""
        item = self.base.removeprefix("list of ").removesuffix("s")
        type_ = {"float": "number", "map": "object"}.get(item, item)
        found: dict[str, Any] = {"type": type_}
        if item != self.base:
            type_, found = "array", {"type": "array", "items": found}
        if self.nullable:
            found["type"] = [type_, "null"]
        return {**found, "description": self.unit} if self.unit else found

    def accepts(self, value: object) -> bool:
        """Return True if the value is of this type; a whole number passes for a float."""
        if value is None:
            return self.nullable
        if self.base in _ACCEPTS:
            return _ACCEPTS[self.base](value)
        accepts = _ACCEPTS[self.base.removeprefix("list of ").removesuffix("s")]
        return isinstance(value, list) and all(accepts(item) for item in value)


def parse_value(text: str, type_: ValueType) -> Any:
    """Return the value of a parameter of this type, as typed on a command line.

    Lists are JSON or separated by commas; `null` is null where the type allows it; epoch seconds
    are also taken as an ISO date or time, in UTC unless it says otherwise. A date alone means the
    last second of that day, so that `until=2024-10-06` includes it.

    Raises:
        CatalogueError: the text is not such a value; says what was expected.
    """
    if type_.nullable and text == "null":
        return None
    try:
        value = _parse(text.strip() if type_.base != "string" else text, type_)
    except (ValueError, RecursionError):
        value = None
    if value is None or not type_.accepts(value):
        date = ", or an ISO date" if type_.unit == "epoch seconds" else ""
        raise CatalogueError(f"`{text}` is not {_article(type_)}{date}")
    return value


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
    """Return an ISO 8601 date or time as epoch seconds; a date means its last second.

    Raises:
        ValueError: the text is neither.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        text += "T23:59:59Z"
    time = datetime.fromisoformat(text)
    return math.floor((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


_FIELD = re.compile(r"// ?(name|what|params|returns):(.*)")
_CONTINUED = re.compile(r"// {3,}(\S.*)")
_ITEM = re.compile(r"\s*([a-z][a-z0-9_]*) \(([^)]*)\)\s*")
_FIELDS = ("name", "what", "params", "returns")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query."""

    name: str
    type: ValueType
    required: bool = True
    default: Any = None
    """Its value if it is not given; meaningless if it is required."""
    all_families: bool = False
    """True if it defaults to the names of all families."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the rows that a query returns."""

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


@dataclass(frozen=True, slots=True)
class RowsOf:
    """Stands for the type of a stored query's rows."""

    query: str

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the rows, by the header's columns."""
        columns = {column.name: column.type.json_schema for column in query(self.query).returns}
        return {"type": "array", "items": object_of(columns)}


@dataclass(frozen=True, slots=True)
class HistoryDocument:
    """The events of a project or a family, and the commits that vanished."""

    target: str
    events: Annotated[tuple[Row, ...], RowsOf("history")]
    vanished: Annotated[tuple[Row, ...], RowsOf("vanished_commits")]


def parse_query(text: str, file: str) -> Query:
    """Return the query that a file holds.

    Raises:
        CatalogueError: a header field is missing or wrong, the name is not the file's, a parameter
            is declared twice, or the query is empty; names the file and the line.
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
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise _broken(file, 1, f"`{twice}` is declared twice")
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
                raise _broken(file, line, f"the default of `{name}` is not valid JSON") from None
            if not type_.accepts(value):
                raise _broken(file, line, f"the default of `{name}` is not {_article(type_)}")
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


def _broken(file: str, line: int, what: str) -> CatalogueError:
    return CatalogueError(f"{file}:{line}: {what}")


@cache
def catalogue() -> Mapping[str, Query]:
    """Return every stored query by name, in the order of their names.

    Raises:
        CatalogueError: a file is broken; names file and line.
    """
    folder = files("hubtrace.queries") / "cypher"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".cypher")]
    return load({entry.name: entry.read_text("utf-8") for entry in found})


def load(sources: Mapping[str, str]) -> Mapping[str, Query]:
    """Return the queries of these files, `{file name: text}`, by name.

    Raises:
        CatalogueError: a file is broken, or two hold a query of the same name.
    """
    queries: dict[str, Query] = {}
    for file in sorted(sources):
        stored = parse_query(sources[file], file.rpartition("/")[2])
        if stored.name in queries:
            raise CatalogueError(f"{file}:1: there is a query `{stored.name}` already")
        queries[stored.name] = stored
    return MappingProxyType(queries)


def query(name: str) -> Query:
    """Return the stored query of this name.

    Raises:
        CatalogueError: there is none; names the closest one.
    """
    if name not in catalogue():
        raise CatalogueError(
            f"there is no query `{name}`{did_you_mean(closest(name, catalogue()))}"
        )
    return catalogue()[name]


def ask(store: GraphStore, name: str, /, **parameters: Any) -> Result:
    """Run a stored query; many families are queried in batches and returned in their order.

    Within a batch of 50 families the rows are in the order of the query; the batches are in the
    order of `families`, which is by name if it is not given.

    Raises:
        CatalogueError: the query or a family is unknown, or a parameter is missing, unknown or of a
            wrong type.
        QueryFailed: the engine refused the statement.
    """
    batches = list(ask_in_batches(store, name, **parameters))
    return Result(batches[0].columns, [row for batch in batches for row in batch.rows()])


def ask_in_batches(store: GraphStore, name: str, /, **parameters: Any) -> Iterator[Result]:
    """Like `ask`, but yield a result for every batch of families, at least one in all."""
    stored = query(name)
    values = values_of(store, stored, parameters)
    families = values.get("families") if stored.parameter("families") else None
    if not families:
        yield store.run(stored.text, **values)
        return
    for first in range(0, len(families), FAMILIES_PER_STATEMENT):
        batch = families[first : first + FAMILIES_PER_STATEMENT]
        yield store.run(stored.text, **{**values, "families": batch})


def ask_all(
    store: GraphStore,
    name: str,
    families: Sequence[str],
    progress: Progress | None = None,
    /,
    **parameters: Any,
) -> list[dict[str, Any]]:
    """Return the rows of a stored query on many families; none without a family.

    Raises:
        CatalogueError, QueryFailed: as `ask`.
    """
    rows: list[dict[str, Any]] = []
    batches = ask_in_batches(store, name, families=list(families), **parameters) if families else ()
    for number, batch in enumerate(batches, start=1):
        rows += batch
        if progress is not None:
            done = min(number * FAMILIES_PER_STATEMENT, len(families))
            progress(words(name), done, len(families))
    return rows


def rows_as(rows: Iterable[Row], kind: type[_Record]) -> list[_Record]:
    """Return rows as records of a kind; columns that the kind does not have are left out."""
    names = {field.name for field in fields(kind)}
    found = ({key: row[key] for key in row.keys() & names} for row in rows)
    return [
        kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in each.items()})
        for each in found
    ]


def parse_parameters(name: str, pairs: Iterable[str]) -> dict[str, Any]:
    """Return typed parameters from the `key=value` texts of a command line.

    Raises:
        CatalogueError: the query or a key is unknown, or a value is not of the declared type.
    """
    stored = query(name)
    values: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator:
            raise CatalogueError(f"`{pair}` is not a parameter; write it as name=value")
        if key in values:
            raise CatalogueError(f"the parameter `{key}` is given twice")
        type_ = _parameter(stored, key).type
        try:
            values[key] = parse_value(text, type_)
        except CatalogueError as error:
            raise CatalogueError(f"{key}: {error}") from None
    return values


def family_names(store: GraphStore, families: Sequence[str] | None = None) -> list[str]:
    """Return these names, each once and in their order, or those of all families in the graph.

    Raises:
        CatalogueError: the graph has no family of a name; names it and the closest one.
    """
    known = [row[0] for row in store.run(query("families").text).rows()]
    if families is None:
        return known
    there = set(known)
    missing = next((name for name in families if name not in there), None)
    if missing is not None:
        raise CatalogueError(
            f"there is no family `{missing}` in the graph{did_you_mean(closest(missing, known))}"
        )
    return list(dict.fromkeys(families))


def values_of(store: GraphStore, stored: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter: the given one, checked, or its default.

    Raises:
        CatalogueError: a family is unknown, or a parameter is missing, unknown or of a wrong type.
    """
    for key, value in given.items():
        parameter = _parameter(stored, key)
        if not parameter.type.accepts(value) and not (value is None and parameter.all_families):
            raise CatalogueError(
                f"the parameter `{key}` of `{stored.name}` takes {_article(parameter.type)}, "
                f"not {value!r}"
            )
    values: dict[str, Any] = {}
    for parameter in stored.parameters:
        if parameter.required and parameter.name not in given:
            raise CatalogueError(
                f"`{stored.name}` needs the parameter `{parameter.name}` ({parameter.type})"
            )
        values[parameter.name] = given.get(parameter.name, parameter.default)
        if parameter.all_families:
            values[parameter.name] = family_names(store, values[parameter.name])
    return values


def _parameter(stored: Query, key: str) -> Parameter:
    parameter = stored.parameter(key)
    if parameter is None:
        names = [known.name for known in stored.parameters]
        hint = did_you_mean(closest(key, names)) or (
            f"; it has {', '.join(names)}" if names else ""
        )
        raise CatalogueError(f"the query `{stored.name}` has no parameter `{key}`{hint}")
    return parameter


def _article(type_: ValueType) -> str:
    return f"{'an' if type_.base.startswith('i') else 'a'} {type_}"
