"""`python -m benchmarks real PATH…`: clones of yours, from git to the graph, beside git itself.

A PATH is a repository, bare or not, or a folder of them. Nothing of theirs is changed, and no host
is asked: each is cloned from its folder and is the upstream of a family of its own. What git does
alone is the limit; the engine's bulk load is given the very rows that ours puts into a graph.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.loading import load_bulk, load_ours
from benchmarks.measuring import (
    ROOT,
    BenchmarkFailed,
    Measured,
    Taken,
    cpu_seconds,
    measure,
    measure_in_turns,
)
from benchmarks.reporting import Report, Row, print_reports, times
from benchmarks.repository import environment
from benchmarks.worlds import Workshop, workshop, write_recording
from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.ingest.load import load
from hubtrace.ingest.snapshot import Snapshot

GOAL_CPU, GOAL_CLOCK = 15_000, 20_000
"""Commits of which a load ought to bring in so many in a second."""
_DEPTH = 3
"""How deep below a PATH repositories are looked for."""
_SERVING = "--upload-pack=git -c uploadpack.allowFilter=true -c safe.directory=* upload-pack"
_CLONE = ("--quiet", "--bare", "--filter=blob:none", _SERVING)
_LOG = ("log", "--branches", "--tags", "-z", "--raw", "--no-abbrev", "--no-renames", "-m", "--root")


def repositories(paths: Sequence[Path]) -> list[Path]:
    """Return the repositories at `paths` and in folders below them, each once."""
    found = dict.fromkeys(one.resolve() for path in paths for one in _below(path, _DEPTH))
    if not found:
        raise BenchmarkFailed(f"there is no git repository at {', '.join(map(str, paths))}")
    return list(found)


def _below(path: Path, depth: int) -> Iterator[Path]:
    if (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir()):
        yield path
    elif depth and path.is_dir():
        for child in sorted(path.iterdir()):
            yield from _below(child, depth - 1)


def clone_all(paths: list[str], folder: str) -> Taken:
    """Clone repositories by git alone, one after the other; without contents, as ours does."""
    shutil.rmtree(folder, ignore_errors=True)
    begin, worked = time.perf_counter(), cpu_seconds()
    for number, path in enumerate(paths):
        _git("clone", *_CLONE, f"file://{path}", f"{folder}/{number}")
    return _since(begin, worked)


def log_all(folder: str) -> Taken:
    """Run git log over all clones of a folder, with the paths that commits changed."""
    begin, worked = time.perf_counter(), cpu_seconds()
    for clone in Path(folder).iterdir():
        _git("-C", str(clone), *_LOG)
    return _since(begin, worked)


def ingest_all(families: str, snapshot: str, cache: str) -> Taken:
    """Read families into a snapshot by the command line."""
    command = [sys.executable, "-m", "hubtrace", "ingest", "--families", families, "--no-load"]
    return _run([*command, "--snapshot", snapshot, "--cache", cache])


def load_again(snapshot: str, graph: str) -> Taken:
    """Bring a graph up to a snapshot."""
    begin, worked = time.perf_counter(), cpu_seconds()
    loaded = load(Snapshot(Path(snapshot)), EmbeddedStore(graph))
    taken = _since(begin, worked)
    return Taken(taken.seconds, {**taken.facts, "new": loaded.new_projects})


def ask_fresh(arguments: list[str]) -> Taken:
    """Run `hubtrace` in a process of its own, its start and its end included."""
    return _run([sys.executable, "-m", "hubtrace", *arguments])


def shape(snapshot: str) -> Taken:
    """Count what a made world has to be like: commits, distinct paths, messages, refs."""
    begin, worked = time.perf_counter(), cpu_seconds()
    commits = refs = 0
    paths: set[tuple[int, str]] = set()
    messages: set[str] = set()
    projects = list(Snapshot(Path(snapshot)).projects())
    for number, project in enumerate(projects):
        rows = project.commits(["subject"])
        commits += rows.num_rows
        refs += len(project.last.refs)
        messages.update(rows["subject"].to_pylist())
        paths.update((number, path) for path in project.changes(["path"])["path"].to_pylist())
    facts = {"commits": commits, "projects": len(projects), "refs": refs}
    taken = _since(begin, worked)
    return Taken(
        taken.seconds, {**taken.facts, **facts, "paths": len(paths), "messages": len(messages)}
    )


def run(workshop: Workshop, paths: Sequence[Path], repeat: int) -> Iterator[Report]:
    """Measure everything between these repositories and a graph of them."""
    places = list(map(str, repositories(paths)))
    folder = workshop.folder
    snapshot, graph, cache = (str(folder / name) for name in ("real", "real.kgl", "real-cache"))
    clones, recording = str(folder / "real-clones"), folder / "real-rows"
    families = folder / "real.toml"
    families.write_text("\n".join(_family(*one) for one in _named(places)), encoding="utf-8")
    for made in (snapshot, cache, str(recording)):
        shutil.rmtree(made, ignore_errors=True)
    cloned = measure(clone_all, {"paths": places, "folder": clones})
    logged = measure(log_all, {"folder": clones}, repeat=repeat)
    arguments = {"families": str(families), "snapshot": snapshot, "cache": cache}
    ingested = measure(ingest_all, arguments)
    facts = measure(shape, {"snapshot": snapshot}).facts
    measure(write_recording, {"snapshot": snapshot, "path": str(recording)})
    bulk, ours = measure_in_turns(
        [
            (load_bulk, {"recording": str(recording), "graph": graph}),
            (load_ours, {"snapshot": snapshot, "graph": graph}),
        ],
        repeat,
    )
    again = measure(load_again, {"snapshot": snapshot, "graph": graph}, repeat=repeat)
    yield Report(
        f"real: {facts['projects']:,} repositories, {facts['commits']:,} commits, "
        f"{facts['paths']:,} distinct paths ({facts['paths'] / max(1, facts['commits']):.1f} a "
        f"commit), {facts['messages']:,} distinct messages, {facts['refs']:,} refs",
        [
            _row("git clone without contents, one after the other", cloned),
            _row("git log over all, with paths, to the null device", logged, facts["commits"]),
            _ingest_row(ingested, ours, cloned, logged, facts["commits"]),
            _row("the engine's bulk load of the same rows", bulk, facts["commits"]),
            _load_row(ours, bulk, logged, facts["commits"]),
            _row("load again, nothing new", again),
            *_after_one_change(places, arguments, graph),
            *_questions(graph),
        ],
    )


def _ingest_row(
    ingested: Measured, loaded: Measured, cloned: Measured, logged: Measured, commits: int
) -> Row:
    both, git = ingested.seconds + loaded.seconds, cloned.seconds + logged.seconds
    worked = ingested.facts["cpu"] + loaded.facts["cpu"]
    git_worked = cloned.facts["cpu"] + logged.facts["cpu"]
    ratio = f"with load {times(both, git)} of clone + log"
    note = f"by processor time {times(worked, git_worked)}"
    return _row("hubtrace ingest", ingested, commits, ratio=ratio, goal="≤ 1.25x", note=note)


def _load_row(ours: Measured, bulk: Measured, logged: Measured, commits: int) -> Row:
    cpu = ours.facts["cpu"]
    return _row(
        "hubtrace load",
        ours,
        commits,
        ratio=f"{times(ours.seconds, bulk.seconds)} of the engine",
        goal=f"≥ {GOAL_CPU:,} commits/s of processor time, ≥ {GOAL_CLOCK:,} by the clock",
        note=f"**{commits / cpu:,.0f} commits/s of processor time**, "
        f"{times(cpu, bulk.facts['cpu'])} of the engine's, "
        f"{times(cpu, logged.facts['cpu'])} of git log's",
    )


def _after_one_change(places: list[str], arguments: dict[str, str], graph: str) -> Iterator[Row]:
    """Yield rows of an ingest and a load after one repository, the smallest, got a commit."""
    folder = Path(arguments["families"]).parent
    clones = folder / "real-clones"
    smallest = min(clones.iterdir(), key=lambda c: sum(f.stat().st_size for f in _files(c)))
    at = str(smallest)
    names, number = list(_named(places)), int(smallest.name)
    try:
        tip = _read("-C", at, "rev-parse", "HEAD")
        made = _read("-C", at, "commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", "One more")
        _git("-C", at, "update-ref", "HEAD", made)
    except subprocess.CalledProcessError:
        yield Row("load after one project changed", note="the smallest repository is empty")
        return
    changed = folder / "real-one.toml"
    changed.write_text(_family(names[number][0], at), encoding="utf-8")
    yield _row(
        "ingest of one project that changed",
        measure(ingest_all, {**arguments, "families": str(changed)}),
    )
    loaded = measure(load_again, {"snapshot": arguments["snapshot"], "graph": graph})
    if loaded.facts["new"] != 1:
        raise BenchmarkFailed(f"one project changed, and {loaded.facts['new']} were loaded")
    yield _row("load of one project that changed", loaded)


def _questions(graph: str) -> Iterator[Row]:
    """Yield rows of questions about the largest project, by a process each."""
    with open_store(graph) as store:
        question = "MATCH (r:Repository)-[:HAS_COMMIT]->(c:Commit) "
        found = store.run(
            f"{question}RETURN r.name AS name, min(c.sha) AS sha, count(c) AS commits "
            "ORDER BY commits DESC LIMIT 1"
        ).data()
        variants = store.run("MATCH (v:Variant) RETURN min(v.name) AS name").evaluate()
    if not found:
        return
    asked = [["trace", found[0]["sha"]], ["history", found[0]["name"]]]
    if variants:
        asked += [["audit", variants], ["check", variants]]
    for arguments in asked:
        answered = measure(ask_fresh, {"arguments": [*arguments, "--graph", graph]})
        what = f"`{arguments[0]}`, a fresh process; {found[0]['commits']:,} commits"
        yield _row(what, answered, goal="≤ 0.6 s")


def _row(what: str, measured: Measured, commits: int | None = None, **rest: Any) -> Row:
    cpu = f"{measured.facts['cpu']:.2f} s of processor time"
    note = "; ".join(part for part in (rest.pop("note", ""), cpu) if part)
    return Row.of(what, measured, commits=commits, note=note, **rest)


def _named(places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a name on a host, unlike all others, and the folder of each repository."""
    taken: set[str] = set()
    for number, place in enumerate(places):
        path = Path(place)
        folder = path.parent if path.name in ("repo", "repo.git", "git") else path
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", folder.name.removesuffix(".git")).strip("-.")
        name = f"real/{name or number}"
        name = f"{name}-{number}" if name.lower() in taken else name
        taken.add(name.lower())
        yield name, place


