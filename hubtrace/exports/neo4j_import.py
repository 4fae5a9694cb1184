"""Files for `neo4j-admin database import full`: the quick way into a large Neo4j database.

Header and data files are derived from the model. The rules are those of the Operations Manual,
chapter *Import*: a header field is `name:type`, the key is `name:ID(Label)`, the ends of a
relationship are `:START_ID(Label)` and `:END_ID(Label)`; a quoted empty field is an empty string,
an unquoted one is null; a quote is doubled; fields may hold line breaks with `--multiline-fields`.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from hubtrace.graph.atomic_files import new_folder
from hubtrace.graph.errors import GraphError
from hubtrace.graph.model import MODEL, Model, NodeType, Property, PropertyType
from hubtrace.graph.schema import schema, stamp
from hubtrace.graph.store import GraphStore
from hubtrace.graph.tables import Triple, node_tables, relationship_tables
from hubtrace.progress import Progress

ARRAY_DELIMITER = "\x1f"
"""Unit separator: no realistic path holds it; a value that does is refused."""

EMPTY_LIST = "\x1e"
"""Stands for an empty list, which the importer would drop; the script that is run afterwards
replaces it."""

_TYPES = {
    PropertyType.STRING: "string",
    PropertyType.INTEGER: "long",
    PropertyType.FLOAT: "double",
    PropertyType.BOOLEAN: "boolean",
    PropertyType.STRINGS: "string[]",
}
COMMAND_FILE = "import.sh"
SCHEMA_FILE = "schema.cypher"


def export_neo4j_import(
    store: GraphStore, folder: Path, progress: Progress = lambda *_: None, model: Model = MODEL
) -> tuple[int, int]:
    """Write header and data files and what imports them; return the counts of nodes and edges.

    Raises:
        GraphError: the folder is not empty or cannot be written, or a list holds the delimiter.
    """
    try:
        with new_folder(folder) as aside:
            _write_headers(aside, model)
            labelled = ((node.label, rows) for node, rows in node_tables(store))
            nodes = _write_tables(aside, labelled, "nodes", progress)
            joined = ((_name(triple), rows) for triple, rows in relationship_tables(store))
            relationships = _write_tables(aside, joined, "relationships", progress)
            (aside / COMMAND_FILE).write_text(import_command(folder, model))
            (aside / SCHEMA_FILE).write_text(schema_script(model))
    except OSError as error:
        raise GraphError(f"cannot write {folder}: {error.strerror or error}") from None
    return nodes, relationships


def node_header(node: NodeType) -> str:
    """Return the header line of a label's file."""
    return ",".join([f"{node.key}:ID({node.label})", *map(_field, node.properties[1:])])


def relationship_header(triple: Triple) -> str:
    """Return the header line of the file of a relationship type between two labels."""
    relationship, start, end = triple
    ends = [f":START_ID({start.label})", f":END_ID({end.label})"]
    return ",".join([*ends, *map(_field, relationship.properties)])


def import_command(folder: Path, model: Model = MODEL) -> str:
    """Return the shell script that imports the files into an empty database."""
    options = [
        "--multiline-fields=true",
        f"--array-delimiter=U+{ord(ARRAY_DELIMITER):04X}",
        "--id-type=string",
    ]
    options += [f"--nodes={n.label}={n.label}-header.csv,{n.label}.csv" for n in model.nodes]
    for triple in model.triples():
        name = _name(triple)
        options.append(f"--relationships={triple[0].type}={name}-header.csv,{name}.csv")
    lines = " \\\n    ".join(shlex.quote(option) for option in options)
    return (
        "#!/bin/sh\n# Run beside these files, with the database stopped and empty.\n"
        'cd "$(dirname "$0")" || exit 1\n'
        # The name stands first: it would be taken for one more file of the last option.
        f'neo4j-admin database import full "${{1:-neo4j}}" \\\n    {lines} || exit\n'
        f'echo "Imported. Start the server, then run: cypher-shell --file {SCHEMA_FILE}"\n'
    )


def schema_script(model: Model = MODEL) -> str:
    """Return what the importer cannot make: constraints, indexes, empty lists, a graph's mark."""
    statements = [*schema(model).values(), *_empty_lists(model), stamp(model)]
    head = (
        f"// Run once after the import, on the started server: cypher-shell --file {SCHEMA_FILE}\n"
    )
    return head + "".join(f"{statement};\n" for statement in statements)


def _empty_lists(model: Model) -> Iterator[str]:
    held = [(f"(x:{node.label})", node.properties) for node in model.nodes]
    held += [(f"()-[x:{edge.type}]->()", edge.properties) for edge in model.relationships]
    for pattern, properties in held:
        for name in (p.name for p in properties if p.type is PropertyType.STRINGS):
            yield (
                f"MATCH {pattern} WHERE x.{name} = ['\\u{ord(EMPTY_LIST):04x}'] "
                f"CALL (x) {{ SET x.{name} = [] }} IN TRANSACTIONS"
            )


def _write_headers(folder: Path, model: Model) -> None:
    headers = {node.label: node_header(node) for node in model.nodes}
    headers |= {_name(triple): relationship_header(triple) for triple in model.triples()}
    for name, line in headers.items():
        (folder / f"{name}-header.csv").write_text(f"{line}\n")
        (folder / f"{name}.csv").touch()


def _write_tables(
    folder: Path, named: Iterator[tuple[str, pa.Table]], what: str, progress: Progress
) -> int:
    count = 0
    for name, rows in named:
        columns = [column.to_pylist() for column in rows.columns]
        with (folder / f"{name}.csv").open("a", encoding="utf-8", newline="") as file:
            file.writelines(",".join(map(_cell, row)) + "\n" for row in zip(*columns, strict=True))
        count += rows.num_rows
        progress(what, count, None)
    return count


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if any(ARRAY_DELIMITER in item or item == EMPTY_LIST for item in value):
            raise GraphError("a list holds a separator that delimits lists in these files")
        value = ARRAY_DELIMITER.join(value) if value else EMPTY_LIST
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return repr(value)


def _field(property_: Property) -> str:
    return f"{property_.name}:{_TYPES[property_.type]}"


def _name(triple: Triple) -> str:
    relationship, start, end = triple
    return f"{relationship.type}-{start.label}-{end.label}"
