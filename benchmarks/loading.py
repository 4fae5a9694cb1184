"""`load`: a snapshot into the embedded graph, beside the engine's own bulk load of the same rows.

The peer is given everything that the loader has to find out first: its data frames are ready in
memory when its clock starts, so the ratio is the price of reading, checking and deriving.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.families import Size
from benchmarks.measuring import Measured, Taken, cpu_seconds, measure, measure_in_turns
from benchmarks.recording import frame, recorded, replay
from benchmarks.reporting import Report, Row, times
from benchmarks.worlds import Workshop
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.model import MODEL
from hubtrace.ingest.load import load
from hubtrace.ingest.snapshot import Snapshot


def load_ours(snapshot: str, graph: str) -> Taken:
    """Load a snapshot into a new graph."""
    Path(graph).unlink(missing_ok=True)
    begin, worked = time.perf_counter(), cpu_seconds()
    loaded = load(Snapshot(Path(snapshot)), EmbeddedStore(graph))
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - worked
    return Taken(seconds, {**_size(graph), "cpu": cpu, "commits": loaded.commits})


def load_bulk(recording: str, graph: str) -> Taken:
    """Load the recorded tables by the engine's bulk path, and save."""
    import kglite

    Path(graph).unlink(missing_ok=True)
    frames = [(put.into, frame(put.rows)) for put in recorded(Path(recording))]
    begin, worked = time.perf_counter(), cpu_seconds()
    built = kglite.KnowledgeGraph()
    for into, rows in frames:
        replay(built, into, rows)
    built.set_schema_version(MODEL.version)
    built.save(graph)
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - worked
    return Taken(seconds, {**_size(graph), "cpu": cpu})


def read_files(snapshot: str) -> Taken:
    """Read every file of a snapshot and drop it: the least that any loader has to do."""
    begin = time.perf_counter()
    files = [file for file in Path(snapshot).glob("projects/**/*") if file.is_file()]
    size = sum(len(file.read_bytes()) for file in files)
    return Taken(time.perf_counter() - begin, {"mb": size / 1e6, "files": len(files)})


def run(workshop: Workshop, sizes: list[Size], repeat: int) -> Iterator[Report]:
    """Measure the load of worlds of these sizes."""
    for size in sizes:
        yield _report(workshop, size, size.runs(repeat))


def _report(workshop: Workshop, size: Size, repeat: int) -> Report:
    snapshot, recording = str(workshop.snapshot(size)), str(workshop.recording(size))
    graph = workshop.folder / "loaded.kgl"
    files = measure(read_files, {"snapshot": snapshot}, repeat=2)
    bulk, ours = measure_in_turns(
        [
            (load_bulk, {"recording": recording, "graph": str(graph)}),
            (load_ours, {"snapshot": snapshot, "graph": str(graph)}),
        ],
        repeat,
    )
    workshop.keep_graph(size, graph)  # ours: it ran last
    title = f"load: {size.families:,} families, {size.commits:,} commits"
    rows = [
        Row.of("reading the snapshot's files", files, note=_files(files)),
        Row.of(
            "the engine's bulk load of the same rows",
            bulk,
            commits=size.commits,
            note="frames ready in memory, and counted in its peak",
        ),
        Row.of(
            "hubtrace load",
            ours,
            commits=size.commits,
            ratio=f"{times(ours.seconds, bulk.seconds)} of the engine",
            goal="≤ 1.5x",
            note=f"processor time {times(ours.facts['cpu'], bulk.facts['cpu'])}; "
            f"a graph of {ours.facts['mb']:,.0f} MB",
        ),
    ]
    return Report(title, rows)


def _files(files: Measured) -> str:
    return f"{files.facts['files']:,} files, {files.facts['mb']:,.0f} MB"


def _size(graph: str) -> dict[str, Any]:
    return {"mb": Path(graph).stat().st_size / 1e6}
