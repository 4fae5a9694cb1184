"""One writer at a time: an advisory lock beside the thing that is written.

The lock belongs to the operating system and ends with the process, however it ends; the file only
names the holder. Not to be trusted on network file systems that do not support `flock`.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class Locked(Exception):
    """Another process holds the lock; `holder` is its process id, if it could be read."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class ExclusiveLock:
    """The lock at `path`, held from construction until the end of its `with` block.

    Raises:
        Locked: another process (or another handle of this one) holds it.
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = _acquire(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let go of the lock; the file goes with it."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _acquire(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise Locked(holder or "unknown") from None
        if _is_still_there(path, descriptor):
            os.truncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            return descriptor
        # The last holder removed the file between our open and our lock: take the new one.
        os.close(descriptor)


def _is_still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
