"""`origins`: finding what variants copied, and asking where a file of theirs comes from.

The whole search; the search for one new variant; the questions as a person asks them, a process
each, its start and the opening of the graph included.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.families import Size
from benchmarks.files import FileWorld
from benchmarks.measuring import Measured, Taken, cpu_seconds, measure
from benchmarks.reporting import Report, Row
from benchmarks.worlds import Workshop
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.copies import find_copies
from hubtrace.ingest.derive.copy_index import read_copy_index
from hubtrace.ingest.load import load
from hubtrace.ingest.snapshot import ProjectHistory, Snapshot, SnapshotWriter
from hubtrace.ingest.source import no_progress


def world_of_files(repositories: int) -> Size:
    """Return a world of 1,000 commits and two and a half variants a repository."""
    return Size(repositories, repositories * 1_000, repositories * 5 // 2)


def write_files(repositories: int, path: str) -> Taken:
    """Write the snapshot of a world with files."""
    begin = time.perf_counter()
    with SnapshotWriter(Path(path)) as writer:
        for family, readings in FileWorld(world_of_files(repositories)).families():
            for reading in readings:
                writer.write_project(reading, "git")
            writer.write_family(family)
    return Taken(time.perf_counter() - begin)


def load_files(snapshot: str, graph: str) -> Taken:
    """Load the snapshot into a new graph."""
    begin = time.perf_counter()
    loaded = load(Snapshot(Path(snapshot)), EmbeddedStore(graph))
    return Taken(time.perf_counter() - begin, {"copies": loaded.copies})


def search(snapshot: str, variants: int | None) -> Taken:
    """Find the copies of all variants, or of the first few."""
    opened = Snapshot(Path(snapshot))
    begin, worked = time.perf_counter(), cpu_seconds()
    upstream: list[ProjectHistory] = []
    downstream: list[ProjectHistory] = []
    for history in opened.projects():
        (upstream if history.project.side is Side.UPSTREAM else downstream).append(history)
    members = {
        (variant, up.project)
        for f in opened.families()
        for up in f.upstreams
        for variant in f.variants
    }
    index = read_copy_index(downstream[:variants], upstream, no_progress)
    copies = find_copies(index, members)
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - worked
    facts = {"copies": copies.num_rows, "variants": len(downstream[:variants]), "cpu": cpu}
    return Taken(seconds, facts)


def question(arguments: list[str]) -> Taken:
    """Run hubtrace as a person does, in a process of its own."""
    begin, worked = time.perf_counter(), cpu_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "hubtrace", *arguments], capture_output=True, text=True, check=True
    )
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - worked
    return Taken(seconds, {"lines": len(done.stdout.splitlines()), "cpu": cpu})


def run(workshop: Workshop, size: Size, repeat: int) -> Iterator[Report]:
    """Measure the search and the questions on a world of this size."""
    snapshot = str(workshop.made(f"files-{size.families}", lambda path: _snapshot(size, path)))
    graph = str(workshop.made(f"files-{size.families}.kgl", lambda path: _graph(snapshot, path)))
    whole = measure(search, {"snapshot": snapshot, "variants": None}, repeat=repeat)
    one = measure(search, {"snapshot": snapshot, "variants": 1}, repeat=repeat)
    rows = [
        Row.of("the copies of all variants", whole, goal="minutes, a few GB", note=_found(whole)),
        Row.of("the copies of one new variant", one, note=_found(one)),
    ]
    for name, arguments in _questions(graph):
        asked = measure(question, {"arguments": [*arguments, "--graph", graph]}, repeat=repeat)
        note = f"{asked.facts['lines']:,} lines; processor time {asked.facts['cpu']:.2f} s"
        rows.append(Row.of(name, asked, goal="< 2 s", note=note))
    title = f"origins: {size.families:,} repositories, {size.variants:,} variants, "
    yield Report(f"{title}{size.commits:,} commits, a new file in each", rows)


def _questions(graph: str) -> Iterator[tuple[str, list[str]]]:
    """Yield questions about the variant with the most copies and one of its files."""
    with EmbeddedStore(graph) as store:
        variant, repository = store.run(
            "MATCH (v:Variant)-[:HAS_COPY]->(c:Copy)-[:COPIED_FROM]->(r:Repository) "
            "RETURN v.name, r.name, count(c) AS n ORDER BY n DESC, v.name LIMIT 1"
        ).rows()[0][:2]
        path, sha = store.run(
            "MATCH (v:Variant {name: $name})-[:HAS_COPY]->(c:Copy)-[:ORIGINATES_IN]->(o:Commit) "
            "WHERE NOT c.boilerplate RETURN c.path, o.sha ORDER BY c.path LIMIT 1",
            name=variant,
        ).rows()[0]
    yield "`trace` a commit by its whole sha", ["trace", sha]
    yield "`trace` a commit by ten letters", ["trace", sha[:10]]
    yield "`trace` a variant's file", ["trace", f"{variant}:{path}"]
    yield "`why` a variant and its repository", ["why", variant, repository]


def _snapshot(size: Size, path: Path) -> None:
    measure(write_files, {"repositories": size.families, "path": str(path)})


def _graph(snapshot: str, path: Path) -> None:
    measure(load_files, {"snapshot": snapshot, "graph": str(path)})


def _found(measured: Measured) -> str:
    facts = measured.facts
    found = f"{facts['copies']:,} copies of {facts['variants']:,} variants"
    return f"{found}; processor time {facts['cpu']:.1f} s"
