"""`git`: the git source beside git itself, PyDriller and Perceval.

All read the same repository in the same run, in turns, each in a process of its own.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import git_readers
from benchmarks.measuring import BenchmarkFailed, Measured, has_module, measure, measure_in_turns
from benchmarks.reporting import Report, Row, times
from benchmarks.repository import make_repository
from benchmarks.worlds import Workshop

_ROUNDS = 3  # runs are short here, so there is time for more of them
_MISSING = "not measured: install the dependency group `bench`, or name a Python that has it"


def run(
    workshop: Workshop,
    commits: int,
    repositories: list[Path],
    *,
    sample: int,
    repeat: int,
    python: str,
) -> Iterator[Report]:
    """Measure on a made repository of so many commits, or on the given ones."""
    if not repositories:
        made = workshop.made(f"repository-{commits}.git", lambda p: make_repository(p, commits))
        repositories = [made]
    for repository in repositories:
        yield _report(workshop, repository, sample, repeat, python)


def _report(workshop: Workshop, repository: Path, sample: int, repeat: int, python: str) -> Report:
    place = str(repository.resolve())
    cache = str(workshop.folder / "clones")
    reading: dict[str, Any] = {"repository": place, "cache": cache}
    git_readers.read_ours(**reading)  # makes the clone
    ours, quiet, piped = measure_in_turns(
        [
            (git_readers.read_ours, reading),
            (git_readers.read_git, {**reading, "pipe": False}),
            (git_readers.read_git, {**reading, "pipe": True}),
        ],
        _ROUNDS * repeat,
    )
    commits = ours.facts["commits"]
    name = "the made repository" if repository.parent == workshop.folder else repository.name
    merges, paths = ours.facts["merges"], ours.facts["paths"]
    title = f"git: {name}, {commits:,} commits, {merges:,} merges, {paths:,} paths"
    rows = [
        Row.of("git log, the same options, to the null device", quiet, commits=commits),
        Row.of("git log, the same options, through a pipe", piped, commits=commits),
        Row.of(
            "hubtrace git source",
            ours,
            commits=commits,
            ratio=f"{times(ours.seconds, piped.seconds)} of git",
            goal="≤ 1.25x",
            note=f"the stream alone {times(ours.facts['stream'], piped.seconds)}; "
            f"processor time {times(ours.facts['cpu'], piped.facts['cpu'])}",
        ),
        _perceval(workshop, place, ours, python),
        _pydriller(place, ours, sample, python),
    ]
    return Report(title, rows)


def _perceval(workshop: Workshop, place: str, ours: Measured, python: str) -> Row:
    if not has_module(python, "perceval.backends.core.git"):
        return Row("Perceval, Git backend", note=_MISSING)
    clone = workshop.folder / f"perceval-{Path(place).name}"
    arguments = {"repository": place, "clone": str(clone)}
    peer = measure(git_readers.read_perceval, arguments, python=python)
    if peer.facts["commits"] < ours.facts["commits"]:
        raise BenchmarkFailed(f"Perceval read {peer.facts}, hubtrace {ours.facts}")
    each = peer.seconds / peer.facts["commits"]
    return Row.of(
        "Perceval, Git backend",
        peer,
        commits=peer.facts["commits"],
        ratio=times(each, ours.seconds / ours.facts["commits"]),
        goal="≥ 8x",
        note="its clone made before, no update",
    )


def _pydriller(place: str, ours: Measured, sample: int, python: str) -> Row:
    if not has_module(python, "pydriller"):
        return Row("PyDriller, modified files", note=_MISSING)
    listed = subprocess.run(
        ["git", "-C", place, "rev-list", "--all"], capture_output=True, text=True, check=True
    ).stdout.split()
    shas = listed[:: max(1, len(listed) // sample)]
    arguments = {"repository": place, "shas": shas}
    peer = measure(git_readers.read_pydriller, arguments, python=python)
    each = peer.seconds / len(shas)
    return Row.of(
        "PyDriller, modified files",
        peer,
        commits=len(shas),
        ratio=f"{times(each, ours.seconds / ours.facts['commits'])} per commit",
        goal="≥ 80x",
        note=f"a sample of {len(shas)} commits, evenly spread",
    )
