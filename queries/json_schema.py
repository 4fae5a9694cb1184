"""Records as JSON, and the JSON Schema of that JSON, both made from the records themselves.

A record is a dataclass of simple types.
"""

import ast
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Printed = Mapping[type, tuple[str, ...]]
"""Kind of record → the properties that are printed after its fields: a document's `PRINTED`."""

_SIMPLE: dict[object, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
}


def plain(value: Any) -> Any:
    """Return a record as what JSON has: objects, lists and simple values."""
    return _plain(value, getattr(value, "PRINTED", {}))


def _plain(value: Any, printed: Printed) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item, printed) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, printed) for item in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    names = (*(field.name for field in fields(value)), *printed.get(type(value), ()))
    return {name: _plain(getattr(value, name), printed) for name in names}


def record_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a record by name, for a record with more of them."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


@dataclass(frozen=True, slots=True)
class _Describer:
    """Describes the records of one document."""

    printed: Printed
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The schema of each record by its name: what stands under `$defs`."""

    def record(self, kind: type) -> dict[str, str]:
        """Describe a record and those that it holds; return how it is referred to."""
        if kind.__name__ not in self.records:
            self.records[kind.__name__] = {}  # a record may hold itself
            hints, texts = typing.get_type_hints(kind, include_extras=True), _field_texts(kind)
            names = [each.name for each in fields(kind)]
            for name in self.printed.get(kind, ()):
                getter = getattr(kind, name).fget
                hints[name] = typing.get_type_hints(getter)["return"]
                texts[name] = {"description": inspect.getdoc(getter) or ""}
                names.append(name)
            properties = {
                name: {**self.described(hints[name]), **texts.get(name, {})} for name in names
            }
            about = {"type": "object", "description": inspect.getdoc(kind)}
            self.records[kind.__name__] = {**about, **object_of(properties)}
        return {"$ref": f"#/$defs/{kind.__name__}"}

    def described(self, hint: Any) -> dict[str, Any]:
        """Describe a type, and add the records in it."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is Annotated:  # a type, and more of its schema
            more = arguments[1]
            return {**self.described(arguments[0]), **getattr(more, "json_schema", more)}
        if hint is Any:
            return {}
        if isinstance(hint, type) and hint in _SIMPLE:
            return dict(_SIMPLE[hint])
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return {"type": "string", "enum": [*map(str, hint)]}
        if isinstance(hint, type) and is_dataclass(hint):
            return self.record(hint)
        if origin is Mapping:
            return {"type": "object", "additionalProperties": self.described(arguments[1])}
        if origin is tuple:
            return {"type": "array", "items": self.described(arguments[0])}
        return {"anyOf": [self.described(each) for each in arguments]}


def schema_of(kind: type, name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document: a record, and its field `schema`."""
    describer = _Describer(getattr(kind, "PRINTED", {}))
    describer.record(kind)
    whole = describer.records.pop(kind.__name__)
    whole["properties"] = {"schema": {}, **whole["properties"]} | {"schema": {"const": name}}
    whole["required"] = list(dict.fromkeys(["schema", *whole["required"]]))
    return document(name, {**whole, "$defs": dict(sorted(describer.records.items()))})


def _field_texts(kind: type) -> dict[str, dict[str, str]]:
    """Return the text that stands under each field of a record, as its description."""
    texts: dict[str, dict[str, str]] = {}
    for base in filter(is_dataclass, reversed(kind.__mro__)):
        for each, below in pairwise(_classes(base.__module__)[base.__name__]):
            name = each.target if isinstance(each, ast.AnnAssign) else None
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(name, ast.Name) and isinstance(text, ast.Constant):
                texts[name.id] = {"description": inspect.cleandoc(str(text.value))}
    return texts


@cache
def _classes(module: str) -> Mapping[str, list[ast.stmt]]:
    """Return the lines of each class of a module; `inspect` reads all of it for each of them."""
    body = ast.parse(inspect.getsource(sys.modules[module])).body
    return {each.name: each.body for each in body if isinstance(each, ast.ClassDef)}


def object_of(properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of an object that has these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def rows_schema(name: str, columns: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of a document of rows that have these columns."""
    rows = {"type": "array", "items": object_of(columns)}
    return document(name, object_of({"schema": {"const": name}, "rows": rows}))


def document(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the document `hubtrace.NAME/VERSION` under its URN."""
    short, _, version = name.removeprefix("hubtrace.").partition("/")
    urn = f"urn:x-hubtrace:schema:{short}:{version}"
    return {"$schema": DRAFT, "$id": urn, "title": name, **body}
