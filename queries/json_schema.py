"""JSON Schema of plain records: dataclasses of simple types, made from the records themselves."""

import ast
import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Annotated, Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Records = dict[str, dict[str, Any]]
"""The schema of each record by its name: what stands under `$defs`."""

_SIMPLE: dict[object, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
}


def record(kind: type, records: Records) -> dict[str, str]:
    """Describe a record and those that it holds; return how it is referred to."""
    if kind.__name__ not in records:
        records[kind.__name__] = {}  # a record may hold itself
        hints, texts = typing.get_type_hints(kind, include_extras=True), _field_texts(kind)
        names = [field.name for field in fields(kind)]
        properties = {
            name: {**described(hints[name], records), **texts.get(name, {})} for name in names
        }
        records[kind.__name__] = {
            "type": "object",
            "description": inspect.getdoc(kind),
            "properties": properties,
            "required": names,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def described(hint: Any, records: Records) -> dict[str, Any]:
    """Describe a type, and add the records in it."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is Annotated:  # a type, and more of its schema
        return {**described(arguments[0], records), **arguments[1]}
    if hint is Any:
        return {}
    if isinstance(hint, type) and hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if isinstance(hint, type) and is_dataclass(hint):
        return record(hint, records)
    if typing.get_origin(hint) is Mapping:
        return {"type": "object", "additionalProperties": described(arguments[1], records)}
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": described(arguments[0], records)}
    return {"anyOf": [described(each, records) for each in arguments]}


def _field_texts(kind: type) -> dict[str, dict[str, str]]:
    """Return the text that stands under each field of a record, as its description."""
    texts: dict[str, dict[str, str]] = {}
    for base in filter(is_dataclass, reversed(kind.__mro__)):
        (body,) = ast.parse(inspect.getsource(base)).body
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for field, below in pairwise(lines):
            name = field.target if isinstance(field, ast.AnnAssign) else None
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(name, ast.Name) and isinstance(text, ast.Constant):
                texts[name.id] = {"description": inspect.cleandoc(str(text.value))}
    return texts


def schema_of(kind: type, name: str, uri: str, records: Records) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document: a record with the field `schema`."""
    record(kind, records)
    whole = records.pop(kind.__name__)
    whole["properties"]["schema"] = {"const": name}
    definitions = {"$defs": dict(sorted(records.items()))}
    return {"$schema": DRAFT, "$id": uri, "title": name, **whole, **definitions}
