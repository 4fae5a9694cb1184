"""Looking at many projects at the same time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from graph.errors import SourceError
from ingest.interface import Progress, no_progress
from ingest.stopping import Stop

T = TypeVar("T")
R = TypeVar("R")


class Crew:
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
def crew(workers: int, stop: Stop, progress: Progress = no_progress) -> Iterator[Crew]:
    """Have threads for the block; what they are at when it fails is dropped."""
    pool = ThreadPoolExecutor(workers, "looking")
    try:
        yield Crew(pool, progress)
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
