"""Ingestion: every project of every family, from its source into the snapshot.

Projects are read in threads, a few at a time, and written by the caller's. To read one is to ask
its host and to clone it; its commits are written as they come, and few of them wait for that.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from graph.errors import SourceError
from ingest.adoption import Adopted
from ingest.discovery import Reason
from ingest.family_book import FamilyBook
from ingest.interface import Progress, Reading, Source, no_progress
from ingest.records import Commit, Project
from ingest.snapshot import SnapshotWriter, Written
from ingest.stopping import Stop
from ingest.study import read_study
from ingest.targets import FamilyTarget, Target

WORKERS = 4
"""Projects that are read at the same time. Hubs limit requests, not connections."""
_AHEAD = 5_000
"""Commits of a project that are read before it is its turn to be written."""


@dataclass(slots=True)
class Ingested:
    """What an ingestion brought in, and what failed."""

    projects: dict[Project, Written] = field(default_factory=dict)
    """What was new of each project. (A repository and a variant can have the same name.)"""
    families: list[str] = field(default_factory=list)
    """Families that were recorded."""
    failures: dict[Project, str] = field(default_factory=dict)
    """Why a project could not be read."""
    warnings: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    """What was left out because it went beyond a limit, in words."""
    reasons: list[Reason] = field(default_factory=list)
    """Why variants are, or are not, of the families that were found."""
    adopted: list[Adopted] = field(default_factory=list)
    """Variants that became members when the graph had been loaded."""
    tips: list[str] = field(default_factory=list)
    """What else could be asked for."""

    def add(self, more: "Ingested") -> None:
        """Add what another ingestion brought in."""
        self.projects |= more.projects
        self.families += [name for name in more.families if name not in self.families]
        self.failures |= more.failures
        self.warnings += more.warnings
        self.cut += more.cut
        self.reasons += more.reasons
        self.tips += more.tips

    @property
    def commits(self) -> int:
        """Commits that the snapshot did not hold before."""
        return sum(written.commits for written in self.projects.values())


def ingest_families(
    families: Sequence[FamilyTarget],
    source: Source,
    writer: SnapshotWriter,
    progress: Progress = no_progress,
    *,
    alone: Sequence[Target] = (),
    workers: int = WORKERS,
    stop: Stop | None = None,
) -> Ingested:
    """Read the families' projects, and those `alone`; one that fails does not stop the others.

    A family is recorded if all of its projects could be read, now or before; one whose members
    hubtrace found itself, with those that could be.

    Raises:
        SnapshotError: the snapshot cannot be written.
        KeyboardInterrupt: `stop` was asked for; what was written is whole.
    """
    result, stop = Ingested(), stop or Stop()
    members = chain.from_iterable(family.upstreams + family.variants for family in families)
    targets = {target.project.key: target for target in chain(alone, members)}

    def read(target: Target) -> Reading:
        reading = source.read(target.project, target.location, writer.cursor(target.project.key))
        marks = {**reading.marks, **target.marks}
        return replace(
            reading, commits=_begun(reading.commits), marks=marks, aliases=target.aliases
        )

    with closing(_readings(targets.values(), read, workers, stop)) as readings:
        for done, (target, reading) in enumerate(readings):
            show = _counted(progress, done, len(targets))
            with stop.writing():
                _write(target, reading, writer, result, show)
    _in_order(result, targets)
    book, failed = FamilyBook(writer), {project.key for project in result.failures}
    result.families = [family.name for family in families if book.record(family, failed)]
    return result


def _readings(
    targets: Iterable[Target], read: Callable[[Target], Reading], workers: int, stop: Stop
) -> Generator[tuple[Target, Future[Reading]], None, None]:
    """Yield each target when it has been read; no more than `workers` are under way or waiting."""
    todo = iter(targets)
    running: dict[Future[Reading], Target] = {}
    pool = ThreadPoolExecutor(workers, "reading")
    try:
        while True:
            for target in islice(todo, workers - len(running)):
                running[pool.submit(read, target)] = target
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future
    finally:
        if running:
            stop.drop_readings()
        pool.shutdown(cancel_futures=True)
        _end(running)


def _end(dropped: Iterable[Future[Reading]]) -> None:
    """End the programs that readings read from which nobody will write."""
    for future in dropped:
        if not future.cancelled() and future.exception() is None:
            _close(future.result().commits)


def _close(commits: Iterator[Commit]) -> None:
    if isinstance(commits, Generator):
        commits.close()


def _begun(commits: Iterator[Commit]) -> Iterator[Commit]:
    """Return the commits, of which some are read already: in this thread, beside the others."""
    ahead = list(islice(commits, _AHEAD))

    def all_of_them() -> Iterator[Commit]:
        try:
            yield from ahead
            yield from commits
        finally:
            _close(commits)

    return all_of_them()


def _write(
    target: Target,
    reading: Future[Reading],
    writer: SnapshotWriter,
    result: Ingested,
    progress: Progress,
) -> None:
    try:
        read = reading.result()
        written = writer.write_project(read, "live" if read.details else "git", progress)
    except SourceError as error:
        result.failures[target.project] = str(error)
        return
    result.projects[read.project] = written
    name = read.project.name
    result.warnings += [f"{name}: {warning}" for warning in read.warnings]
    if read.details is not None:
        result.cut += [f"{name}: {cut}" for cut in read.details.cut]
        long = (text.path for text in read.details.texts if text.cut)
        result.cut += [f"{name}: only the beginning of {path} is kept" for path in long]


def _in_order(result: Ingested, targets: Iterable[str]) -> None:
    """Put the projects into the order in which they were asked for, whichever came first."""
    place = {key: number for number, key in enumerate(targets)}
    order = sorted(result.projects.items(), key=lambda item: place[item[0].key])
    result.projects = dict(order)


def _counted(progress: Progress, done: int, total: int) -> Progress:
    """Return a progress of one project that tells how many there are."""
    return lambda what, now, of: progress(f"project {done + 1} of {total}: {what}", now, of)


def ingest_study(
    folder: Path, writer: Callable[[], SnapshotWriter], progress: Progress = no_progress
) -> Ingested:
    """Read a study table into a snapshot, which is opened once the whole table has been checked.

    Raises:
        TableError: a line is broken; nothing was written.
    """
    result = Ingested()
    families = list(read_study(folder))
    with writer() as open_writer:
        for done, (family, readings) in enumerate(families, start=1):
            for reading in readings:
                result.projects[reading.project] = open_writer.write_project(reading, "study")
            open_writer.write_family(family)
            result.families.append(family.name)
            progress("families", done, len(families))
    return result
