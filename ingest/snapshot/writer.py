"""Writing a snapshot: one writer, generations that are only ever added, pointers that move."""

import secrets
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from graph.errors import SnapshotError, SnapshotLocked
from graph.lock import ExclusiveLock, Locked
from ingest.derive.events import events_between
from ingest.derive.host_events import host_events
from ingest.facts import Details
from ingest.interface import Cursor, Progress, Reading, no_progress
from ingest.names import host_key, key_of, login_host
from ingest.records import Commit, Event, Family
from ingest.snapshot import codec, layout
from ingest.snapshot.columns import (
    Contributors,
    change_rows,
    commit_rows,
    people_rows,
    reference_rows,
)
from ingest.snapshot.draft import Draft
from ingest.snapshot.files import filesystem, slug, write_atomically, write_sealed
from ingest.snapshot.manifest import write_manifest
from ingest.snapshot.reader import Pointer, ProjectHistory, Snapshot, newest

_BATCH = 5_000
"""Commits held in memory while a project is written."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one look at a project added to the snapshot."""

    commits: int
    """Commits that were not held before."""
    events: tuple[Event, ...]
    changed: bool
    """False if the project was as it was before."""


class SnapshotWriter:
    """The one writer of a snapshot, which is made if there is none.

    Other threads may ask for cursors and aliases while one of them writes.

    Raises:
        SnapshotLocked: another process is writing to it.
        SnapshotError: the place cannot be written, or is something else's.
    """

    def __init__(self, path: Path) -> None:
        if not layout.looks_unused(path):
            raise SnapshotError(f"{path} is not a snapshot, and not empty; choose another folder")
        with filesystem(f"write {path}"):
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(path)
        try:
            with filesystem(f"write {path}"):
                _make_header(path)
            self.snapshot = Snapshot(path)
            self._aliases: dict[str, str] | None = None
            self._naming = threading.Lock()
        except BaseException:
            self._lock.release()
            raise
        self._path = path
        self._contributors = Contributors((path / layout.SECRET).read_bytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock, filesystem(f"write {self._path}"):
            if layout.is_empty(self._path):
                layout.remove(self._path)  # nothing could be read: leave nothing behind
            else:
                write_manifest(self.snapshot)

    def cursor(self, key: str) -> Cursor:
        """Return where reading of a project continues.

        From the start if the snapshot lacks it, or holds a shallow history of it: what was beyond
        the cut may have come, and commits at the cut may have got their parents.
        """
        history = self.snapshot.project(key)
        if history is None or history.last.shallow:
            return Cursor(details=history.details if history else None)
        pointer = history.pointer
        # A project of which only the host was asked has refs, and no commits yet.
        heads = pointer.heads if history.has_commits else ()
        return Cursor(heads, history.last, history.details, pointer.marks)

    def key_of_alias(self, alias: str) -> str | None:
        """Return the key of the project that is, or once was, known by another one."""
        with self._naming:
            if self._aliases is None:
                pointers = [pointer for _, pointer in self.snapshot.pointers()]
                self._aliases = {name: p.project.key for p in pointers for name in p.aliases}
            return self._aliases.get(alias)

    def write_project(
        self, reading: Reading, source: str, progress: Progress = no_progress
    ) -> Written:
        """Add what is new in `reading` as a generation, then move the project's pointer to it.

        Raises:
            SnapshotError: the disk is full or cannot be written; the project is as before.
            SourceError: the source failed while it was read; the project is as before.
        """
        folder = self._path / layout.PROJECTS / slug(reading.project.key)
        before = self.snapshot.project(reading.project.key)
        with filesystem(f"write {folder}"):
            draft = Draft(folder, before)
            try:
                count = self._write_commits(draft, reading, before, progress)
                written, pointer = _publish(draft, reading, before, count, source)
            except BaseException:
                draft.discard()
                raise
        with self._naming:
            if self._aliases is not None:
                self._aliases |= dict.fromkeys(pointer.aliases, pointer.project.key)
        return written

    def write_family(self, family: Family) -> None:
        """Add a family, or replace the one of its name."""
        file = self._path / layout.FAMILIES / f"{slug(family.name)}.json"
        with filesystem(f"write {file}"):
            file.parent.mkdir(exist_ok=True)
            write_sealed(file, codec.family_to_json(family))

    def compact(self, progress: Progress = no_progress) -> int:
        """Join the generations of every project into one; return how many projects had several.

        Nothing that was seen is lost: commits, observations and events stay.
        """
        several = [h for h in self.snapshot.projects() if len(h.pointer.generations) > 1]
        for done, history in enumerate(several, start=1):
            with filesystem(f"write {history.folder}"):
                _compact(history)
            progress("compacting", done, len(several))
        return len(several)

    def _write_commits(
        self, draft: Draft, reading: Reading, before: ProjectHistory | None, progress: Progress
    ) -> int:
        """Write what is new; return how many commits were not held before."""
        held = set(before.commits(["sha"])["sha"].to_pylist()) if before else set()
        again = before is not None and _may_tell_more(before, reading)
        host = login_host(reading.project.side)
        count = 0
        with _closing(reading.commits) as stream:
            fresh = (commit for commit in stream if again or commit.sha not in held)
            for batch in _batches(fresh):
                told = batch, self._contributors, host, reading.logins
                draft.write(
                    {
                        layout.COMMITS_FILE: commit_rows(*told),
                        layout.CHANGES_FILE: change_rows(batch),
                        layout.REFERENCES_FILE: reference_rows(batch, reading.project.side),
                        layout.PEOPLE_FILE: people_rows(*told),
                    }
                )
                count += sum(commit.sha not in held for commit in batch)
                progress(reading.project.name, count, None)
        draft.close()
        return count


def _may_tell_more(before: ProjectHistory, reading: Reading) -> bool:
    """Return True if commits that are held may come with parents that were not known."""
    return before.last.shallow or (reading.observation.ancestry and not before.last.ancestry)


def _publish(
    draft: Draft, reading: Reading, before: ProjectHistory | None, count: int, source: str
) -> tuple[Written, Pointer]:
    observation, told = reading.observation, _newly_told(before, reading)
    generations = before.pointer.generations if before else ()
    changed = before is None or count > 0 or told is not None or _differs(before, reading)
    events: tuple[Event, ...] = ()
    if changed:
        events = _events(before, draft, reading) if before else ()
        generations = (*generations, draft.finish([observation], events, told))
    else:
        draft.discard()
    pointer = Pointer(
        reading.project,
        source,
        observation.observed_at,
        tuple(sorted({ref.target for ref in observation.refs})),
        generations,
        reading.marks,
        _aliases(before, reading),
    )
    draft.publish(pointer)
    return Written(count, events, changed), pointer


def _newly_told(before: ProjectHistory | None, reading: Reading) -> Details | None:
    """Return what the host told, if it is more than other download counts."""
    if reading.details is None or before is None or before.details is None:
        return reading.details
    known = before.details.facts
    now = replace(reading.details.facts, downloads=known.downloads, likes=known.likes)
    same = replace(reading.details, facts=now) == before.details
    return None if same else reading.details


def _aliases(before: ProjectHistory | None, reading: Reading) -> tuple[str, ...]:
    names = set(before.pointer.aliases if before else ()) | {key_of(reading.project.url)}
    names.update(reading.aliases)
    if reading.details is not None and reading.details.facts.host_id:
        names.add(host_key(reading.project.side, reading.details.facts.host_id))
    return tuple(sorted(names - {"", reading.project.key}))


def _differs(before: ProjectHistory, reading: Reading) -> bool:
    at_the_same_moment = replace(reading.observation, observed_at=before.last.observed_at)
    return at_the_same_moment != before.last or reading.project != before.project


def _events(before: ProjectHistory, draft: Draft, reading: Reading) -> tuple[Event, ...]:
    def commits() -> pa.Table:
        columns = ["sha", "parents", "committed_at"]
        held = [before.commits(columns)]
        fresh = draft.path / layout.COMMITS_FILE
        if fresh.exists():
            held.append(pq.read_table(fresh, columns=columns))
        return pa.concat_tables(newest(held))

    events = events_between(before.last, reading.observation, commits)
    if before.details is not None and reading.details is not None:
        events += host_events(before.details, reading.details, reading.observation.observed_at)
    return events


def _compact(history: ProjectHistory) -> None:
    draft = Draft(history.folder, history)
    try:
        draft.write(history.tables())
        generation = draft.finish(history.observations, history.events, history.details)
        draft.publish(replace(history.pointer, generations=(generation,)))
    except BaseException:
        draft.discard()
        raise
    for old in history.pointer.generations:
        _remove(history.folder / str(old.number))


def _remove(generation: Path) -> None:
    for file in generation.iterdir():
        file.unlink()
    generation.rmdir()


def _make_header(path: Path) -> None:
    if not (path / layout.SECRET).exists():
        write_atomically(path / layout.SECRET, secrets.token_bytes(32))
        (path / layout.SECRET).chmod(0o600)
    if not (path / layout.HEADER).exists():
        write_sealed(path / layout.HEADER, {"format": layout.FORMAT, "id": secrets.token_hex(8)})


def _lock(path: Path) -> ExclusiveLock:
    try:
        return ExclusiveLock(path / layout.LOCK)
    except Locked as locked:
        raise SnapshotLocked(
            f"{path} is being written by process {locked.holder}; try again when it is done"
        ) from None


@contextmanager
def _closing(commits: Iterator[Commit]) -> Iterator[Iterator[Commit]]:
    """End the source, and the program it may be reading from, whatever happens."""
    try:
        yield commits
    finally:
        if isinstance(commits, Generator):
            commits.close()


def _batches(commits: Iterable[Commit]) -> Iterator[list[Commit]]:
    stream = iter(commits)
    while batch := list(islice(stream, _BATCH)):
        yield batch
