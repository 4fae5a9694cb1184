"""Ingestion: from what was asked for to the snapshot, every project of every family."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Hosts, Project, ProjectRef, Side
from hubtrace.ingest.discovery import Bounds, ModelsOf, Reason, RepositoriesOf, discover, group
from hubtrace.ingest.families import Adopted, FamilyRegistry, FamilyTarget, Target
from hubtrace.ingest.records import Commit
from hubtrace.ingest.resolver import Resolver
from hubtrace.ingest.snapshot import SnapshotWriter, Written
from hubtrace.ingest.source import Progress, ProjectData, Source, no_progress
from hubtrace.ingest.sources.live import LiveSource
from hubtrace.ingest.sources.study import read_study
from hubtrace.ingest.workers import CancelToken, worker_pool

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
    noted: bool = False
    """True if the snapshot holds that one of them could not be read."""
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
        self.noted |= more.noted
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
    stop: CancelToken | None = None,
) -> Ingested:
    """Read the families' projects, and those `alone`; one that fails does not stop the others.

    A family is recorded if all of its projects could be read, now or before; one whose members
    hubtrace found itself, with those that could be.

    Raises:
        SnapshotError: the snapshot cannot be written.
        KeyboardInterrupt: `stop` was asked for; what was written is whole.
    """
    result, stop = Ingested(), stop or CancelToken()
    members = chain.from_iterable(family.upstreams + family.variants for family in families)
    targets = {target.project.key: target for target in chain(alone, members)}

    def read(target: Target) -> ProjectData:
        reading = source.read(target.project, target.location, writer.cursor(target.project.key))
        validators = {**reading.validators, **target.validators}
        return replace(
            reading, commits=_begun(reading.commits), validators=validators, aliases=target.aliases
        )

    with (
        worker_pool(workers, stop) as pool,
        closing(pool.as_completed(read, targets.values(), _drop)) as readings,
    ):
        for done, (target, reading) in enumerate(readings):
            show = _counted(progress, done, len(targets))
            with stop.writing():
                _write(target, reading, writer, result, show)
    _in_order(result, targets)
    _note_failures(result, writer)
    book, failed = FamilyRegistry(writer), {project.key for project in result.failures}
    result.families = [family.name for family in families if book.record(family, failed)]
    return result


def _note_failures(result: Ingested, writer: SnapshotWriter) -> None:
    """Keep in the snapshot which projects could not be read: a gate must not take it for fresh."""
    now = int(time.time())
    for project in result.failures:
        key = writer.key_of_alias(project.key) or project.key
        if writer.note_failure(key, now):
            result.noted = True


def _drop(reading: ProjectData) -> None:
    """End the program that a reading reads from which will not be written."""
    _close(reading.commits)


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
    reading: Future[ProjectData],
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


T = TypeVar("T")

_BATCH = 200
"""Projects that are asked for, or families, that are discovered before they are read: what is
known of them stays in memory until then."""


@dataclass(frozen=True, slots=True)
class Intake:
    """All that an ingestion of live projects needs."""

    make_source: Callable[[], LiveSource]
    """Makes a source that has asked for nothing yet."""
    models_of: ModelsOf
    repositories_of: RepositoriesOf
    writer: SnapshotWriter
    web: Hosts
    bounds: Bounds = field(default_factory=Bounds)
    workers: int = WORKERS
    stop: CancelToken = field(default_factory=CancelToken)
    progress: Progress = no_progress

    def stated(self, families: Iterable[FamilyTarget]) -> Ingested:
        """Read families whose members somebody named.

        Raises:
            SnapshotError: the snapshot cannot be written.
            KeyboardInterrupt: `stop` was asked for.
        """
        result = Ingested()
        for batch in _batches(families):
            source = self.make_source()
            known = self._known(source, batch)
            renamed = [_with(family, known) for family in batch]
            result.add(self._ingest(renamed, source))
        return result

    def found(self, asked: Iterable[ProjectRef]) -> Ingested:
        """Read projects, and find and read their other side.

        Raises:
            As `stated`.
        """
        result = Ingested()
        for batch in _batches(asked):
            result.add(self._found(batch))
        return result

    def held(self) -> Iterator[ProjectRef]:
        """Yield the variants that the snapshot holds, under the names that they had last."""
        for project in self.writer.projects():
            if project.side is Side.DOWNSTREAM:
                yield ProjectRef(Side.DOWNSTREAM, project.name)

    def _found(self, asked: Sequence[ProjectRef]) -> Ingested:
        source = self.make_source()
        members, homes = self._families()
        discovered = discover(
            asked,
            Resolver(source.fetch, self.writer, self.web),
            self.models_of,
            self.repositories_of,
            members=members,
            homes=homes,
            bounds=self.bounds,
            workers=self.workers,
            stop=self.stop,
            progress=self.progress,
        )
        formed = group(discovered, self.writer.snapshot.families(), self.web)
        result = self._ingest(formed.families, source, formed.alone)
        result.reasons, result.tips = list(formed.reasons), list(formed.tips)
        result.cut = [*discovered.cut, *result.cut]
        failures = {
            self.web.project(one.side, one.name): reason
            for one, reason in discovered.failures.items()
        }
        result.failures = {**failures, **result.failures}
        _note_failures(result, self.writer)
        return result

    def _ingest(
        self, families: Sequence[FamilyTarget], source: LiveSource, alone: Sequence[Target] = ()
    ) -> Ingested:
        warnings = source.attest(
            (
                target.project,
                [up.project.name for up in family.upstreams if self.web.has(up.project)],
            )
            for family in families
            for target in family.variants
            if target.location == target.project.url and self.web.has(target.project)
        )
        result = self._read(families, source, alone)
        result.warnings[:0] = warnings
        return result

    def _read(
        self, families: Sequence[FamilyTarget], source: LiveSource, alone: Sequence[Target]
    ) -> Ingested:
        return ingest_families(
            families,
            source,
            self.writer,
            self.progress,
            alone=alone,
            workers=self.workers,
            stop=self.stop,
        )

    def _known(
        self, source: LiveSource, families: Sequence[FamilyTarget]
    ) -> Mapping[Project, Target]:
        """Return the projects of the hosts under the keys and names that they have."""
        finder = Resolver(source.fetch, self.writer, self.web)
        projects = {
            target.project: ProjectRef(target.project.side, target.project.name)
            for family in families
            for target in family.upstreams + family.variants
            if target.location == target.project.url and self.web.has(target.project)
        }
        with worker_pool(self.workers, self.stop, self.progress) as hands:
            answers = hands.map("fetching from the hubs", finder.find, projects.values())
        there = {
            project: answer
            for project, answer in zip(projects, answers, strict=True)
            if not isinstance(answer, SourceError)
        }
        apart = finder.set_apart(there.values())
        return {project: answer.target() for project, answer in zip(there, apart, strict=True)} | {
            target.project: replace(target, project=replace(target.project, key=key))
            for family in families
            for target in family.upstreams + family.variants
            if target.project not in projects
            and (key := self.writer.key_of_alias(target.project.key)) is not None
        }

    def _families(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return the variants of each repository's family, and each variant's repositories.

        By the repository's key and the variant's name in lower case, as `discover` takes them.
        """
        names = {project.key: project.name for project in self.writer.projects()}
        members: dict[str, list[str]] = {}
        homes: dict[str, list[str]] = {}
        for family in self.writer.snapshot.families():
            variants = [names[key] for key in family.variants if key in names]
            for key in (up.project for up in family.upstreams if up.project in names):
                members.setdefault(key, []).extend(variants)
                for name in variants:
                    homes.setdefault(name.lower(), []).append(names[key])
        return members, homes


def _with(family: FamilyTarget, known: Mapping[Project, Target]) -> FamilyTarget:
    """Return the family with the keys and names that its projects have."""

    def now(target: Target) -> Target:
        found = known.get(target.project)
        return replace(found, paths=target.paths) if found else target

    upstreams, variants = map(now, family.upstreams), map(now, family.variants)
    return replace(family, upstreams=tuple(upstreams), variants=tuple(variants))


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    stream = iter(things)
    while batch := list(islice(stream, _BATCH)):
        yield batch
