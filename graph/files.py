"""Files that are whole or not there, and one writer at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubtrace.graph.errors import HubtraceError


@contextmanager
def atomic_replace(path: Path) -> Iterator[Path]:
    """Yield a path to write to; that file becomes `path` when the block ends without an error.

    A reader, or a kill, sees the old content or the new, never a part. The content is on disk
    before the name is.

    Raises:
        OSError: the file cannot be written; the error names `path`.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        error.filename = str(path)  # the name that the user knows
        raise
    finally:
        aside.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a whole file by `atomic_replace`; text as UTF-8, its line breaks as they are."""
    with atomic_replace(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def exclusive_lock(path: Path, what: object, error: type[HubtraceError]) -> Iterator[None]:
    """Hold the lock file `path` during a block; it is removed at the end.

    A lock file that a killed process left behind is no obstacle: the kernel freed its lock.

    Raises:
        error: another process, or another block of this one, holds the lock. The message says
            that `what` is being written, and by which process.
        OSError: the file cannot be made.
    """
    from filelock import FileLock, Timeout  # takes a while, and only writers need it

    os.stat(path.parent)  # filelock would make the folder
    # Not per thread: a block may end in another thread than it began in.
    lock = FileLock(path, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        path.open("ab").close()  # an OSError if the file cannot be made, which filelock hides
        holder = _first_line(path) or "unknown"
        raise error(f"{what} is being written by process {holder}; try again later") from None
    try:
        path.write_text(f"{os.getpid()}\n")
        yield
    finally:
        # Removed while it is locked: who opened it before finds it gone, and makes a new one.
        path.unlink(missing_ok=True)
        lock.release()


def _first_line(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").partition("\n")[0]
    except OSError:
        return ""
