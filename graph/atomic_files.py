"""Files that are whole or not there, and one writer at a time."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hubtrace.graph.errors import HubtraceError


@contextmanager
def atomic_replace(path: Path, *, follow: bool = True) -> Iterator[Path]:
    """Yield a path to write to; that file becomes `path` when the block ends without an error.

    A reader, or a kill, sees the old content or the new, never a part. The content is on disk
    before the name is. A link stays one, and what it points to is replaced; without `follow`, as
    for names that the user did not give, the link is. What is not a regular file, as a device or a
    pipe, is written to and stays what it is. A file that is replaced keeps its mode.

    Raises:
        OSError: the file cannot be written; the error names `path`.
    """
    aside: Path | None = None
    try:
        mode = _mode(path, follow=follow)
        if mode is not None and not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
            yield path  # not by its real path: that of a pipe without a name is none
            return
        target = Path(os.path.realpath(path)) if follow else path
        unfinished = _aside(target)
        # Never one that is there, nor by way of a link: a stranger may have put it there.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        kept = mode is not None and stat.S_ISREG(mode)
        os.close(os.open(unfinished, flags, 0o600 if kept else 0o666))
        aside = unfinished
        yield aside
        with aside.open("rb") as file:
            if kept and mode is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the name that the user knows
        raise
    finally:
        if aside is not None:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


def _mode(path: Path, *, follow: bool = True) -> int | None:
    """Return type and permissions of what is at a path; None if nothing is."""
    try:
        return os.stat(path, follow_symlinks=follow).st_mode
    except FileNotFoundError:
        return None


def _aside(target: Path) -> Path:
    """Return a name beside a file that nobody can foresee."""
    return target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")


def is_graph(file: Path) -> bool:
    """Return True if a file is a graph of the embedded store, by how it begins."""
    with file.open("rb") as opened:
        return opened.read(3) == b"RGF"


@contextmanager
def same_mode(path: Path) -> Iterator[None]:
    """Let a file keep its permissions while another program replaces it."""
    mode = _mode(path)
    yield
    if mode is not None:
        path.chmod(stat.S_IMODE(mode))


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
    aside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _aside(target)
        unfinished.mkdir()
        aside = unfinished
        yield aside
        aside.replace(target)  # an empty folder is replaced, any other is not
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def write_atomically(path: Path, content: bytes | str, *, follow: bool = True) -> None:
    """Write a whole file by `atomic_replace`; text as UTF-8, its line breaks as they are."""
    with atomic_replace(path, follow=follow) as aside:
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
