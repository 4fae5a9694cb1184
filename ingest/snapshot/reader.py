"""Reading a snapshot. Every file is checked against its hash when it is read."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubtrace.graph.decoding import decode_json
from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError
from hubtrace.graph.urls import Project
from hubtrace.ingest.records import Event, Family, HostData, Observation
from hubtrace.ingest.snapshot.format import (
    FORMAT,
    KNOWN,
    RULES,
    SCHEMAS,
    File,
    T,
    changed,
    filesystem,
    from_json,
    is_empty,
    parse_json,
    read_file,
    read_sealed,
    sha256,
    slug,
    to_json,
    unsealed,
)
from hubtrace.ingest.snapshot.manifest import differences, read_manifest


@dataclass(frozen=True, slots=True)
class Header:
    """The content of `snapshot.json`."""

    format: int
    id: str
    secret: str | None = None
    """SHA-256 of the key. Where it is known, there is a manifest as well; before, there may not."""


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
    failed_at: int | None = None
    """When it could not be read, if that was the last try."""
    again_at: tuple[int, ...] = ()
    """Earlier observations that found it as it was before, and have no generation."""
    failed_before: tuple[int, ...] = ()
    """Earlier tries to read it that failed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of a generation's `project.json`."""

    observations: tuple[Observation, ...]
    events: tuple[Event, ...]


class Answer(NamedTuple):
    """What a host said of a project at one time, with the refs that were observed then."""

    observation: Observation
    details: HostData


class Earlier(msgspec.Struct, frozen=True):
    """An answer in `earlier.json`, where the last one is that of `details.json`."""

    observation: int
    """The number of the observation that was made with it, of those in `project.json`."""
    changed: dict[str, Any]
    """The fields of `HostData`, as JSON, that differ from the answer after it."""


