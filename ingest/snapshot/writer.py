"""Writing a snapshot: one writer, generations that are only ever added, pointers that move."""

import hashlib
import json
import os
import secrets
import shutil
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hubtrace.graph.atomic_files import exclusive_lock, write_atomically
from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError, SnapshotLocked
from hubtrace.graph.text import without_addresses
from hubtrace.graph.urls import Project, Side, host_key, key_of
from hubtrace.ingest.change_types.classifier import classify_history
from hubtrace.ingest.change_types.rules import version
from hubtrace.ingest.derive.events import events_between, host_events
from hubtrace.ingest.records import Event, Family, HostData, Observation
from hubtrace.ingest.snapshot.format import (
    FORMAT,
    RULES,
    SCHEMAS,
    WRITING,
    Contributors,
    File,
    filesystem,
    from_json,
    is_empty,
    looks_unused,
    read_file,
    read_sealed,
    remove,
    sha256,
    slug,
    tables,
    to_json,
    without_addresses_in,
    write_sealed,
)
from hubtrace.ingest.snapshot.manifest import (
    LARGE,
    LONGEST_LOG,
    Entry,
    Log,
    Manifest,
    differences,
    logged_manifest,
    misplaced,
    read_manifest,
    write_manifest,
)
from hubtrace.ingest.snapshot.reader import (
    Earlier,
    Generation,
    Header,
    Pointer,
    ProjectHistory,
    Snapshot,
    listed,
    newest,
)
from hubtrace.ingest.source import Cursor, Progress, ProjectData, no_progress

_BATCH = 5_000
"""Commits held in memory while a project is written."""
_OF_A_CLASS = 16
"""Generations of about the same number of looks, which are then joined."""


def snapshot_hash(snapshot: Snapshot) -> str:
    """Return one SHA-256 over all that the snapshot holds, to cite it by."""
    body = snapshot.contents()
    del body["tool"], body["seals"]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


