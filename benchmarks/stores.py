"""`stores`: one file read into memory, or the engine's disk mode (a directory of mapped files).

The support for decision 0002. Both hold the same rows; the questions are the catalogue's own, each
asked in a fresh process, right after the graph was opened.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kglite

from benchmarks.families import Size
from benchmarks.measuring import Measured, Taken, measure, resident_mb
from benchmarks.recording import frame, recorded, replay
from benchmarks.reporting import Report, Row
from benchmarks.worlds import Workshop
from hubtrace.graph.embedded import ask
from hubtrace.graph.model import MODEL
from hubtrace.queries.catalogue import query

QUESTIONS = (("sync_type", 50), ("family_overview", 1), ("branch_status", 1))
"""Name of a stored query, and for how many families it is asked."""


def build(recording: str, path: str, disk: bool) -> Taken:
    """Build a graph from recorded tables, as one file or in disk mode."""
    begin = time.perf_counter()
    built = kglite.KnowledgeGraph(storage="disk", path=path) if disk else kglite.KnowledgeGraph()
    for put in recorded(Path(recording)):
        replay(built, put.into, frame(put.rows))
    built.set_schema_version(MODEL.version)
    built.save(path)
    return Taken(time.perf_counter() - begin)


def open_graph(path: str) -> Taken:
    """Open a graph for reading and ask how many families there are."""
    before = resident_mb()
    begin = time.perf_counter()
    graph = _opened(path)
    count = ask(graph, "MATCH (f:Family) RETURN count(f)", {}).evaluate()
    seconds = time.perf_counter() - begin
    return Taken(seconds, {"families": count, "resident": resident_mb() - before})


def ask_question(path: str, name: str, families: int) -> Taken:
    """Ask a stored query for the first so many families, twice; the second time is told apart."""
    graph = _opened(path)
    found = ask(graph, "MATCH (f:Family) RETURN f.name AS name ORDER BY name", {}).rows()
    stored = query(name)
    values = {parameter.name: parameter.default for parameter in stored.parameters}
    values["families"] = [row[0] for row in found[:families]]
    begin = time.perf_counter()
    rows = ask(graph, stored.text, values)
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    ask(graph, stored.text, values)
    again = time.perf_counter() - begin
    return Taken(first, {"rows": len(rows), "again": again})


def run(workshop: Workshop, size: Size, repeat: int) -> Iterator[Report]:
    """Measure both modes on a world of this size."""
    recording = workshop.recording(size)
    for disk in (False, True):
        kind = "disk" if disk else "file"
        paths: list[Measured] = []

        def make(path: Path, disk: bool = disk, built: list[Measured] = paths) -> None:
            built.append(
                measure(build, {"recording": str(recording), "path": str(path), "disk": disk})
            )

        graph = workshop.made(f"store-{kind}-{size.commits}", make)
        title = "disk mode, a directory" if disk else "one .kgl file, read into memory"
        report = Report(f"stores: {title}, {size.commits:,} commits")
        report.rows.extend(Row.of("building and saving it", built) for built in paths)
        report.rows.extend(_rows(graph, repeat))
        yield report


def _rows(graph: Path, repeat: int) -> Iterator[Row]:
    opened = measure(open_graph, {"path": str(graph)}, repeat=repeat)
    resident = f"{opened.facts['resident']:,.0f} MB resident after opening"
    note = f"{resident}; {_disk_mb(graph):,.0f} MB on disk"
    yield Row.of("opening it, and counting the families", opened, note=note)
    for name, families in QUESTIONS:
        arguments: dict[str, Any] = {"path": str(graph), "name": name, "families": families}
        asked = measure(ask_question, arguments, repeat=repeat)
        people = "one family" if families == 1 else f"{families} families"
        note = f"{asked.facts['rows']:,} rows; asked again {asked.facts['again']:.3f} s"
        yield Row.of(f"`{name}` for {people}", asked, note=note)


def _opened(path: str) -> kglite.KnowledgeGraph:
    graph = kglite.load(path)
    graph.read_only(True)
    return graph


def _disk_mb(path: Path) -> float:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6
