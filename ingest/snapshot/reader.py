"""Reading a snapshot. Every file is checked against its hash when it is read."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError
from hubtrace.graph.identity import Project
from hubtrace.ingest.records import Event, Family, HostData, Observation
from hubtrace.ingest.snapshot.format import (
    FORMAT,
    SCHEMAS,
    File,
    T,
    changed,
    filesystem,
    from_json,
    read_sealed,
    sha256,
    slug,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The content of `snapshot.json`."""

    format: int
    id: str


class Generation(msgspec.Struct, frozen=True, rename={"number": "n"}):
    """One generation of a project: its number and the SHA-256 of each of its files."""

    number: int
    files: dict[str, str]


class Pointer(msgspec.Struct, frozen=True, rename={"validators": "marks"}):
    """The content of a project's `current.json`."""

    project: Project
    source: str
    """The source that read it: `git`, `study`, …"""
    observed_at: int
    heads: tuple[str, ...]
    generations: tuple[Generation, ...]
    validators: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Of its host, for conditional requests; snapshots of the first version lack them,
    and aliases."""
    aliases: tuple[str, ...] = ()
    """Other keys it is known by: the host's own id, and every name that it had."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of a generation's `project.json`."""

    observations: tuple[Observation, ...]
    events: tuple[Event, ...]


class Answer(NamedTuple):
    """What a host said of a project at one time, with the refs that were observed then."""

    observation: Observation
    details: HostData


class ProjectHistory:
    """Everything that a snapshot holds of one project."""

    def __init__(self, folder: Path, pointer: Pointer) -> None:
        self.folder = folder
        self.pointer = pointer
        self.project = pointer.project
        seen = [self._json(generation, File.PROJECT, Seen) for generation in pointer.generations]
        self._seen = seen
        self.observations = tuple(found for file in seen for found in file.observations)
        self.events = tuple(event for file in seen for event in file.events)

    @property
    def last(self) -> Observation:
        """The newest observation whose refs differed from the one before."""
        return self.observations[-1]

    @cached_property
    def fingerprint(self) -> str:
        """A hash over everything but the time of the last observation."""
        body = [(g.number, sorted(g.files.items())) for g in self.pointer.generations]
        return hashlib.sha256(repr((self.project, body)).encode()).hexdigest()[:32]

    @property
    def has_commits(self) -> bool:
        """False if no commit was ever read, as of a project of which only the host was read."""
        return any(File.COMMITS in g.files for g in self.pointer.generations)

    @property
    def tells_changes(self) -> bool:
        """False if no commit is known to change a path, as from sources without paths."""
        return any(File.CHANGES in g.files for g in self.pointer.generations)

    @cached_property
    def details(self) -> HostData | None:
        """The newest metadata from its host; None if no host was ever read."""
        for generation in reversed(self.pointer.generations):
            if File.DETAILS in generation.files:
                return self._json(generation, File.DETAILS, HostData)
        return None

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """All that its host ever said, oldest first; the last of it is `details`."""
        return tuple(
            Answer(seen.observations[0], self._json(generation, File.DETAILS, HostData))
            for generation, seen in zip(self.pointer.generations, self._seen, strict=True)
            if File.DETAILS in generation.files
        )

    def commits(self, columns: list[str] | None = None) -> pa.Table:
        """Return every commit ever seen, each once, as rows of `SCHEMAS[File.COMMITS]`."""
        return self._rows(File.COMMITS, columns)

    def changes(self, columns: list[str] | None = None) -> pa.Table:
        """Return every path that a commit changed, as rows of `SCHEMAS[File.CHANGES]`."""
        return self._rows(File.CHANGES, columns)

    def references(self) -> pa.Table:
        """Return what the messages of commits name, as rows of its schema."""
        return self._rows(File.REFERENCES)

    def people(self) -> pa.Table:
        """Return the addresses whose login the host reported, as rows of its schema."""
        return self._rows(File.PEOPLE)

    def tables(self) -> dict[str, pa.Table]:
        """Return all that is held of it in Parquet, by the name of the file."""
        return {name: self._rows(name) for name in SCHEMAS}

    def _rows(self, name: str, columns: list[str] | None = None) -> pa.Table:
        tables = [
            _parquet(self._read(generation, name), self._path(generation, name), columns)
            for generation in self.pointer.generations
            if name in generation.files
        ]
        if not tables:
            empty = SCHEMAS[name].empty_table()
            return empty if columns is None else empty.select(columns)
        in_part = any(seen.shallow or not seen.ancestry for seen in self.observations)
        if len(tables) > 1 and in_part and "sha" in SCHEMAS[name].names:
            tables = newest(tables)
        return pa.concat_tables(tables)

    def _json(self, generation: Generation, name: str, type_: type[T]) -> T:
        body = json.loads(self._read(generation, name))
        return from_json(body, type_, self._path(generation, name))

    def _path(self, generation: Generation, name: str) -> Path:
        return self.folder / str(generation.number) / name

    def _read(self, generation: Generation, name: str) -> bytes:
        path = self._path(generation, name)
        with filesystem(f"read {path}"):
            raw = path.read_bytes()
        if sha256(raw) != generation.files[name]:
            raise changed(path)
        return raw


def newest(tables: list[pa.Table]) -> list[pa.Table]:
    """Leave out older rows of commits that were read again, as after a partial reading."""
    kept = [tables[-1]]
    for table in reversed(tables[:-1]):
        newer = pa.concat_tables([rows.select(["sha"]) for rows in kept])["sha"]
        kept.insert(0, table.filter(pc.invert(pc.is_in(table["sha"], newer))))
    return kept


def _parquet(raw: bytes, path: Path, columns: list[str] | None) -> pa.Table:
    try:
        # `read_table` does the same for a whole dataset, which costs a small file a millisecond.
        return pq.ParquetFile(pa.BufferReader(raw)).read(columns=columns, use_threads=False)
    except pa.ArrowException as error:
        raise SnapshotCorrupt(f"{path} cannot be read: {error}") from None


class Snapshot:
    """A snapshot, for reading. Needs no lock: what a pointer names is never changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        header = path / File.HEADER
        if not header.is_file():
            raise SnapshotError(f"there is no snapshot at {path}")
        found = read_sealed(header, Header)
        if found.format > FORMAT:
            raise SnapshotError(
                f"{path} was written by a newer hubtrace (format {found.format}, "
                f"this one reads {FORMAT}); update hubtrace"
            )
        self.id = found.id

    def families(self) -> list[Family]:
        """Return every family, sorted by name."""
        files = sorted((self.path / File.FAMILIES).glob("*.json"))
        found = [read_sealed(file, Family) for file in files]
        return sorted(found, key=lambda family: family.name)

    def pointers(self) -> Iterator[tuple[Path, Pointer]]:
        """Yield the folder and pointer of every project, sorted by folder."""
        for folder in self._folders():
            yield folder, read_sealed(folder / File.POINTER, Pointer)

    def projects(self) -> Iterator[ProjectHistory]:
        """Yield every project, sorted by folder."""
        for folder, pointer in self.pointers():
            yield ProjectHistory(folder, pointer)

    def holds(self, key: str) -> bool:
        """Return True if the snapshot holds the project of this key."""
        return (self.path / File.PROJECTS / slug(key) / File.POINTER).exists()

    def project(self, key: str) -> ProjectHistory | None:
        """Return one project by its key, or None if the snapshot does not hold it."""
        return _history(self.path / File.PROJECTS / slug(key)) if self.holds(key) else None

    def verify(self, checked: Callable[[int], None] = lambda _: None) -> list[str]:
        """Read every file and return one sentence for each that is not what was written."""
        problems: list[str] = []

        @contextmanager
        def reading() -> Iterator[None]:
            try:
                yield
            except SnapshotError as error:
                problems.append(str(error))

        with reading():
            self.families()
        for done, folder in enumerate(self._folders(), start=1):
            with reading():
                history = _history(folder)
                history.tables()
                _ = history.details
            checked(done)
        return problems

    def _folders(self) -> list[Path]:
        files = sorted((self.path / File.PROJECTS).glob(f"*/{File.POINTER}"))
        return [file.parent for file in files]


def _history(folder: Path) -> ProjectHistory:
    return ProjectHistory(folder, read_sealed(folder / File.POINTER, Pointer))
