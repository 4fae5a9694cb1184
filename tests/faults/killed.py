"""Run the real command line and kill it, at the n-th thing it does to the file system or at a time.

Python reports what it is about to do to its audit hooks (https://docs.python.org/3/library/audit_events.html).
A hook that kills the process at the n-th event makes every moment of a run reachable, and the same
moment again; the engine's own writes are below Python and are reached by the clock.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_KILLING = """
import os, signal, sys
left = int(sys.argv.pop(1))
def hook(event, args):
    global left
    if event == "open" and (not isinstance(args[0], str) or args[1] in ("r", "rb", None)):
        return
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate",
                 "shutil.rmtree", "subprocess.Popen"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
from hubtrace.cli import main
sys.addaudithook(hook)
try:
    main()
finally:
    print(f"events left: {left}", file=sys.stderr)
"""

KILLED = -9
_NEVER = 1_000_000


def run(
    arguments: Sequence[str], *, kill_at_event: int = _NEVER
) -> subprocess.CompletedProcess[str]:
    """Run `hubtrace` with these arguments; kill it at the n-th event, if it gets there."""
    command = [sys.executable, "-c", _KILLING, str(kill_at_event), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())


def run_for(arguments: Sequence[str], seconds: float) -> int:
    """Run `hubtrace` and kill it after some time; return its exit code, -9 if it was killed."""
    command = [sys.executable, "-c", _KILLING, str(_NEVER), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        # Not the engine: a fork has none of its threads (docs/decisions/0052).
        *("hubtrace.cli", "pyarrow.parquet", "hubtrace.ingest.load", "hubtrace.ingest"),
        *("hubtrace.queries.report.build", "hubtrace.queries.report.formats.html"),
    ]
)


def run_fork(
    arguments: Sequence[str],
    said: Path,
    *,
    kill_at_event: int = _NEVER,
    kill_after: float | None = None,
) -> int | None:
    """Run `hubtrace` in a fork of a process that has imported it, which is several times faster.

    What it prints goes to the file `said`, and how many events there were. The environment is that
    of the first one.
    """
    process = _FORKS.Process(target=_forked, args=(list(arguments), str(said), kill_at_event))
    process.start()
    process.join(kill_after)  # seconds; without a limit until it ends
    process.kill()
    process.join()
    return process.exitcode


def _forked(arguments: list[str], said: str, left: int) -> None:
    from hubtrace.cli import main

    seen = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event == "open" and (not isinstance(args[0], str) or args[1] in ("r", "rb", None)):
            return
        if event in _EVENTS:
            seen += 1
            if seen == left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.argv = ["hubtrace", *arguments]
    with open(said, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.addaudithook(hook)
        try:
            main()
        finally:
            file.write(f"events: {seen}")


_EVENTS = frozenset(
    {
        *("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"),
        *("shutil.rmtree", "subprocess.Popen"),
    }
)


def events(arguments: Sequence[str]) -> int:
    """Run undisturbed and return how many events there are."""
    done = run(arguments)
    assert done.returncode == 0, done.stderr
    return _NEVER - int(done.stderr.rsplit("events left: ", 1)[1])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
