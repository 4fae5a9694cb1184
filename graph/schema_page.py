"""The schema page: the model for people (Markdown with a mermaid picture) and programs (JSON)."""

from collections.abc import Iterator
from typing import Any

from graph.elements import Model, Property


def to_json(model: Model) -> dict[str, Any]:
    """Return the model as JSON of schema `hubtrace.schema/1`."""
    return {
        "schema": "hubtrace.schema/1",
        "version": model.version,
        "nodes": [
            {
                "label": node.label,
                "key": node.key,
                "description": node.description,
                "properties": [_property(property_) for property_ in node.properties],
            }
            for node in model.nodes
        ],
        "relationships": [
            {
                "type": relationship.type,
                "starts": list(relationship.starts),
                "ends": list(relationship.ends),
                "description": relationship.description,
                "properties": [_property(property_) for property_ in relationship.properties],
            }
            for relationship in model.relationships
        ],
    }


def _property(property_: Property) -> dict[str, Any]:
    return {
        "name": property_.name,
        "type": str(property_.type),
        "unit": property_.unit,
        "description": property_.description,
    }


def to_markdown(model: Model) -> str:
    """Return the model as a Markdown page."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: Model) -> Iterator[str]:
    yield f"# The graph (model {model.version})"
    yield ""
    yield from _picture(model)
    yield ""
    yield "## Nodes"
    for node in model.nodes:
        yield from (
            "",
            f"### `{node.label}`",
            "",
            f"{_sentence(node.description)} Key: `{node.key}`.",
            "",
        )
        yield from _table(node.properties)
    yield from ("", "## Relationships")
    for relationship in model.relationships:
        starts, ends = "|".join(relationship.starts), "|".join(relationship.ends)
        yield from ("", f"### `(:{starts})-[:{relationship.type}]->(:{ends})`", "")
        yield _sentence(relationship.description)
        if relationship.properties:
            yield ""
            yield from _table(relationship.properties)


def _picture(model: Model) -> Iterator[str]:
    yield "```mermaid"
    yield "graph LR"
    for relationship, start, end in model.triples():
        yield f"  {start.label} -->|{relationship.type}| {end.label}"
    yield "```"


def _table(properties: tuple[Property, ...]) -> Iterator[str]:
    yield "| property | type | unit | what it is |"
    yield "|---|---|---|---|"
    for property_ in properties:
        unit = property_.unit or ""
        description = property_.description.replace("|", "\\|")
        yield f"| `{property_.name}` | {property_.type} | {unit} | {description} |"


def _sentence(description: str) -> str:
    return f"{description[0].upper()}{description[1:]}."
