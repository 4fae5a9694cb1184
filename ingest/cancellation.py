"""Ending long work on Ctrl-C: what is being written is finished, what is being read is dropped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hubtrace.ingest.source import Progress


class CancelToken:
    """Whether work is to end. One for a run; shared by its threads."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._writing = False

    def cancel(self) -> None:
        """End the work; for the main thread, where signals arrive.

        Raises:
            KeyboardInterrupt: nothing is being written, or this is the second time.
        """
        again = self._cancelled.is_set()
        self._cancelled.set()
        if again or not self._writing:
            raise KeyboardInterrupt

    def cancel_readers(self) -> None:
        """End the threads that read, because what they read will not be written."""
        self._cancelled.set()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Put off the end until this is done."""
        self._writing = True
        try:
            yield
        finally:
            self._writing = False
        self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if the work is to end."""
        if self._cancelled.is_set():
            raise KeyboardInterrupt

    def reading(self, show: Progress) -> Progress:
        """Return a progress that ends a thread which reads and reports to it.

        The main thread reads too, while it writes; that is finished.
        """

        def shown(what: str, done: int, total: int | None) -> None:
            if threading.current_thread() is not threading.main_thread():
                self.check()
            show(what, done, total)

        return shown

    def waiting(self, show: Progress) -> Progress:
        """Return a progress that ends a sleep which reports to it."""

        def shown(what: str, done: int, total: int | None) -> None:
            self.check()
            show(what, done, total)

        return shown

    @contextmanager
    def on_ctrl_c(self) -> Iterator["CancelToken"]:
        """Let Ctrl-C cancel the work inside this block; for the main thread only."""

        def cancelled(_signal: int, _frame: FrameType | None) -> None:
            self.cancel()

        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = signal.signal(signal.SIGINT, cancelled)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)
