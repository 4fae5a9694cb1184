"""`load`: a snapshot into the embedded graph, beside the engine's own bulk load of the same rows.

The peer is given everything that the loader has to find out first: its data frames are ready in
memory when its clock starts, so the ratio is the price of reading, checking and deriving.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.families import Size
from benchmarks.measuring import Measured, Taken, measure
from benchmarks.recording import frame, recorded, replay
from benchmarks.reporting import Report, Row, times
from benchmarks.worlds import Workshop
from graph.embedded import EmbeddedStore
from graph.model import MODEL
from ingest.load import load
from ingest.snapshot import Snapshot


def load_ours(snapshot: str, graph: str) -> Taken:
    """Load a snapshot into a new graph."""
    Path(graph).unlink(missing_ok=True)
    begin = time.perf_counter()
    loaded = load(Snapshot(Path(snapshot)), EmbeddedStore(graph))
    return Taken(time.perf_counter() - begin, {**_size(graph), "commits": float(loaded.commits)})


def load_bulk(recording: str, graph: str) -> Taken:
    """Load the recorded tables by the engine's bulk path, and save."""
    import kglite

    Path(graph).unlink(missing_ok=True)
    frames = [(put.into, frame(put.rows)) for put in recorded(Path(recording))]
    begin = time.perf_counter()
    built = kglite.KnowledgeGraph()
    for into, rows in frames:
        replay(built, into, rows)
    built.set_schema_version(MODEL.version)
    built.save(graph)
    return Taken(time.perf_counter() - begin, _size(graph))


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
    bulk = measure(load_bulk, {"recording": recording, "graph": str(graph)}, repeat=repeat)
    ours = measure(load_ours, {"snapshot": snapshot, "graph": str(graph)}, repeat=repeat)
    workshop.keep_graph(size, graph)
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
            note=f"a graph of {ours.facts['mb']:,.0f} MB",
        ),
    ]
    return Report(title, rows)


def _files(files: Measured) -> str:
    return f"{files.facts['files']:,} files, {files.facts['mb']:,.0f} MB"


def _size(graph: str) -> dict[str, float]:
    return {"mb": Path(graph).stat().st_size / 1e6}
