"""`types`: what the change types of a history cost when it is loaded.

The world has paths and messages; the load derives everything else, too. What the engine pays for
the four properties is measured by putting the recorded tables into it with and without them.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.families import Size
from benchmarks.loading import load_ours
from benchmarks.measuring import Taken, cpu_seconds, measure, measure_in_turns
from benchmarks.recording import frame, recorded, replay
from benchmarks.reporting import Report, Row
from benchmarks.worlds import Workshop
from hubtrace.graph.model import MODEL
from hubtrace.ingest.change_types.classifier import CHANGES_READ, COLUMNS, classify_history
from hubtrace.ingest.snapshot import Snapshot


def classify_all(snapshot: str) -> Taken:
    """Tell the change types of every commit of a snapshot; reading what they changed included."""
    begin, worked, commits = time.perf_counter(), cpu_seconds(), 0
    for project in Snapshot(Path(snapshot)).projects():
        rows = project.commits(["sha", "subject", "author"])
        changes = project.changes(CHANGES_READ) if project.tells_changes else None
        commits += classify_history(project.project.side, rows, changes).num_rows
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - worked
    return Taken(seconds, {"commits": commits, "cpu": cpu})


def put_recorded(recording: str, graph: str, types: bool) -> Taken:
    """Put recorded tables into the engine, with or without the change types, and save."""
    import kglite

    Path(graph).unlink(missing_ok=True)
    left_out = [] if types else COLUMNS.names
    frames = [
        (
            put.into,
            frame(put.rows.drop_columns([c for c in left_out if c in put.rows.schema.names])),
        )
        for put in recorded(Path(recording))
    ]
    begin, worked = time.perf_counter(), cpu_seconds()
    built = kglite.KnowledgeGraph()
    for into, rows in frames:
        replay(built, into, rows)
    built.set_schema_version(MODEL.version)
    built.save(graph)
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - worked
    return Taken(seconds, {"mb": Path(graph).stat().st_size / 1e6, "cpu": cpu})


def run(workshop: Workshop, size: Size, repeat: int) -> Iterator[Report]:
    """Measure a world of this size."""
    snapshot, recording = str(workshop.snapshot(size)), str(workshop.recording(size))
    graph = str(workshop.folder / "types.kgl")
    told = measure(classify_all, {"snapshot": snapshot}, repeat=repeat)
    loaded = measure(load_ours, {"snapshot": snapshot, "graph": graph}, repeat=repeat)
    with_types, without = measure_in_turns(
        [
            (put_recorded, {"recording": recording, "graph": graph, "types": types})
            for types in (True, False)
        ],
        repeat,
    )
    # Processor time: the parts ran at other times than the whole, beside other work.
    cpu = [measured.facts["cpu"] for measured in (loaded, told, with_types, without)]
    rest = cpu[0] - cpu[1] - (cpu[2] - cpu[3])
    yield Report(
        f"change types: {size.families:,} families, {size.commits:,} commits with paths",
        [
            Row.of(
                "telling the types of every commit",
                told,
                commits=size.commits,
                note=f"{cpu[1]:.1f} s of processor time",
            ),
            Row.of("the engine, without the properties", without, note=_note(without.facts)),
            Row.of("the engine, with the properties", with_types, note=_note(with_types.facts)),
            Row.of(
                "hubtrace load, all of it",
                loaded,
                commits=size.commits,
                ratio=f"{cpu[0] / rest:.2f}x the processor time of a load without types",
                goal="≤ 2x",
                note=f"{cpu[0]:.1f} s of processor time",
            ),
        ],
    )


def _note(facts: dict[str, float]) -> str:
    return f"{facts['cpu']:.1f} s of processor time; a graph of {facts['mb']:,.0f} MB"
