"""A pool of threads that reads many projects at the same time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.cancellation import CancelToken
from hubtrace.ingest.source import Progress, no_progress

T = TypeVar("T")
R = TypeVar("R")


class WorkerPool:
    """Threads that do the same for each of many things. What a hub refuses is an answer, too."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._pool, self._progress = pool, progress

    def each(self, what: str, do: Callable[[T], R], things: Iterable[T]) -> list[R | SourceError]:
        """Return what `do` says to each thing, in their order; `what` is shown."""
        futures = [self._pool.submit(_tried, do, thing) for thing in things]
        waiting: set[Future[R | SourceError]] = set(futures)
        while waiting:
            self._progress(what, len(futures) - len(waiting), len(futures))
            _, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        return [future.result() for future in futures]


@contextmanager
def worker_pool(
    workers: int, stop: CancelToken, progress: Progress = no_progress
) -> Iterator[WorkerPool]:
    """Have threads for the block; what they are at when it fails is dropped."""
    pool = ThreadPoolExecutor(workers, "looking")
    try:
        yield WorkerPool(pool, progress)
    except BaseException:
        stop.drop_readings()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _tried(do: Callable[[T], R], thing: T) -> R | SourceError:
    try:
        return do(thing)
    except SourceError as error:
        return error
