"""The way from what a person asks for to the snapshot: discovered, formed, read, recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from graph.errors import SourceError
from ingest.discovery import Bounds, ModelsOf, RepositoriesOf, discover, form
from ingest.finding import Finder
from ingest.interface import Progress, no_progress
from ingest.live import LiveSource
from ingest.looking import crew
from ingest.names import Web
from ingest.pasted import Asked
from ingest.pipeline import WORKERS, Ingested, ingest_families
from ingest.records import Project, Side
from ingest.snapshot import SnapshotWriter
from ingest.stopping import Stop
from ingest.targets import FamilyTarget, Target, hosted_project

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
    web: Web
    bounds: Bounds = field(default_factory=Bounds)
    workers: int = WORKERS
    stop: Stop = field(default_factory=Stop)
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

    def found(self, asked: Iterable[Asked]) -> Ingested:
        """Read projects, and find and read their other side.

        Raises:
            As `stated`.
        """
        result = Ingested()
        for batch in _batches(asked):
            result.add(self._found(batch))
        return result

    def held(self) -> Iterator[Asked]:
        """Yield the variants that the snapshot holds, under the names that they had last."""
        for _, pointer in self.writer.snapshot.pointers():
            if pointer.project.side is Side.DOWNSTREAM:
                yield Asked(Side.DOWNSTREAM, pointer.project.name)

    def _found(self, asked: Sequence[Asked]) -> Ingested:
        source = self.make_source()
        members, homes = self._families()
        discovered = discover(
            asked,
            Finder(source.look, self.writer, self.web),
            self.models_of,
            self.repositories_of,
            members=members,
            homes=homes,
            bounds=self.bounds,
            workers=self.workers,
            stop=self.stop,
            progress=self.progress,
        )
        formed = form(discovered, self.writer.snapshot.families(), self.web)
        result = self._ingest(formed.families, source, formed.alone)
        result.reasons, result.tips = list(formed.reasons), list(formed.tips)
        result.cut = [*discovered.cut, *result.cut]
        failures = {
            hosted_project(one.side, one.name, self.web): reason
            for one, reason in discovered.failures.items()
        }
        result.failures = {**failures, **result.failures}
        return result

    def _ingest(
        self, families: Sequence[FamilyTarget], source: LiveSource, alone: Sequence[Target] = ()
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
        finder = Finder(source.look, self.writer, self.web)
        projects = {
            target.project: Asked(target.project.side, target.project.name)
            for family in families
            for target in family.upstreams + family.variants
            if target.location == target.project.url and self.web.has(target.project)
        }
        with crew(self.workers, self.stop, self.progress) as hands:
            answers = hands.each("asking the hubs", finder.find, projects.values())
        return {
            project: answer.target()
            for project, answer in zip(projects, answers, strict=True)
            if not isinstance(answer, SourceError)
        }

    def _families(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return the variants of each repository's family, and each variant's repositories.

        By the repository's key and the variant's name in lower case, as `discover` takes them.
        """
        names = {
            pointer.project.key: pointer.project.name
            for _, pointer in self.writer.snapshot.pointers()
        }
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