class Draft:
    """The next generation of a project. Nothing of it counts before the pointer moves."""

    def __init__(self, folder: Path, before: ProjectHistory | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder, before)
        self.folder = folder
        self._number = before.pointer.generations[-1].number + 1 if before else 1
        self.path = folder / f"{self._number}.partial"
        self.path.mkdir()
        self._writers: dict[str, pq.ParquetWriter] = {}

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Append rows to the Parquet files of these names, of `columns.SCHEMAS`."""
        for name, rows in tables.items():
            if rows.num_rows:
                if name not in self._writers:
                    path = self.path / name
                    self._writers[name] = pq.ParquetWriter(path, rows.schema, **WRITING)
                self._writers[name].write_table(rows)

    def close(self) -> None:
        """Finish the Parquet files; nothing can be appended afterwards."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def write_earlier(self, history: ProjectHistory, *, redact: bool = False) -> None:
        """Write what the host said before it said what `details.json` holds."""
        # By way of the records, so that each has all fields, whichever version wrote it.
        numbers = [number for number, _ in history.answers_as_json()]
        told = [answer.details for answer in history.answers]
        kept = [without_addresses_in(one) if redact else one for one in told]
        optional: dict[str, Any] = {"attestations": []}
        bodies = [{**optional, **to_json(one)} for one in kept]
        answers = list(zip(numbers, bodies, strict=True))
        later = [body for _, body in [*answers[1:], *answers[-1:]]]
        earlier = [
            Earlier(number, {name: value for name, value in body.items() if after[name] != value})
            for (number, body), after in zip(answers, later, strict=True)
        ]
        last = len(history.observations) - 1
        if any(number != last for number, _ in answers):
            (self.path / File.EARLIER).write_text(json.dumps(to_json(earlier)))

    def finish(
        self, observations: Iterable[Observation], events: Iterable[Event], details: HostData | None
    ) -> Generation:
        """Complete the generation on disk and give it its number."""
        self.close()
        if details is not None:
            (self.path / File.DETAILS).write_text(json.dumps(to_json(details)))
        seen = {"observations": map(to_json, observations), "events": map(to_json, events)}
        body = json.dumps({name: list(found) for name, found in seen.items()})
        (self.path / File.PROJECT).write_text(body)
        hashes = {file.name: _sync(file) for file in sorted(self.path.iterdir())}
        self.path.rename(self.folder / str(self._number))
        return Generation(self._number, hashes)

    def discard(self) -> None:
        """Remove the generation: there is nothing new in it, or it failed."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def _draft(folder: Path, before: ProjectHistory | None) -> Iterator[Draft]:
    """Begin a generation that is discarded if the block fails."""
    with filesystem(f"write {folder}"):
        draft = Draft(folder, before)
        try:
            yield draft
        except BaseException:
            draft.discard()
            raise


def _sync(file: Path) -> str:
    """Wait until a file is on disk; return its SHA-256."""
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _remove_leftovers(folder: Path, history: ProjectHistory | None) -> None:
    """Remove what a kill left: generations that no pointer names, and half-written files."""
    named = {str(g.number) for g in history.pointer.generations} if history else set()
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in named:
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name.startswith("."):
            entry.unlink()


@dataclass(frozen=True, slots=True)
class Written:
    """What reading a project once added to the snapshot."""

    commits: int
    """Commits that were not held before."""
    events: tuple[Event, ...]
    changed: bool
    """False if the project was as it was before."""


class SnapshotWriter:
    """The one writer of a snapshot, which is made if there is none.

    Other threads may read cursors and aliases while one of them writes.

    Raises:
        SnapshotLocked: another process is writing to it.
        SnapshotError: the folder cannot be written, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        if not looks_unused(path):
            raise SnapshotError(f"{path} is not a snapshot, and not empty; choose another folder")
        self._path = path
        self._aliases: dict[str, str] | None = None
        self._latest: int | None = None
        """When the last project was observed that was written."""
        self._naming = threading.Lock()
        with ExitStack() as held, filesystem(f"write {path}"):
            path.mkdir(parents=True, exist_ok=True)
            held.enter_context(exclusive_lock(path / File.LOCK, path, SnapshotLocked))
            _make_header(path)
            self.snapshot = Snapshot(path)
            self.snapshot.check_key(required=True)
            self._contributors = Contributors(read_file(path / File.SECRET))
            self._listed, self._log = self._begin()
            self._held = held.pop_all()

    def _begin(self) -> tuple[Manifest | None, Log | None]:
        """Compare the snapshot with its manifest, and mark that it is being written.

        With a log, files are only looked for here, and compared when they are touched: what it
        lists is never forgotten, so that `load` and `verify` notice the rest.
        """
        found = logged_manifest(self._path)
        if found is None:
            self.snapshot.check()
            write_manifest(self._path, {**self.snapshot.contents(), "writing": True})
            return None, None
        listed, log = found
        for problem in misplaced(self._path, listed):
            raise SnapshotCorrupt(f"{problem}; take it from a copy of the snapshot")
        if listed.id != self.snapshot.id:
            raise SnapshotCorrupt(f"{self._path / File.MANIFEST} is that of another snapshot")
        log.append(Entry(writing=True))
        return listed, log

    def _end(self) -> None:
        """Bring the manifest up to date: by its log, or as a whole where that is about as long."""
        if self._listed is None or self._log is None:
            contents = self.snapshot.contents()
            write_manifest(self._path, contents, logged=len(contents["projects"]) >= LARGE)
            return
        self._log.append(Entry(writing=False))
        if len(self._log.entries) > max(LARGE, len(self._listed.projects)) * LONGEST_LOG:
            contents, listed = self.snapshot.contents(), read_manifest(self._path)
            if listed and not any(differences(self._path, listed, contents)):
                write_manifest(self._path, contents, logged=True)

    def _compare(self, file: Path) -> None:
        """Check that a file which is about to be replaced is the one that the manifest lists."""
        if self._listed is not None and file.exists():
            seal = self._listed.seals.get(str(file.relative_to(self._path)))
            if sha256(read_file(file)) != seal:
                problem = f"{file} is not the one that the manifest lists"
                raise SnapshotCorrupt(f"{problem}; take it from a copy of the snapshot")

    def _write(self, file: Path, record: Pointer | Family) -> None:
        """Write a project's pointer or a family, and note it in the log."""
        seal = write_sealed(file, record)
        if self._listed is None or self._log is None:
            return
        path = str(file.relative_to(self._path))
        self._listed.seals[path] = seal
        if isinstance(record, Pointer):
            project = {"folder": file.parent.name, **listed(record)}
            self._listed.projects[record.project.key] = project
            self._log.append(Entry(path, seal, project, record.project.key), sync=False)
        else:
            self._log.append(Entry(path, seal, name=record.name), sync=False)

    def _join(self, history: ProjectHistory, newest_ones: int, *, redact: bool = False) -> None:
        """Join the newest generations into one; the old ones stay on disk."""
        pointer, file = history.pointer, history.folder / File.POINTER
        kept, joined = pointer.generations[:-newest_ones], pointer.generations[-newest_ones:]
        part = ProjectHistory(history.folder, msgspec.structs.replace(pointer, generations=joined))
        with _draft(history.folder, history) as draft:
            rows, details = part.tables(), part.details
            del rows[File.TYPES]
            if redact:
                rows[File.COMMITS] = _redacted(rows[File.COMMITS])
                details = without_addresses_in(details) if details else None
            told = _types(part.project.side, rows) if history.tells_changes else {}
            draft.write({**rows, **told})
            draft.write_earlier(part, redact=redact)
            generation = draft.finish(part.observations, part.events, details)
            self._compare(file)
            self._write(file, msgspec.structs.replace(pointer, generations=(*kept, generation)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._held, filesystem(f"write {self._path}"):
            if is_empty(self._path):
                remove(self._path)  # nothing could be read: leave nothing behind
            else:
                self._end()

    def cursor(self, key: str) -> Cursor:
        """Return where reading of a project continues.

        From the start if the snapshot lacks it, or holds a shallow history of it: what was beyond
        the cut may have come, and commits at the cut may have got their parents.
        """
        history = self.snapshot.project(key)
        if history is None or history.last.shallow:
            return Cursor(details=history.details if history else None)
        pointer = history.pointer
        # A project of which only the host was read has refs, and no commits yet.
        heads = pointer.heads if history.has_commits else ()
        return Cursor(heads, history.last, history.details, pointer.validators)

    def projects(self) -> Iterator[Project]:
        """Yield every project that is held, under the name that it had last."""
        if self._listed is None:
            yield from (pointer.project for _, pointer in self.snapshot.pointers())
            return
        for held in self._listed.projects.values():
            yield from_json(held["project"], Project, self._path / File.MANIFEST)

    def key_of_alias(self, alias: str) -> str | None:
        """Return the key of the project that is, or once was, known by another one."""
        with self._naming:
            if self._aliases is None and self._listed is not None:
                listed = self._listed.projects.items()
                self._aliases = {name: key for key, p in listed for name in p["aliases"]}
            elif self._aliases is None:
                pointers = [pointer for _, pointer in self.snapshot.pointers()]
                self._aliases = {name: p.project.key for p in pointers for name in p.aliases}
            return self._aliases.get(alias)

    def write_project(
        self, reading: ProjectData, source: str, progress: Progress = no_progress
    ) -> Written:
        """Add what is new in `reading` as a generation, then move the project's pointer to it.

        Raises:
            SnapshotError: the disk is full or cannot be written; the project is as before.
            SourceError: the source failed while it was read; the project is as before.
        """
        if reading.details is not None:
            reading = replace(reading, details=without_addresses_in(reading.details))
        folder = self._path / File.PROJECTS / slug(reading.project.key)
        self._compare(folder / File.POINTER)
        before = self.snapshot.project(reading.project.key)
        with _draft(folder, before) as draft:
            count = self._write_commits(draft, reading, before, progress)
            taken = self._taken_over(reading, before)
            written, pointer = _published(draft, reading, before, count, source, taken)
            self._write(folder / File.POINTER, pointer)
        self._latest = max(self._latest or 0, pointer.observed_at)
        if many := _to_join(pointer):
            self._join(ProjectHistory(folder, pointer), many)
        with self._naming:
            if self._aliases is not None:
                self._aliases |= dict.fromkeys(pointer.aliases, pointer.project.key)
        return written

    def _taken_over(self, reading: ProjectData, before: ProjectHistory | None) -> tuple[Event, ...]:
        """Return that a project got a name that another one of ours had: it is new, or was renamed.

        The subject is its former name, if it had one. One that was replaced in place shows it by
        its own observations (`host_events`).
        """
        at, details = key_of(reading.project.url), reading.details
        former = before.project if before else None
        if details is None or not details.facts.host_id or not at:
            return ()
        if former is not None and key_of(former.url) == at:
            return ()
        elder = self.snapshot.project(at)
        if elder is None and (key := self.key_of_alias(at)) is not None:
            elder = self.snapshot.project(key)
        known = elder.details.facts.host_id if elder and elder.details else ""
        if known in ("", details.facts.host_id):
            return ()
        moment = reading.observation.observed_at
        name = former.name if former else ""
        return (Event("replaced", moment, name, known, details.facts.host_id),)

    def note_failure(self, key: str, at: int) -> bool:
        """Keep that a project could not be read, until it is; return whether it is held at all."""
        history = self.snapshot.project(key)
        if history is None:
            return False
        self._compare(history.folder / File.POINTER)
        known = history.pointer
        pointer = msgspec.structs.replace(known, failed_at=at, failed_before=_failures(known))
        with filesystem(f"write {history.folder}"):
            self._write(history.folder / File.POINTER, pointer)
        return True

    def write_family(self, family: Family) -> None:
        """Add a family, or replace the one of its name, whose members are kept as former ones."""
        file = self._path / File.FAMILIES / f"{slug(family.name)}.json"
        known = read_sealed(file, Family) if file.exists() else None
        if self._latest is None:  # nothing was read now
            times = (pointer.observed_at for _, pointer in self.snapshot.pointers())
            self._latest = max(times, default=None)
        family = replace(family, since=self._latest, earlier=known.memberships if known else ())
        if known and family.memberships[-1][1:] == known.memberships[-1][1:]:
            family = replace(family, since=known.since, earlier=known.earlier)
        with filesystem(f"write {file}"):
            file.parent.mkdir(exist_ok=True)
            self._compare(file)
            self._write(file, family)

    def compact(self, progress: Progress = no_progress, *, redact: bool = False) -> int:
        """Join the generations of every project into one; return how many projects had several.

        Nothing that was seen is lost: commits, observations, events and all that hosts said stay.
        With `redact` every project is written anew, without the e-mail addresses that earlier
        versions kept in prose.
        """
        histories = self.snapshot.projects()
        several = [h for h in histories if redact or len(h.pointer.generations) > 1]
        for done, history in enumerate(several, start=1):
            self._join(history, len(history.pointer.generations), redact=redact)
            with filesystem(f"write {history.folder}"):
                for old in history.pointer.generations:
                    shutil.rmtree(history.folder / str(old.number))
            progress("compacting", done, len(several))
        return len(several)

    def _write_commits(
        self, draft: Draft, reading: ProjectData, before: ProjectHistory | None, progress: Progress
    ) -> int:
        """Write what is new; return how many commits were not held before."""
        again = before is not None and _completes(before, reading)
        held: set[str] = set()
        side, logins = reading.project.side, reading.logins
        told = before.tells_changes if before and before.has_commits else None
        count = 0
        with ExitStack() as ending:
            if isinstance(reading.commits, Generator):  # and the program that it may read from
                ending.enter_context(closing(reading.commits))
            given = iter(reading.commits)
            first = list(islice(given, 1))
            if before and first:  # most looks bring none: what is held need not be read
                held = before.shas()
            fresh = (commit for commit in chain(first, given) if again or commit.sha not in held)
            while batch := list(islice(fresh, _BATCH)):
                rows = tables(batch, side, self._contributors, logins)
                told = rows[File.CHANGES].num_rows > 0 if told is None else told
                draft.write({**rows, **(_types(side, rows) if told else {})})
                count += sum(commit.sha not in held for commit in batch)
                progress(reading.project.name, count, None)
        if count:
            known = before.small() if before else {}
            small = {blob: told for blob, told in reading.small().items() if blob not in known}
            columns = [[*small], [*small.values()]]
            draft.write({File.SMALL: pa.table(columns, schema=SCHEMAS[File.SMALL])})
        draft.close()
        return count


def _to_join(pointer: Pointer) -> int:
    """Return how many of the newest generations a look joins, so that their number stays small.

    Each look reads all of them. A generation is of the class of the looks that it holds: below 16,
    below 256 and so on; 16 of one class become one of the next (docs/decisions/0056).
    """
    numbers = (0, *(generation.number for generation in pointer.generations))
    classes = [(after - before).bit_length() - 1 >> 2 for before, after in pairwise(numbers)]
    full = (n for n, one in enumerate(classes) if classes[n:].count(one) >= _OF_A_CLASS)
    return len(classes) - next(full, len(classes))


def _types(side: Side, rows: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the change types of commits as a file, by the rules that its metadata name."""
    told = classify_history(side, rows[File.COMMITS], rows[File.CHANGES])
    return {File.TYPES: told.replace_schema_metadata({RULES: version().encode()})}


def _redacted(commits: pa.Table) -> pa.Table:
    subjects = [without_addresses(subject or "") for subject in commits["subject"].to_pylist()]
    place = commits.schema.get_field_index("subject")
    return commits.set_column(place, commits.schema.field(place), pa.array(subjects, pa.string()))


def _completes(before: ProjectHistory, reading: ProjectData) -> bool:
    """Return True if commits that are held may come with parents that were not known."""
    return before.last.shallow or (reading.observation.ancestry and not before.last.ancestry)


def _published(
    draft: Draft,
    reading: ProjectData,
    before: ProjectHistory | None,
    count: int,
    source: str,
    events: tuple[Event, ...],
) -> tuple[Written, Pointer]:
    observation, details = reading.observation, _new_details(before, reading)
    generations = before.pointer.generations if before else ()
    changed = before is None or count > 0 or details is not None or _differs(before, reading)
    if changed:
        events = (*events, *_events(before, draft, reading)) if before else events
        generations = (*generations, draft.finish([observation], events, details))
    else:
        draft.discard()
    pointer = Pointer(
        reading.project,
        source,
        observation.observed_at,
        tuple(sorted({ref.target for ref in observation.refs})),
        generations,
        reading.validators,
        _aliases(before, reading),
        again_at=_unchanged_looks(before) if before else (),
        failed_before=_failures(before.pointer) if before else (),
    )
    return Written(count, events, changed), pointer


def _unchanged_looks(before: ProjectHistory) -> tuple[int, ...]:
    pointer = before.pointer
    is_kept = pointer.observed_at == before.last.observed_at
    return pointer.again_at if is_kept else (*pointer.again_at, pointer.observed_at)


def _failures(pointer: Pointer) -> tuple[int, ...]:
    last = pointer.failed_at
    return pointer.failed_before if last is None else (*pointer.failed_before, last)


def _new_details(before: ProjectHistory | None, reading: ProjectData) -> HostData | None:
    """Return what the host returned, if more than download counts differs from what is held."""
    if reading.details is None or before is None or before.details is None:
        return reading.details
    known = before.details.facts
    now = replace(reading.details.facts, downloads=known.downloads, likes=known.likes)
    same = replace(reading.details, facts=now) == before.details
    return None if same else reading.details


def _aliases(before: ProjectHistory | None, reading: ProjectData) -> tuple[str, ...]:
    names = set(before.pointer.aliases if before else ()) | {key_of(reading.project.url)}
    names.update(reading.aliases)
    if reading.details is not None and reading.details.facts.host_id:
        side = reading.project.side
        # The id of a project that was replaced is another's, if it is anywhere.
        names = {name for name in names if not name.startswith(host_key(side, ""))}
        names.add(host_key(side, reading.details.facts.host_id))
    return tuple(sorted(names - {"", reading.project.key}))


def _differs(before: ProjectHistory, reading: ProjectData) -> bool:
    observation = replace(reading.observation, observed_at=before.last.observed_at)
    return observation != before.last or reading.project != before.project


def _events(before: ProjectHistory, draft: Draft, reading: ProjectData) -> tuple[Event, ...]:
    columns, file = ["sha", "parents", "committed_at"], draft.path / File.COMMITS
    fresh = pq.read_table(file, columns=columns) if file.exists() else None

    def commits() -> pa.Table:
        held = before.commits(columns)
        return held if fresh is None else pa.concat_tables(newest([held, fresh]))

    events = events_between(
        before.last,
        reading.observation,
        commits,
        lambda: islice(before.newest_first(), 1, None),
        fresh,
    )
    if before.details is not None and reading.details is not None:
        events += host_events(before.details, reading.details, reading.observation.observed_at)
    return events


def _make_header(path: Path) -> None:
    """Begin a snapshot, if there is none, or none but what a kill left of its first moment."""
    header, secret = path / File.HEADER, path / File.SECRET
    if header.exists() or header.is_symlink() or not is_empty(path):
        return
    if not secret.exists():
        write_atomically(secret, secrets.token_bytes(32))
        secret.chmod(0o600)
    (path / File.MANIFEST).unlink(missing_ok=True)
    key = sha256(read_file(secret))
    write_sealed(header, Header(FORMAT, secrets.token_hex(8), key))
