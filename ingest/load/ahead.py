"""Deriving projects ahead of the engine that loads them, in a process beside it.

Both are busy with one core each, and neither waits for the other: a load takes as long as the
slower of the two. The helper is our own Python with our own module; it ends with its pipe, so a
kill of either leaves nothing running.
"""

import contextlib
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from graph.errors import IngestError
from ingest.load.project import DerivedProject, derive
from ingest.snapshot import ProjectHistory
from ingest.snapshot.reader import read_project

MANY = 500
"""Projects from which on a helper is worth the third of a second that it takes to start."""
_AT_ONCE = 50


def derived(histories: list[ProjectHistory]) -> Iterator[DerivedProject]:
    """Yield the projects, derived, in order.

    Raises:
        SnapshotCorrupt: a file of one is not what was written.
        IngestError: the helper ended before its work was done.
    """
    if len(histories) < MANY:
        yield from map(derive, histories)
        return
    # -P: never look for our module in the folder that somebody happens to stand in.
    command = [sys.executable, "-P", "-c", "from ingest.load.ahead import help_out; help_out()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as helper:
        try:
            source, target = _ends(helper)
            with target:
                pickle.dump([str(history.folder) for history in histories], target)
            yield from _received(source, len(histories))
        finally:
            helper.kill()


def _ends(helper: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if helper.stdout is None or helper.stdin is None:
        raise IngestError("the process that derives projects has no pipes")
    return helper.stdout, helper.stdin


def _received(stream: IO[bytes], expected: int) -> Iterator[DerivedProject]:
    """Yield what our own helper sends: no other process can write to its pipe."""
    count = 0
    while count < expected:
        try:
            batch = pickle.load(stream)  # noqa: S301 - see above
        except EOFError:
            raise IngestError("the process that derives projects ended too early") from None
        if isinstance(batch, Exception):
            raise batch
        count += len(batch)
        yield from batch


def help_out() -> None:
    """Be the helper: derive what stdin names, write it to stdout."""
    # Ctrl-C reaches the whole group; the one who asked decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError):
        _serve(sys.stdin.buffer, sys.stdout.buffer)


def _serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Derive the projects in the folders that `source` names, and send them to `target`."""
    projects = (derive(read_project(Path(folder))) for folder in pickle.load(source))  # noqa: S301
    try:
        while batch := list(islice(projects, _AT_ONCE)):
            pickle.dump(batch, target, protocol=pickle.HIGHEST_PROTOCOL)
            target.flush()
    except IngestError as error:
        pickle.dump(error, target)
        target.flush()
