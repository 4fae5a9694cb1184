"""A pool of threads, and its end on Ctrl-C: what is being written is finished, the rest dropped."""

import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from types import FrameType
from typing import Any, TypeVar

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Progress, no_progress

T = TypeVar("T")
R = TypeVar("R")


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


@dataclass
class WorkerPool:
    """Threads, no more than `workers` at a time; see `worker_pool`."""

    _workers: int
    _pool: ThreadPoolExecutor
    _stop: CancelToken
    _progress: Progress

    def map(self, what: str, do: Callable[[T], R], things: Iterable[T]) -> list[R | SourceError]:
        """Return what `do` returns for each thing, or its SourceError, in their order.

        `what` is shown.
        """
        numbered = list(enumerate(things))

        def tried(item: tuple[int, T]) -> R | SourceError:
            try:
                return do(item[1])
            except SourceError as error:
                return error

        found: dict[int, R | SourceError] = {}
        with closing(self.as_completed(tried, numbered)) as results:
            for (number, _), future in results:
                self._progress(what, len(found), len(numbered))
                found[number] = future.result()
        return [found[number] for number, _ in numbered]

    def as_completed(
        self,
        do: Callable[[T], R],
        things: Iterable[T],
        drop: Callable[[R], Any] = lambda _: None,
    ) -> Generator[tuple[T, Future[R]], None, None]:
        """Yield each thing when `do` is done with it, whether it failed or not.

        No more than `workers` are under way or waiting to be taken. If it is closed before its
        end, the others are cancelled, and `drop` is called with the results that nobody takes.
        """
        todo = iter(things)
        running: dict[Future[R], T] = {}
        try:
            while True:
                for thing in islice(todo, self._workers - len(running)):
                    running[self._pool.submit(do, thing)] = thing
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future
        finally:
            if running:
                self._stop.cancel_readers()
                self._pool.shutdown(cancel_futures=True)
            for future in running:
                if not future.cancelled() and future.exception() is None:
                    drop(future.result())


@contextmanager
def worker_pool(
    workers: int, stop: CancelToken, progress: Progress = no_progress
) -> Iterator[WorkerPool]:
    """Have threads for the block; what they do when it fails is cancelled."""
    pool = ThreadPoolExecutor(workers, "worker")
    try:
        yield WorkerPool(workers, pool, stop, progress)
    except BaseException:
        stop.cancel_readers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
