"""What is asked once, for all tests and all workers."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.hubtrace.conftest import call

__all__ = ["call"]

ROOT = Path(__file__).parents[2]
_TAKEN = ("PATH", "PYTHONPATH", "PYTHONHASHSEED", "TMPDIR", "LD_LIBRARY_PATH", "HUBTRACE_REFREEZE")
"""What the asking process takes over; nothing else of this environment can change what it says."""

Record = Callable[..., Path]


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Ask, in a process of its own, once in a run however many workers there are."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def run(
        way: str,
        environment: Mapping[str, str] | None = None,
        given: Path | None = None,
        name: str | None = None,
    ) -> Path:
        folder = shared / f"golden-{name or way}"
        with (shared / f"golden-{name or way}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                _ask(way, folder, environment or {}, given)
                (folder / "done").touch()
        return folder

    return run


def _ask(way: str, folder: Path, environment: Mapping[str, str], given: Path | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that failed
    folder.mkdir()
    if given is not None:
        shutil.copytree(given, folder / "given")
    taken = {name: os.environ[name] for name in _TAKEN if name in os.environ}
    taken["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [taken.get("PYTHONPATH")])])
    fixed = {"HOME": str(folder / "home"), "COLUMNS": "80", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.recording", way, str(folder)],
        env={**taken, **fixed, "NO_PROXY": "127.0.0.1", **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
