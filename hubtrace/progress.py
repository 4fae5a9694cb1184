"""Progress of long work, and other words for people: always on stderr."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hubtrace.graph.text import for_people

Progress = Callable[[str, int, int | None], None]

_PATIENCE = 1.0
"""Seconds before anything is shown: short work stays silent."""
_WIDTH = 100
"""Characters of what is being done."""
_LOG_EVERY = 10.0
"""Seconds between lines where stderr is no terminal."""


def say(text: str) -> None:
    """Print a line for a person to stderr."""
    print(for_people(text), file=sys.stderr)


@contextmanager
def progress() -> Iterator[Progress]:
    """Show what is being done: a live line on a terminal, now and then a line elsewhere.

    Several threads may report to it.
    """
    shown = _LiveLine() if sys.stderr.isatty() else _Log()
    lock = threading.Lock()

    def report(what: str, done: int, total: int | None) -> None:
        with lock:
            shown(what, done, total)

    try:
        yield report
    finally:
        shown.close()


class _LiveLine:
    """One line that is drawn over, after a moment's patience."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PATIENCE
        self._drawn = False

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.1
            self._drawn = True
            sys.stderr.write(f"\r\x1b[2K{_line(what, done, total)}")
            sys.stderr.flush()

    def close(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


class _Log:
    """A line every few seconds, for logs."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LOG_EVERY

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _LOG_EVERY
            say(_line(what, done, total))

    def close(self) -> None:
        pass


def _line(what: str, done: int, total: int | None) -> str:
    of = f" of {total:,}" if total is not None else ""
    shown = for_people(what)
    if len(shown) > _WIDTH:
        # What is counted stands at the end, as the seconds that are left.
        shown = f"{shown[: _WIDTH - 25]}…{shown[-24:]}"
    return f"{shown}: {done:,}{of}"
