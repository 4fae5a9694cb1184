"""`labels`: the patterns of all families from a loaded graph, beside two versions in pandas.

Every peer's labels are compared with ours, family by family; a run that disagrees fails.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import labels_pandas
from benchmarks.families import STUDY, Size
from benchmarks.measuring import BenchmarkFailed, Measured, Taken, measure
from benchmarks.reporting import Report, Row, times
from benchmarks.worlds import Workshop
from hubtrace.graph import open_store
from hubtrace.queries.patterns import patterns

GOAL = 50
_PLAIN = ("family", "lag", "sync", "intensity", "code")
_MORE = ("stability", "code_7_days", "code_28_days", "early_code", "late_code")
_UPSTREAM = """
MATCH (f:Family {name: $family})-[:UPSTREAM]->(p)-[h:HAS_COMMIT]->(:Commit)
WHERE h.on_default RETURN h.at AS at"""
_DOWNSTREAM = """
MATCH (f:Family {name: $family})-[:RELEASES]->(p)-[h:HAS_COMMIT]->(:Commit)
WHERE h.on_default RETURN h.at AS at, p.name AS project"""


def label_ours(graph: str, stability: bool) -> Taken:
    """Label every family from a graph; opening it is told apart."""
    begin = time.perf_counter()
    with open_store(graph) as store:
        store.run("MATCH (f:Family) RETURN count(f)")
        opened = time.perf_counter() - begin
        found = patterns(store, stability=stability)
        seconds = time.perf_counter() - begin - opened
    wanted = _PLAIN + _MORE if stability else _PLAIN
    labels = [{name: asdict(one)[name] for name in wanted} for one in found]
    return Taken(seconds, {"opened": opened, "labels": labels})


def label_pandas(frames: str, shape: str, every: int, stability: bool) -> Taken:
    """Label every n-th family in pandas, from two frames of all commits that are in memory."""
    upstream, downstream = (pd.read_parquet(file) for file in _frame_files(Path(frames)))
    families = sorted(upstream["family"].unique())[every // 2 :: every]
    label = {"study": labels_pandas.study, "tidy": labels_pandas.tidy}[shape]
    begin = time.perf_counter()
    labels = label(upstream, downstream, families, stability)
    return Taken(time.perf_counter() - begin, {"labels": labels})


def write_frames(graph: str, path: str) -> Taken:
    """Write the frames that the peers start from: the commits of default branches, per side."""
    begin = time.perf_counter()
    folder = Path(path)
    folder.mkdir(parents=True)
    with open_store(graph) as store:
        names = [str(row[0]) for row in store.run("MATCH (f:Family) RETURN f.name").rows()]
        for statement, file in zip((_UPSTREAM, _DOWNSTREAM), _frame_files(folder), strict=True):
            parts = [
                store.run(statement, family=name).to_data_frame().assign(family=name)
                for name in names
            ]
            frame = pd.concat(parts, ignore_index=True)
            frame["date"] = pd.to_datetime(frame.pop("at"), unit="s")
            frame.to_parquet(file)
    return Taken(time.perf_counter() - begin)


def run(workshop: Workshop, sizes: list[Size], repeat: int) -> Iterator[Report]:
    """Measure the labels of worlds of these sizes."""
    for size in sizes:
        yield _report(workshop, size, size.runs(repeat))


def _report(workshop: Workshop, size: Size, repeat: int) -> Report:
    graph = str(workshop.graph(size))
    frames = workshop.made(
        f"frames-{size.families}-{size.commits}",
        lambda path: measure(write_frames, {"graph": graph, "path": str(path)}),
    )
    title = (
        f"labels: {size.families:,} families, {size.variants:,} variants, {size.commits:,} commits"
    )
    report = Report(title)
    for stability in (False, True):
        ours = measure(label_ours, {"graph": graph, "stability": stability}, repeat=repeat)
        what = "hubtrace, with stability" if stability else "hubtrace"
        note = f"the graph opened in {ours.facts['opened']:.2f} s"
        report.rows.append(Row.of(what, ours, commits=size.commits, note=note))
        report.rows.extend(_peers(ours, str(frames), size, stability))
    return report


def _peers(ours: Measured, frames: str, size: Size, stability: bool) -> Iterator[Row]:
    for shape, what in (("study", "pandas, the study's loops"), ("tidy", "pandas, tidied up")):
        every = _every(size, shape, stability)
        arguments = {"frames": frames, "shape": shape, "every": every, "stability": stability}
        peer = measure(label_pandas, arguments)
        labels = peer.facts["labels"]
        _agree(ours.facts["labels"], labels, what)
        seconds = peer.seconds * size.families / len(labels)
        yield Row(
            f"{what}{', with stability' if stability else ''}",
            seconds,
            peer.peak_mb,
            commits=size.commits,
            ratio=times(seconds, ours.seconds),
            goal=f"≥ {GOAL}x" if size == STUDY and shape == "study" else "",
            note=f"{len(labels)} families agree"
            + ("" if every == 1 else f"; extrapolated from them ({peer.seconds:.1f} s)"),
        )


def _every(size: Size, shape: str, stability: bool) -> int:
    """Return the n of "every n-th family", so that a peer takes seconds and not hours.

    The study's loops filter all commits for every family, so they slow down with the world.
    """
    if shape == "study":
        some = min(50, size.families // 8)
        enough = some if stability else 100 if size.commits > STUDY.commits else STUDY.families
    else:
        enough = min(STUDY.families, size.families // 4) if stability else size.families
    return max(1, size.families // enough)


def _agree(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], what: str) -> None:
    known = {label["family"]: label for label in ours}
    for label in theirs:
        if known[label["family"]] != label:
            raise BenchmarkFailed(f"{what} says {label}, hubtrace {known[label['family']]}")


def _frame_files(folder: Path) -> tuple[Path, Path]:
    return folder / "upstream.parquet", folder / "downstream.parquet"
