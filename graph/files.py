"""Files that are whole or not there, and one writer at a time."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hubtrace.graph.errors import HubtraceError


@contextmanager
def atomic_replace(path: Path) -> Iterator[Path]:
    """Yield a path to write to; that file becomes `path` when the block ends without an error.

    A reader, or a kill, sees the old content or the new, never a part. The content is on disk
    before the name is. A link stays one: what it points to is replaced. What is not a regular
    file, as a device or a pipe, is written to and stays what it is.

    Raises:
        OSError: the file cannot be written; the error names `path`.
    """
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.exists() and not target.is_file():
            yield target
            return
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the name that the user knows
        raise
    finally:
        with suppress(OSError):  # the folder may not even be one
            aside.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to write files to; it becomes `path` when the block ends without an error.

    So several files are there together, or none. `path` may be an empty folder, or a link to one.

    Raises:
        OSError: `path` holds something already (`ENOTEMPTY`), or cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and any(target.iterdir()):
        raise OSError(errno.ENOTEMPTY, "it is not empty; choose another folder", str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        aside.mkdir()
        yield aside
        aside.replace(target)  # an empty folder is replaced, any other is not
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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
