"""`sizes`: bytes per node and relationship, on both stores, for docs/scale.md.

Two graphs: families whose commits have no paths, and one repository read by git, whose commits
carry what was derived from the paths that they changed.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.families import Size
from benchmarks.measuring import Measured, Taken, measure, resident_mb
from benchmarks.neo4j_load import export, run_importer
from benchmarks.reporting import Report, Row
from benchmarks.repository import make_repository
from benchmarks.servers import login, opened, stopped_server
from benchmarks.worlds import Workshop
from hubtrace.graph import open_store
from tests.neo4j.server import FromMaven

_PARTS = {
    "nodes": ("neostore.nodestore",),
    "relationships": ("neostore.relationship",),
    "properties": ("neostore.propertystore",),
    "indexes": ("schema/", "neostore.labelscan", "neostore.counts", "neostore.indexstats"),
}
"""What the files of Neo4j's record format hold, by how their names begin."""


def count(graph: str) -> Taken:
    """Open an embedded graph, and count what it holds."""
    before = resident_mb()
    begin = time.perf_counter()
    with open_store(graph) as store:
        nodes = store.run("MATCH (n) RETURN count(n)").evaluate()
        seconds = time.perf_counter() - begin
        relationships = store.run("MATCH ()-[r]->() RETURN count(r)").evaluate()
        commits = store.run("MATCH (c:Commit) RETURN count(c)").evaluate()
        resident = resident_mb() - before
    return Taken(
        seconds,
        {"nodes": nodes, "edges": relationships, "commits": commits, "resident": resident},
    )


def run(workshop: Workshop, size: Size, commits: int) -> Iterator[Report]:
    """Measure a world of families, and the graph of one repository of so many commits."""
    yield _report(f"{size.families:,} families without paths", workshop.graph(size))
    graph = workshop.made(f"paths-{commits}.kgl", lambda path: _repository(workshop, commits, path))
    yield _report("one repository with its changed paths", graph)


def _repository(workshop: Workshop, commits: int, graph: Path) -> None:
    made = workshop.made(f"repository-{commits}.git", lambda path: make_repository(path, commits))
    arguments = ["--family", "made", "--upstream", f"made/made={made.resolve()}"]
    places = ["--snapshot", str(graph.with_suffix(".snapshot")), "--graph", str(graph)]
    command = [str(Path(sys.executable).parent / "hubtrace"), "ingest", *arguments, *places]
    subprocess.run(command, cwd=workshop.folder, stdout=subprocess.DEVNULL, check=True)


def _report(title: str, graph: Path) -> Report:
    counted = measure(count, {"graph": str(graph)})
    facts = counted.facts
    what = f"{facts['commits']:,} commits, {facts['nodes']:,} nodes, {facts['edges']:,} edges"
    report = Report(f"sizes: {title}: {what}")
    size = graph.stat().st_size
    note = f"{_share(size, counted)}; {facts['resident']:,.0f} MB of memory when open"
    report.rows.append(Row.of(".kgl file, opened", counted, note=note))
    with stopped_server() as server:
        folder = server.home / "exported"
        exported = measure(export, {"graph": str(graph), "folder": str(folder)})
        note = _share(_bytes(folder), counted)
        report.rows.append(Row.of("importer's files, written", exported, note=note))
        arguments = {"folder": str(folder), "bin_": str(server.admin_program().parent)}
        imported = measure(run_importer, arguments)
        _make_indexes(server)
        database = server.home / "data" / "databases" / "neo4j"
        note = f"{_share(_bytes(database), counted)}; {_parts(database, counted)}"
        report.rows.append(Row.of("Neo4j's database, imported", imported, note=note))
    return report


def _make_indexes(server: FromMaven) -> None:
    """Make the indexes that the importer does not, and have them on disk."""
    server.start()
    with opened(login(server)) as store, store.write() as writer:
        writer.run("CALL db.awaitIndexes()")
    server.end()


def _share(size: float, counted: Measured) -> str:
    return f"{size / 1e6:,.1f} MB, {size / counted.facts['commits']:,.0f} bytes a commit"


def _parts(database: Path, counted: Measured) -> str:
    sizes = dict.fromkeys(_PARTS, 0)
    for file in database.rglob("*"):
        name = str(file.relative_to(database))
        part = next((part for part, heads in _PARTS.items() if name.startswith(heads)), None)
        if part and file.is_file():
            sizes[part] += file.stat().st_size
    each = {"nodes": "nodes", "relationships": "edges"}
    return ", ".join(
        f"{part} {size / 1e6:,.1f} MB"
        + (f" ({size / counted.facts[each[part]]:.0f} bytes each)" if part in each else "")
        for part, size in sizes.items()
    )


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