class ProjectHistory:
    """Everything that a snapshot holds of one project."""

    def __init__(self, folder: Path, pointer: Pointer) -> None:
        self.folder = folder
        self.pointer = pointer
        self.project = pointer.project
        self._read_before: dict[int, Seen] = {}

    def _saw(self, generation: Generation) -> Seen:
        if generation.number not in self._read_before:
            seen = self._json(generation, File.PROJECT, Seen)
            self._read_before[generation.number] = seen
        return self._read_before[generation.number]

    @cached_property
    def seen(self) -> list[Seen]:
        """What each generation saw: not read where only the pointer is asked for."""
        seen = list(map(self._saw, self.pointer.generations))
        if not any(file.observations for file in seen):
            raise SnapshotCorrupt(f"{self.folder / File.POINTER} has no observation of the project")
        return seen

    def newest_first(self) -> Iterator[Observation]:
        """Yield what was seen of it; of older generations as much as is asked for is read."""
        for generation in reversed(self.pointer.generations):
            yield from reversed(self._saw(generation).observations)

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        """What was seen of it, oldest first; never empty."""
        return tuple(found for file in self.seen for found in file.observations)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What happened to it between two observations, oldest first."""
        return tuple(event for file in self.seen for event in file.events)

    @property
    def last(self) -> Observation:
        """The newest observation whose refs differed from the one before."""
        return next(self.newest_first(), None) or self.observations[-1]

    @cached_property
    def fingerprint(self) -> str:
        """A hash over everything seen but the time of the last observation."""
        body = [
            (g.number, sorted((name, seal) for name, seal in g.files.items() if name != File.TYPES))
            for g in self.pointer.generations
        ]
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
            Answer(self.observations[number], from_json(body, HostData, self.folder / File.POINTER))
            for number, body in self.answers_as_json()
        )

    def answers_as_json(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield all that its host ever said, oldest first, by the number of the observation."""
        before = 0
        for generation, seen in zip(self.pointer.generations, self.seen, strict=True):
            last = len(seen.observations) - 1
            if File.DETAILS in generation.files:
                path = self._path(generation, File.DETAILS)
                body = parse_json(self._read(generation, File.DETAILS), path)
                entries = [Earlier(last, {})]
                if File.EARLIER in generation.files:
                    entries = self._json(generation, File.EARLIER, list[Earlier])
                found = []
                for entry in reversed(entries):
                    body = body | entry.changed
                    found.append((before + entry.observation, body))
                yield from reversed(found)
            before += last + 1

    def commits(self, columns: list[str] | None = None) -> pa.Table:
        """Return every commit ever seen, each once, as rows of `SCHEMAS[File.COMMITS]`."""
        return self._rows(File.COMMITS, columns)

    def shas(self) -> set[str]:
        """Return the sha of every commit ever seen."""
        generations = [g for g in self.pointer.generations if File.COMMITS in g.files]
        tables = (self._table(generation, File.COMMITS, ["sha"]) for generation in generations)
        return {sha for table in tables for sha in table["sha"].to_pylist()}

    def changes(self, columns: list[str] | None = None) -> pa.Table:
        """Return every path that a commit changed, as rows of `SCHEMAS[File.CHANGES]`."""
        return self._rows(File.CHANGES, columns)

    def change_types(self, rules: str) -> pa.Table | None:
        """Return the types of all commits, in their order; None unless all were told by `rules`."""
        generations = [g for g in self.pointer.generations if File.COMMITS in g.files]
        told = generations and all(File.TYPES in g.files for g in generations)
        if not told or self._in_part:
            return None
        tables = [self._table(generation, File.TYPES) for generation in generations]
        if any((one.schema.metadata or {}).get(RULES) != rules.encode() for one in tables):
            return None
        return pa.concat_tables(table.replace_schema_metadata() for table in tables)

    def references(self) -> pa.Table:
        """Return what the messages of commits name, as rows of its schema."""
        return self._rows(File.REFERENCES)

    def people(self) -> pa.Table:
        """Return the addresses whose login the host reported, as rows of its schema."""
        return self._rows(File.PEOPLE)

    def small(self) -> dict[str, int]:
        """Return how much small contents say, by blob id, as far as they were read."""
        rows = self._rows(File.SMALL)
        return dict(zip(rows["blob"].to_pylist(), rows["information"].to_pylist(), strict=True))

    def tables(self) -> dict[str, pa.Table]:
        """Return all that is held of it in Parquet, by the name of the file."""
        return {name: self._rows(name) for name in SCHEMAS}

    def _rows(self, name: str, columns: list[str] | None = None) -> pa.Table:
        generations = [g for g in self.pointer.generations if name in g.files]
        in_part = len(generations) > 1 and self._in_part and "sha" in SCHEMAS[name].names
        read = columns if columns is None or not in_part else list({*columns, "sha"})
        tables = [self._table(generation, name, read) for generation in generations]
        if not tables:
            empty = SCHEMAS[name].empty_table()
            return empty if columns is None else empty.select(columns)
        rows = pa.concat_tables(newest(tables) if in_part else tables)
        return rows if columns is None else rows.select(columns)

    @property
    def _in_part(self) -> bool:
        """True if commits may have been read again."""
        return any(seen.shallow or not seen.ancestry for seen in self.observations)

    def _table(
        self, generation: Generation, name: str, columns: list[str] | None = None
    ) -> pa.Table:
        path = self._path(generation, name)
        return _parquet(self._read(generation, name), path, SCHEMAS[name], columns)

    def _json(self, generation: Generation, name: str, type_: type[T]) -> T:
        path = self._path(generation, name)
        return from_json(parse_json(self._read(generation, name), path), type_, path)

    def _path(self, generation: Generation, name: str) -> Path:
        return self.folder / str(generation.number) / name

    def _read(self, generation: Generation, name: str) -> bytes:
        path = self._path(generation, name)
        raw = read_file(path)
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


