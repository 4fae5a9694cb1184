r"""GraphML, as networkx, Gephi, yEd and igraph read it.

A node is called `Label key`. Lists are JSON, because GraphML has none. XML cannot hold most control
characters: in a value they become visible (`\x1b`), in a name they are percent-encoded, so that
names stay unique. Everything else, line breaks and marks of direction among it, stays what it was.
Written as a stream: networkx has writers, but for them a whole graph must fit into memory.
"""

import re
from collections.abc import Iterator
from typing import IO, Any
from xml.sax.saxutils import escape

from hubtrace.exports.subgraph import Nodes, Relationships
from hubtrace.graph.model import MODEL, NodeType, Property, PropertyType
from hubtrace.graph.tables import END, START
from hubtrace.graph.text import for_people, json_text, masked
from hubtrace.progress import Progress

_TYPES = {
    PropertyType.STRING: "string",
    PropertyType.INTEGER: "long",
    PropertyType.FLOAT: "double",
    PropertyType.BOOLEAN: "boolean",
    PropertyType.STRINGS: "string",
}
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_A_NAME = re.compile(r"[^\x20-\x24\x26-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}
"""What an XML parser would normalize."""


def write_graphml(
    file: IO[str], nodes: Nodes, relationships: Relationships, progress: Progress = lambda *_: None
) -> tuple[int, int]:
    """Write a document; return the counts of nodes and relationships."""
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    file.writelines(_keys())
    file.write('<graph id="hubtrace" edgedefault="directed">\n')
    count = joined = 0
    for node, rows in nodes:
        for row in rows.to_pylist():
            values = _values("node", node.label, node.properties, row)
            file.write(f'<node id="{_name(node, row[node.key])}">{"".join(values)}</node>\n')
        count += rows.num_rows
        progress("nodes", count, None)
    for (relationship, start, end), rows in relationships:
        for row in rows.to_pylist():
            ends = f'source="{_name(start, row[START])}" target="{_name(end, row[END])}"'
            values = _values("edge", relationship.type, relationship.properties, row)
            file.write(f"<edge {ends}>{''.join(values)}</edge>\n")
        joined += rows.num_rows
        progress("relationships", joined, None)
    file.write("</graph>\n</graphml>\n")
    return count, joined


def _keys() -> Iterator[str]:
    """Yield the declaration of every property, each once for nodes and once for edges."""
    for what, types in (("node", MODEL.nodes), ("edge", MODEL.relationships)):
        properties = {p.name: p.type for type_ in types for p in type_.properties}
        for name, type_ in ({"label": PropertyType.STRING} | properties).items():
            yield (
                f'<key id="{what}-{name}" for="{what}" attr.name="{name}" '
                f'attr.type="{_TYPES[type_]}"/>\n'
            )


def _values(
    what: str, label: str, properties: tuple[Property, ...], row: dict[str, Any]
) -> Iterator[str]:
    yield f'<data key="{what}-label">{label}</data>'
    for property_ in properties:
        value = row.get(property_.name)
        if value is not None:
            yield f'<data key="{what}-{property_.name}">{_text(value)}</data>'


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json_text(value, ensure_ascii=False) if isinstance(value, list) else str(value)
    return escape(_FORBIDDEN.sub(lambda found: for_people(found[0]), masked(text)), _ENTITIES)


def _name(node: NodeType, key: str) -> str:
    def percent(found: re.Match[str]) -> str:
        return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))

    return escape(f"{node.label} {_IN_A_NAME.sub(percent, key)}", _ENTITIES)
