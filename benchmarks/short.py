"""`python -m benchmarks short [PATH…]`: all that has a goal, small, in five minutes.

Made worlds, and real repositories beside them where a PATH or HUBTRACE_BENCH_PATHS (separated as in
PATH) names some. The large worlds are for the benchmarks of their own.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import audits, labels, loading, real
from benchmarks.families import STUDY, Size, world
from benchmarks.measuring import Taken, cpu_seconds, measure
from benchmarks.reporting import Report, Row, print_reports
from benchmarks.worlds import Workshop, workshop, write_snapshot
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Commit, Observation, Ref, RefKind
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import ProjectData

SMALL_PROJECTS = Size(200, 1_400, 500)
"""Projects of two commits each: what a load costs per project."""
SOME_LABELS = Size(STUDY.families // 4, STUDY.commits // 4, STUDY.variants // 4)
"""A quarter of the study; `python -m benchmarks labels` has the whole, which takes minutes."""
_PATHS = "HUBTRACE_BENCH_PATHS"


def projects(made: Workshop) -> Iterator[Report]:
    """Measure what a load with nothing new costs per project, and what writing one costs."""
    snapshot = str(made.folder / "small-projects")
    graph = str(made.folder / "small-projects.kgl")
    written = measure(write_snapshot, {"size": asdict(SMALL_PROJECTS), "path": snapshot})
    first = measure(real.load_again, {"snapshot": snapshot, "graph": graph})
    again = measure(real.load_again, {"snapshot": snapshot, "graph": graph}, repeat=2)
    one = measure(write_one, {"snapshot": snapshot}, repeat=2)
    count = int(written.facts["projects"])
    yield Report(
        f"load with nothing new: {count:,} projects of two commits",
        [
            Row.of("writing the snapshot", written, note=_each(written.seconds, count)),
            Row.of("the first load", first, note=_each(first.facts["cpu"], count)),
            Row.of(
                "load again, nothing new",
                again,
                goal=f"≤ {1.5 * count / 14_000:.2f} s and opening (1.5 s at 14,000)",
                note=f"{again.facts['cpu']:.2f} s of processor time",
            ),
            Row.of(
                "one project written beside them",
                one,
                goal="the same beside ten times as many",
                note=f"{one.facts['cpu']:.3f} s of processor time",
            ),
        ],
    )


def write_one(snapshot: str) -> Taken:
    """Write a project with a new commit, from the opening of the snapshot to its end."""
    url = "https://github.com/one/more"
    sha, main = f"{time.time_ns():040x}", "refs/heads/main"
    commit = Commit(sha, (), "A", "a@example.org", 1, 1, "One more")
    seen = Observation(int(time.time()), main, (Ref(main, RefKind.BRANCH, sha),))
    reading = ProjectData(Project(url, Side.UPSTREAM, "one/more", url), seen, iter([commit]))
    begin, worked = time.perf_counter(), cpu_seconds()
    with SnapshotWriter(Path(snapshot)) as writer:
        writer.write_project(reading, "git")
    return Taken(time.perf_counter() - begin, {"cpu": cpu_seconds() - worked})


def _each(seconds: float, count: int) -> str:
    return f"{seconds / count * 1e3:.1f} ms a project"


def main(arguments: list[str]) -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks short", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    options = parser.parse_args(arguments)
    named = [Path(path) for path in os.environ.get(_PATHS, "").split(os.pathsep) if path]
    paths = options.paths or named
    with workshop(None) as made:
        benchmarks = [
            loading.run(made, [world(20_000), world(10_000, paths=True)], 1),
            projects(made),
            labels.run(made, [SOME_LABELS], 1),
            audits.run(made, world(20_000), 1),
        ]
        if paths:
            benchmarks.insert(0, real.run(made, paths, 1))
        return print_reports(options.format, benchmarks)
