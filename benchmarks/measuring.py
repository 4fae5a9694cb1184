"""Measuring a function in a process of its own: the best time of several runs, the peak memory.

A measured function takes keyword arguments that JSON can hold and returns what it `took`; what it
prepares before it starts its clock is not timed. Memory is that of the whole process tree, because
half of what reads git is git.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_SAMPLE_SECONDS = 0.05
_PAGE_MB = 4096 / 1e6


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call of a measured function took, and what it found."""

    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """The best of several runs of one function."""

    seconds: float
    peak_mb: float
    """Of the process tree, in the run that needed the least."""
    runs: int
    facts: dict[str, Any]
    """What the fastest run found."""


class BenchmarkFailed(Exception):
    """A measured process broke; the message ends with what it said."""


def say(text: str) -> None:
    """Tell people what is going on."""
    print(text, file=sys.stderr, flush=True)


def measure(
    function: Callable[..., Taken],
    arguments: Mapping[str, Any],
    *,
    repeat: int = 1,
    python: str = sys.executable,
) -> Measured:
    """Run a function `repeat` times, each in a fresh process of `python`, one after the other.

    Raises:
        BenchmarkFailed: a run ended with an error.
    """
    runs = [_run(function, arguments, python) for _ in range(repeat)]
    best, _ = min(runs, key=lambda run: run[0].seconds)
    measured = Measured(best.seconds, min(peak for _, peak in runs), repeat, best.facts)
    say(f"  {function.__name__}: {measured.seconds:.2f} s, {measured.peak_mb:.0f} MB")
    return measured


def measure_in_turns(
    calls: Sequence[tuple[Callable[..., Taken], Mapping[str, Any]]], rounds: int
) -> list[Measured]:
    """Measure several functions in turns, so that noise falls on all of them.

    The processor time in their facts (`cpu`) is the least of all runs.
    """
    found: list[list[Measured]] = [[] for _ in calls]
    for _ in range(rounds):
        for runs, (function, arguments) in zip(found, calls, strict=True):
            runs.append(measure(function, arguments))
    return [_best(runs) for runs in found]


def _best(runs: list[Measured]) -> Measured:
    best = min(runs, key=lambda run: run.seconds)
    facts = {**best.facts, "cpu": min(run.facts["cpu"] for run in runs)}
    return Measured(best.seconds, min(run.peak_mb for run in runs), len(runs), facts)


def cpu_seconds() -> float:
    """Return the processor time that this process and its ended children have used."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def has_module(python: str, module: str) -> bool:
    """Return True if `python` can import `module`."""
    tried = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return tried.returncode == 0


def resident_mb() -> float:
    """Return the memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_MB


def peak_mb() -> float:
    """Return the most memory that this process ever held.

    Not `ru_maxrss`: on Linux a new process inherits that from the one that started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmHWM:"))
    return int(found.split()[1]) * 1024 / 1e6


def _run(
    function: Callable[..., Taken], arguments: Mapping[str, Any], python: str
) -> tuple[Taken, float]:
    name = f"{function.__module__}:{function.__qualname__}"
    command = [python, "-m", "benchmarks.measured", name, json.dumps(arguments)]
    # Files, where a pipe could fill up while nobody reads the other end.
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=complaints) as process:
            sampled = _watch(process)
        if process.returncode != 0:
            complaints.seek(0)
            raise BenchmarkFailed(f"{name} failed:\n{complaints.read().strip()[-2000:]}")
        said.seek(0)
        body = json.loads(said.read().splitlines()[-1])
    return Taken(body["seconds"], body["facts"]), max(sampled, body["peak_mb"])


def _watch(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process; return the most that it and its descendants held at one time."""
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(_rss_mb(pid) for pid in _tree(process.pid)))
        time.sleep(_SAMPLE_SECONDS)
    return peak


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        files = list(Path(f"/proc/{pid}/task").glob("*/children"))
        children = [int(child) for file in files for child in file.read_text().split()]
    except OSError:  # it has ended since
        return
    for child in children:
        yield from _tree(child)


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MB
    except (OSError, IndexError):
        return 0.0