def _parquet(raw: bytes, path: Path, schema: pa.Schema, columns: list[str] | None) -> pa.Table:
    try:
        # `read_table` does the same for a whole dataset, which costs a small file a millisecond.
        file = pq.ParquetFile(pa.BufferReader(raw))
        if not file.schema_arrow.equals(schema):
            raise SnapshotCorrupt(f"{path} has other columns than it must have")
        return file.read(columns=columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise SnapshotCorrupt(f"{path} cannot be read: {error}") from None


class Snapshot:
    """A snapshot, for reading. Needs no lock: what a pointer names is never changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        header = path / File.HEADER
        if not header.exists() and not header.is_symlink():
            if is_empty(path):
                raise SnapshotError(f"there is no snapshot at {path}")
            raise SnapshotCorrupt(f"{header} is missing")
        found = read_sealed(header, Header)
        if found.format > FORMAT:
            raise SnapshotError(
                f"{path} was written by a newer hubtrace (format {found.format}, "
                f"this one reads {FORMAT}); update hubtrace"
            )
        self.id = found.id
        self._secret = found.secret

    def families(self) -> list[Family]:
        """Return every family, sorted by name."""
        return sorted(map(_family, self._family_files()), key=lambda family: family.name)

    def pointers(self) -> Iterator[tuple[Path, Pointer]]:
        """Yield the folder and pointer of every project, sorted by folder."""
        for folder in self._folders():
            yield folder, _pointer(folder)

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
        """Read every file and return one sentence for each that is not what was written.

        Or that is missing, or was never written by a snapshot's writer.
        """
        problems: dict[str, None] = {}

        @contextmanager
        def reading() -> Iterator[None]:
            try:
                yield
            except SnapshotError as error:
                problems[str(error)] = None

        for file in self._family_files():
            with reading():
                _family(file)
        for done, folder in enumerate(self._folders(), start=1):
            with reading():
                history = _history(folder)
                history.tables()
                _ = history.answers
                problems |= dict.fromkeys(_strangers(history))
            checked(done)
        problems |= dict.fromkeys(f"{file} is not a part of a snapshot" for file in self._others())
        with reading():
            self.check_key(required=False)
        if not problems:  # else much would be told twice
            with reading():
                problems |= dict.fromkeys(self._missing())
        return list(problems)

    def check(self) -> dict[str, ProjectHistory]:
        """Compare the manifest with what is there, without reading the generations.

        Returns the projects by their keys, each pointer as it was compared.

        Raises:
            SnapshotCorrupt: something is missing, or was put in another's place.
        """
        self.check_key(required=False)
        if (listed := self._as_listed()) is not None:
            return listed
        held: dict[str, ProjectHistory] = {}
        for problem in self._missing(held):
            raise SnapshotCorrupt(f"{problem}; take it from a copy of the snapshot")
        return held

    def check_key(self, *, required: bool) -> None:
        """Check that the key of contributors is the snapshot's own.

        Whoever hands a snapshot on leaves it out, so that it need not be there to read one.

        Raises:
            SnapshotCorrupt: it is not, or it is `required` and missing.
        """
        file = self.path / File.SECRET
        if required or file.exists() or file.is_symlink():
            raw = read_file(file)
            if self._secret is not None and sha256(raw) != self._secret:
                raise changed(file)

    def contents(self, held: dict[str, ProjectHistory] | None = None) -> dict[str, Any]:
        """Return what the snapshot holds: per project its generations, cursors and file hashes.

        `held` is filled with the projects.
        """
        held = {} if held is None else held
        held.clear()
        seals: dict[str, str] = {}
        families = []
        for file in self._family_files():
            raw = read_file(file)
            seals[f"{File.FAMILIES}/{file.name}"] = sha256(raw)
            families.append(_family(file, raw))
        for folder in self._folders():
            raw = read_file(folder / File.POINTER)
            seals[f"{File.PROJECTS}/{folder.name}/{File.POINTER}"] = sha256(raw)
            pointer = _pointer(folder, raw)
            held[pointer.project.key] = ProjectHistory(folder, pointer)
        return {
            "schema": "hubtrace.manifest/1",
            "format": FORMAT,
            "id": self.id,
            "tool": f"hubtrace {version('hubtrace')}",
            "families": sorted(family.name for family in families),
            "projects": {
                key: {"folder": history.folder.name, **listed(history.pointer)}
                for key, history in held.items()
            },
            "seals": seals,
        }

    def _missing(self, held: dict[str, ProjectHistory] | None = None) -> list[str]:
        """Return how the manifest and what is there differ; it may be written meanwhile.

        `held` is filled with the projects.
        """
        listed = read_manifest(self.path)
        while True:
            contents = self.contents(held)
            if listed is None:
                never = self._secret is None or is_empty(self.path)
                return [] if never else [f"{self.path / File.MANIFEST} is missing"]
            found = list(differences(self.path, listed, contents))
            now = read_manifest(self.path)
            if now == listed or not found:
                return found
            listed = now

    def _as_listed(self) -> dict[str, ProjectHistory] | None:
        """Return the projects if every file is the one that an exact manifest lists; else None.

        A file of that hash has been read before, so that it need not be checked once more.
        """
        listed = read_manifest(self.path)
        if listed is None or not listed.is_exact or listed.id != self.id:
            return None
        left, held = listed.seals, {}
        projects = f"{self.path}/{File.PROJECTS}"
        for name in sorted(os.listdir(projects)) if os.path.isdir(projects) else ():
            raw: bytes | None = None
            file = f"{File.PROJECTS}/{name}/{File.POINTER}"
            seal = left.pop(file, None)
            if seal is None and not os.path.lexists(f"{self.path}/{file}"):
                continue
            with suppress(SnapshotCorrupt):  # said below, with what the manifest lists
                raw = read_file(f"{self.path}/{file}")
            if raw is None or seal != sha256(raw):
                return None
            folder = Path(projects, name)
            pointer = _pointer(folder, raw, known=True)
            held[pointer.project.key] = ProjectHistory(folder, pointer)
        for path in self._family_files():
            if left.pop(f"{File.FAMILIES}/{path.name}", "") != sha256(read_file(path)):
                return None
        return None if left else held

    def _family_files(self) -> list[Path]:
        folder = self.path / File.FAMILIES
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        return [folder / name for name in names if name.endswith(".json")]

    def _folders(self) -> list[Path]:
        folder = self.path / File.PROJECTS
        with filesystem(f"read {folder}"):
            names = sorted(os.listdir(folder)) if folder.is_dir() else []
        # Not `glob`, and no paths before they are needed: there may be thousands.
        return [folder / n for n in names if os.path.exists(f"{folder}/{n}/{File.POINTER}")]

    def _others(self) -> Iterator[Path]:
        """Yield what is in the folders of the snapshot and of its families, and is neither."""
        known = {
            self.path: KNOWN,
            self.path / File.FAMILIES: {f.name for f in self._family_files()},
        }
        for folder, names in known.items():
            for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
                if entry.name not in names and not entry.name.startswith("."):
                    yield entry


_TIMES = ("again_at", "failed_before")
"""Fields of a pointer that grow with every look; the manifest has the hash of all of it."""


def listed(pointer: Pointer) -> dict[str, Any]:
    """Return what the manifest says of a project."""
    return {name: told for name, told in to_json(pointer).items() if name not in _TIMES}


def _strangers(history: ProjectHistory) -> Iterator[str]:
    """Yield what is in the generations of a project beside their files."""
    for generation in history.pointer.generations:
        for entry in sorted((history.folder / str(generation.number)).iterdir()):
            if entry.name not in generation.files:
                yield f"{entry} is not a part of a snapshot"


def _family(file: Path, raw: bytes | None = None) -> Family:
    family = unsealed(read_file(file) if raw is None else raw, file, Family)
    if file.stem != slug(family.name):
        raise SnapshotCorrupt(f"{file} holds the family {family.name}, which has another file")
    return family


class _Sealed(msgspec.Struct):
    body: Pointer


def _pointer(folder: Path, raw: bytes | None = None, *, known: bool = False) -> Pointer:
    """Return a project's pointer; `known` bytes are those that the manifest lists."""
    pointer = None
    if raw is not None and known:
        with suppress(msgspec.DecodeError):  # half surrogates, which `json` reads
            pointer = decode_json(raw, _Sealed).body
    if pointer is None:
        file = folder / File.POINTER
        pointer = unsealed(read_file(file) if raw is None else raw, file, Pointer)
    if folder.name != slug(pointer.project.key):
        other = f"holds {pointer.project.key}, which has another folder"
        raise SnapshotCorrupt(f"{folder / File.POINTER} {other}")
    return pointer


def _history(folder: Path) -> ProjectHistory:
    return ProjectHistory(folder, _pointer(folder))
