"""Ingestion: every project of every family, from its source into the snapshot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import SourceError
from ingest.interface import Progress, Source, no_progress
from ingest.records import Project
from ingest.snapshot import SnapshotWriter, Written
from ingest.study import read_study
from ingest.targets import FamilyTarget, Target


@dataclass(slots=True)
class Ingested:
    """What an ingestion brought in, and what failed."""

    projects: dict[Project, Written] = field(default_factory=dict)
    """What was new of each project. (A repository and a variant can have the same name.)"""
    families: list[str] = field(default_factory=list)
    """Families all of whose projects were read."""
    failures: dict[Project, str] = field(default_factory=dict)
    """Why a project could not be read."""
    warnings: list[str] = field(default_factory=list)

    @property
    def commits(self) -> int:
        """Commits that the snapshot did not hold before."""
        return sum(written.commits for written in self.projects.values())


def ingest_families(
    families: Sequence[FamilyTarget],
    source: Source,
    writer: SnapshotWriter,
    progress: Progress = no_progress,
) -> Ingested:
    """Read the families' projects, each once; a project that fails does not stop the others.

    A family is recorded only if all of its projects could be read, now or before.

    Raises:
        SnapshotError: the snapshot cannot be written.
    """
    result = Ingested()
    done: set[str] = set()
    for family in families:
        for target in family.upstreams + family.variants:
            if target.project.key not in done:
                done.add(target.project.key)
                _ingest(target, source, writer, result, progress)
        projects = [target.project for target in family.upstreams + family.variants]
        if not any(project in result.failures for project in projects):
            writer.write_family(family.family)
            result.families.append(family.name)
    return result


def _ingest(
    target: Target, source: Source, writer: SnapshotWriter, result: Ingested, progress: Progress
) -> None:
    project = target.project
    try:
        reading = source.read(project, target.location, writer.cursor(project.key))
        result.projects[project] = writer.write_project(reading, "git", progress)
    except SourceError as error:
        result.failures[project] = str(error)
    else:
        result.warnings += [f"{project.name}: {warning}" for warning in reading.warnings]


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
