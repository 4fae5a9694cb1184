"""The ways to read a history that are measured: ours, git alone, PyDriller and Perceval.

Every one reads a local repository that is there already: no clone is timed. All but git alone
tell the shas they read and how many paths changed, so that a run can see that they agree.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.measuring import Taken, cpu_seconds
from hubtrace.graph.urls import Project, Side, key_of
from hubtrace.ingest.records import Commit
from hubtrace.ingest.source import Cursor, ProjectData
from hubtrace.ingest.sources.git import GitSource

_BLOCK = 1 << 18


def read_ours(repository: str, cache: str) -> Taken:
    """Read with the git source, its clone up to date: looking for news is timed too."""
    begin, worked = time.perf_counter(), cpu_seconds()
    reading = _reading(repository, cache)
    found = time.perf_counter() - begin
    commits = paths = merges = 0
    for commit in reading.commits:
        commits += 1
        merges += len(commit.parents) > 1
        paths += len(commit.changes)
    seconds = time.perf_counter() - begin
    facts = {"commits": commits, "merges": merges, "paths": paths, "stream": seconds - found}
    return Taken(seconds, {**facts, "cpu": cpu_seconds() - worked})


def read_git(repository: str, cache: str, pipe: bool) -> Taken:
    """Run git alone with the arguments, environment and revisions that the git source gives it.

    Its output goes to the null device, or through a pipe to a reader that drops it.
    """
    arguments, environment = git_log_of(repository, cache)
    reading = _reading(repository, cache)
    tips = "".join(f"{sha}\n" for sha in dict.fromkeys(r.target for r in reading.observation.refs))
    begin, worked = time.perf_counter(), cpu_seconds()
    size = _run(arguments, environment, tips.encode(), pipe)
    seconds = time.perf_counter() - begin
    return Taken(seconds, {"bytes": size, "cpu": cpu_seconds() - worked})


def read_pydriller(repository: str, shas: list[str]) -> Taken:
    """Read single commits with their modified files by PyDriller."""
    from pydriller import Git

    git = Git(repository)
    begin = time.perf_counter()
    paths = sum(len(git.get_commit(sha).modified_files) for sha in shas)
    return Taken(time.perf_counter() - begin, {"commits": len(shas), "paths": paths})


def read_perceval(repository: str, clone: str) -> Taken:
    """Read everything by Perceval's Git backend, from a mirror that it made before."""
    from perceval.backends.core.git import Git, GitRepository

    if not Path(clone).exists():
        GitRepository.clone(repository, clone)
    backend = Git(repository, clone)
    begin = time.perf_counter()
    commits = merges = paths = 0
    for item in backend.fetch(no_update=True):
        commits += 1
        merges += "Merge" in item["data"]
        paths += len(item["data"]["files"])
    facts = {"commits": commits, "merges": merges, "paths": paths}
    return Taken(time.perf_counter() - begin, facts)


def read_commits(repository: str, cache: str) -> list[Commit]:
    """Return every commit as the git source reads it."""
    return list(_reading(repository, cache).commits)


def git_log_of(repository: str, cache: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line and environment of the `git log` that the git source runs.

    They are seen by an audit hook as the process is started, so that they cannot differ.
    """
    seen: list[tuple[list[str], dict[str, str]]] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            _, command, _, environment = arguments
            texts = [os.fsdecode(argument) for argument in command]
            if "log" in texts[:2]:
                seen.append((texts, dict(environment or os.environ)))

    sys.addaudithook(hook)
    for _ in _reading(repository, cache).commits:
        pass
    return seen[0]


def _reading(repository: str, cache: str) -> ProjectData:
    url = Path(repository).resolve().as_uri()
    project = Project(key_of(url), Side.UPSTREAM, Path(repository).name, "")
    return GitSource(Path(cache)).read(project, repository, Cursor())


def _run(command: list[str], environment: dict[str, str], feed: bytes, pipe: bool) -> int:
    output = subprocess.PIPE if pipe else subprocess.DEVNULL
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=output, cwd="/"
    ) as process:
        assert process.stdin is not None
        process.stdin.write(feed)
        process.stdin.close()
        size = sum(map(len, _blocks(process))) if pipe else 0
    if process.returncode != 0:
        raise RuntimeError("git log failed")
    return size


def _blocks(process: subprocess.Popen[bytes]) -> Iterable[bytes]:
    assert process.stdout is not None
    if process.stdout is None:
        raise ValueError("the process was started without a pipe")
    source = process.stdout.fileno()
    return iter(lambda: os.read(source, _BLOCK), b"")