def _family(name: str, place: str) -> str:
    written = "".join(f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 32 else c for c in place)
    return f'[[family]]\nname = "{name}"\nupstream = "{name}={written}"\nvariants = []\n'


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


def _git(*arguments: str) -> None:
    command = ["git", "-c", "safe.directory=*", *arguments]
    subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, check=True)


def _read(*arguments: str) -> str:
    who = {f"GIT_{role}_{what}": "x@y" for role in ("AUTHOR", "COMMITTER") for what in _WHO}
    command = ["git", *arguments]
    done = subprocess.run(command, env={**environment(), **who}, capture_output=True, check=True)
    return done.stdout.decode().strip()


_WHO = ("NAME", "EMAIL")


def _since(begin: float, worked: float) -> Taken:
    return Taken(time.perf_counter() - begin, {"cpu": cpu_seconds() - worked})


def _run(command: list[str]) -> Taken:
    begin, worked = time.perf_counter(), cpu_seconds()
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, check=False)
    taken = _since(begin, worked)
    if done.returncode:
        raise BenchmarkFailed(done.stderr.decode(errors="replace")[-2000:])
    return taken


def main(arguments: list[str]) -> int:
    """Measure the repositories that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks real", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the best counts")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave clones and graph here")
    options = parser.parse_args(arguments)
    with workshop(options.keep) as made:
        return print_reports(options.format, [run(made, options.paths, options.repeat)])
