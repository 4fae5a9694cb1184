"""Progress of long work, and messages: always on stderr."""

import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hubtrace.graph.text import for_people

Progress = Callable[[str, int, int | None], None]

_PATIENCE = 1.0
"""Seconds before a terminal shows anything: short work stays silent."""
_LOG_EVERY = 10.0
"""Seconds between lines where stderr is not a terminal."""
_NARROWEST = 40
_WIDTH = 100
"""Characters of what is being done."""
_CLEAR = "\r\x1b[2K"


def say(text: str) -> None:
    """Print a line to stderr; on a terminal it is broken at words."""
    shown = for_people(text)
    if sys.stderr.isatty():
        width = max(shutil.get_terminal_size().columns, _NARROWEST)
        words = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
        shown = words.fill(shown) or shown
    print(shown, file=sys.stderr)


@contextmanager
def progress() -> Iterator[Progress]:
    """Show what is being done: a line that is drawn over on a terminal, log lines elsewhere.

    Several threads may report to it. (`rich.progress` would do half of it, in as many lines:
    it draws from a thread of its own, redirects stdout, and is silent where there is no terminal.)
    """
    live = sys.stderr.isatty()
    due = time.monotonic() + (_PATIENCE if live else _LOG_EVERY)
    drawn, lock = False, threading.Lock()

    def report(what: str, done: int, total: int | None) -> None:
        nonlocal due, drawn
        with lock:
            now = time.monotonic()
            if now < due:
                return
            if live:
                due, drawn = now + 0.1, True
                print(f"{_CLEAR}{_line(what, done, total)}", end="", file=sys.stderr, flush=True)
            else:
                due = now + _LOG_EVERY
                say(_line(what, done, total))

    try:
        yield report
    finally:
        if drawn:
            print(_CLEAR, end="", file=sys.stderr, flush=True)


def _line(what: str, done: int, total: int | None) -> str:
    of = f" of {total:,}" if total is not None else ""
    shown = for_people(what)
    if len(shown) > _WIDTH:
        # The end is kept: it holds what is counted, such as the seconds left.
        shown = f"{shown[: _WIDTH - 25]}…{shown[-24:]}"
    return f"{shown}: {done:,}{of}"
