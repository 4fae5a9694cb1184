"""A graph stays the same on its way into another store or into files."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hubtrace.exports.neo4j_import import ARRAY_DELIMITER, EMPTY_LIST, export_neo4j_import
from hubtrace.graph import open_store
from hubtrace.graph.errors import GraphError, GraphMissing
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore
from hubtrace.graph.tables import copy_graph
from tests.graph.test_conformance import HOSTILE
from tests.graphs import contents


def fill(store: GraphStore) -> None:
    """Write a graph of everything that a file can get wrong."""
    texts = [*HOSTILE, "", 'a "quoted", comma\r\nline', "\\N", "'", ";", "null"]
    shas = [f"{number}{text[:50]}" for number, text in enumerate(texts)]
    with store.write() as writer:
        subjects = pa.array([*texts[:-1], None], pa.string())
        times = pa.array([None, *range(len(texts) - 1)], pa.int64())
        commits = pa.table({"sha": shas, "subject": subjects, "authored_at": times})
        writer.put_nodes("Commit", commits)
        writer.put_nodes("Family", pa.table({"name": ["f", "g"]}))
        writer.put_nodes("Repository", pa.table({"key": ["r"], "archived": [False]}))
        writer.put_nodes("Assessment", pa.table({"key": ["f 1"], "stability": [1 / 3]}))
        writer.put_relationships(
            "PARENT",
            "Commit",
            "Commit",
            pa.table({"start": shas[1:], "end": shas[:-1], "position": [0] * (len(shas) - 1)}),
        )
        paths = pa.array([["a,b", 'c"d', ""], None], pa.list_(pa.string()))
        writer.put_relationships(
            "UPSTREAM",
            "Family",
            "Repository",
            pa.table({"start": ["f", "g"], "end": ["r", "r"], "paths": paths}),
        )
        writer.put_relationships(
            "HAS_ASSESSMENT", "Family", "Assessment", pa.table({"start": ["f"], "end": ["f 1"]})
        )


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubtrace.graph.tables.NODES_PER_PAGE", 3)
    monkeypatch.setattr("hubtrace.graph.tables.STARTS_PER_PAGE", 2)


def test_a_copy_is_the_same_graph_either_way(store: GraphStore, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / "there").mkdir()
    with open_store(str(tmp_path / "there" / "copy.kgl")) as there:
        for _ in range(2):
            nodes, relationships = copy_graph(store, there)
            assert contents(there) == contents(store)
        assert (nodes, relationships) == tuple(len(part) for part in contents(store))
        with store.write() as writer:
            writer.run("MATCH (n) DETACH DELETE n")
        copy_graph(there, store)
        assert contents(store) == contents(there)


def test_no_graph_cannot_be_copied(tmp_path: Path) -> None:
    source, target = (open_store(str(tmp_path / name)) for name in ("a.kgl", "b.kgl"))
    with pytest.raises(GraphMissing, match=r"a\.kgl"):
        copy_graph(source, target)
    assert not target.exists()


def test_import_files_hold_the_whole_graph(store: GraphStore, tmp_path: Path) -> None:
    fill(store)
    nodes, relationships = export_neo4j_import(store, tmp_path / "import")
    script = (tmp_path / "import" / "import.sh").read_text()
    read_nodes: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    keys: dict[tuple[str, str], str] = {}
    for label, header, data in re.findall(r"--nodes=(\w+)=(\S+),(\S+)", script):
        for row in _rows(tmp_path / "import" / header, tmp_path / "import" / data):
            keys[label, row[0][1]] = f"{label} {row[0][1]}"
            read_nodes.append((label, _plain((name, value) for name, value in row)))
    read_edges: list[tuple[str, str, str, tuple[tuple[str, str], ...]]] = []
    for type_, header, data in re.findall(r"--relationships=(\w+)=(\S+),(\S+)", script):
        for (start, s), (end, e), *rest in _rows(
            tmp_path / "import" / header, tmp_path / "import" / data
        ):
            read_edges.append((type_, keys[start, s], keys[end, e], _plain(iter(rest))))
    assert (set(read_nodes), set(read_edges)) == contents(store)
    assert (len(read_nodes), len(read_edges)) == (nodes, relationships)


def test_import_files_are_only_put_where_nothing_is(store: GraphStore, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(GraphError, match="not empty"):
        export_neo4j_import(store, tmp_path / "full")
    (tmp_path / "file").touch()
    with pytest.raises(GraphError, match=r"cannot write .*file"):
        export_neo4j_import(store, tmp_path / "file")


def test_a_list_that_holds_the_delimiter_is_refused(store: GraphStore, tmp_path: Path) -> None:
    fill(store)
    with store.write() as writer:
        rows = pa.table({"start": ["f"], "end": ["r"], "paths": [[f"a{ARRAY_DELIMITER}b"]]})
        writer.put_relationships("UPSTREAM", "Family", "Repository", rows)
    with pytest.raises(GraphError, match="separator"):
        export_neo4j_import(store, tmp_path / "import")


def _plain(row: Iterator[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    known = ((name, value) for name, value in row if value is not None)
    return tuple((name, repr(value)) for name, value in sorted(known))


_CONVERT: dict[str, Callable[[str], Any]] = {
    "string": str,
    "long": int,
    "double": float,
    "boolean": lambda text: text == "true",
    "string[]": lambda text: [] if text == EMPTY_LIST else text.split(ARRAY_DELIMITER),
}


def _rows(header: Path, data: Path) -> Iterator[list[tuple[str, Any]]]:
    """Read as the importer's manual says: unquoted empty is null, quotes are doubled."""
    fields = [field.partition(":")[::2] for field in header.read_text().strip().split(",")]
    text = data.read_bytes().decode()
    cell = r'"((?:[^"]|"")*)"|([^",\n]*)'
    for line in re.finditer(rf"(?:(?:{cell})(?:,|\n))+?(?<=\n)", text):
        cells = re.findall(rf"(?:{cell})(?:,|\n)", line[0])
        row: list[tuple[str, Any]] = []
        for (name, type_), (quoted, bare) in zip(fields, cells, strict=True):
            end = re.fullmatch(r"(?:START_|END_)?ID\((\w+)\)", type_)
            value = quoted.replace('""', '"')
            if end:
                row.append((name or end[1], value))
            elif bare or quoted:
                row.append((name, _CONVERT[type_](value if quoted else bare)))
            else:
                row.append(
                    (name, "" if type_ == "string" and _was_quoted(line[0], len(row)) else None)
                )
        yield row


def _was_quoted(line: str, position: int) -> bool:
    cells = re.findall(r'("(?:[^"]|"")*"|[^",\n]*)(?:,|\n)', line)
    return bool(cells[position])


def test_every_type_of_the_model_has_a_header() -> None:
    from hubtrace.exports.neo4j_import import node_header, relationship_header

    assert node_header(MODEL.node("Tag")) == "key:ID(Tag),name:string"
    headers = {relationship_header(triple) for triple in MODEL.triples()}
    assert ":START_ID(Commit),:END_ID(Commit),position:long" in headers
    assert ":START_ID(Family),:END_ID(Repository),paths:string[]" in headers
