"""An audit as JSON, and the JSON Schema that says what is in it."""

import ast
import inspect
import json
import types
import typing
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from queries.audit.facts import SCHEMA, Audit

SCHEMA_URI = "urn:x-hubtrace:schema:audit:1"

_SIMPLE: dict[object, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
}


def audit_as_json(audit: Audit) -> dict[str, Any]:
    """Return an audit as what JSON knows: objects, lists, texts, numbers."""
    return asdict(audit)


def to_json(audit: Audit) -> str:
    """Return an audit as JSON text."""
    return json.dumps(audit_as_json(audit), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of audits, made from the records themselves."""
    records: dict[str, dict[str, Any]] = {}
    _record(Audit, records)
    whole = records.pop("Audit")
    whole["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_URI,
        "title": SCHEMA,
        **whole,
        "$defs": dict(sorted(records.items())),
    }


def _record(kind: type, records: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Describe a record and those that it holds; return how it is referred to."""
    if kind.__name__ not in records:
        records[kind.__name__] = {}
        hints, texts = typing.get_type_hints(kind), _field_texts(kind)
        names = [field.name for field in fields(kind)]
        properties = {
            name: {**_described(hints[name], records), **texts.get(name, {})} for name in names
        }
        records[kind.__name__] = {
            "type": "object",
            "description": inspect.getdoc(kind),
            "properties": properties,
            "required": names,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _described(hint: Any, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, records)
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _described(arguments[0], records)}
    return {"anyOf": [_described(each, records) for each in arguments]}


def _field_texts(kind: type) -> dict[str, dict[str, str]]:
    """Return the text that stands under each field of a record, as its description."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class is a class
    texts: dict[str, dict[str, str]] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        said = below.value if isinstance(below, ast.Expr) else None
        if isinstance(field, ast.AnnAssign) and isinstance(said, ast.Constant):
            assert isinstance(field.target, ast.Name)  # noqa: S101 - a field has a name
            texts[field.target.id] = {"description": inspect.cleandoc(str(said.value))}
    return texts
