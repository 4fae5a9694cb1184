"""The manifest: what a snapshot holds, so that what is missing is noticed (docs/decisions/0048).

It is sealed by its own hash, and marked while a writer is at work. Once the writer has ended, what
it lists and what is there must be the same; after a kill, and in snapshots of earlier versions,
nothing that it lists may be missing, and what was written after it counts.

Of a large snapshot it is not written anew for every model: what was written since stands in a log
beside it, a line each (docs/decisions/0058).
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from hubtrace.graph.atomic_files import write_atomically
from hubtrace.graph.decoding import convert, decode_json
from hubtrace.graph.errors import SnapshotCorrupt
from hubtrace.ingest.snapshot.format import (
    File,
    changed,
    from_json,
    parse_json,
    read_file,
    sha256,
    slug,
)

LARGE = 500
"""Projects from which on a manifest has a log."""
LONGEST_LOG = 0.25
"""Lines of a log, as a share of the projects, from which on the manifest is written anew."""


class _Generation(msgspec.Struct, rename={"number": "n"}):
    number: int


class _Project(msgspec.Struct):
    generations: list[_Generation]


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """The content of `manifest.json`."""

    schema: str
    format: int
    id: str
    tool: str
    families: list[str]
    projects: dict[str, dict[str, Any]]
    seals: dict[str, str] = msgspec.field(default_factory=dict)
    """SHA-256 of each family's file and each project's pointer, by their paths."""
    writing: bool = False
    """True from the start of a writer to its end: after a kill, too."""
    sha256: str | None = None
    """Of everything else; earlier versions lack it, and these three."""

    @property
    def is_exact(self) -> bool:
        """True if the snapshot holds what is listed, and nothing else."""
        return self.sha256 is not None and not self.writing


class Entry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the log: what was written, or where a manifest or a writer begins or ends."""

    path: str = ""
    """Of a project's pointer or a family's file, and its SHA-256."""
    seal: str = ""
    project: dict[str, Any] = msgspec.field(default_factory=dict)
    """What the manifest says of a project; nothing of a family."""
    name: str = ""
    """The key of the project, or the name of the family."""
    manifest: str = ""
    """The SHA-256 of the manifest that the next lines continue."""
    writing: bool | None = None
    """True where a writer begins, false where it ends."""


class Log:
    """What was written since a manifest was; every line is sealed with all before it."""

    def __init__(self, path: Path, lines: Sequence[str]) -> None:
        self._file = path / File.LOG
        self._seal = ""
        self.entries: list[Entry] = []
        self.is_cut = bool(lines) and lines[-1] != ""
        """True if the last line is not whole, as a kill leaves it."""
        for line in lines[:-1]:
            seal, _, text = line.partition(" ")
            if seal != sha256((self._seal + text).encode()):
                raise changed(self._file)
            self._seal = seal
            self.entries.append(from_json(parse_json(text.encode(), self._file), Entry, self._file))

    @classmethod
    def read(cls, path: Path) -> "Log":
        """Return the log of a snapshot; an empty one if it has none.

        Raises:
            SnapshotCorrupt: a line is not what was written.
        """
        file = path / File.LOG
        there = file.is_symlink() or file.exists()
        return cls(path, read_file(file).decode("ascii", "replace").split("\n") if there else ())

    @classmethod
    def of(cls, path: Path, manifest: bytes) -> "Log | None":
        """Return the log of the manifest of these bytes, from there on; None if it has none."""
        log, seal = cls.read(path), sha256(manifest)
        begins = [number for number, entry in enumerate(log.entries) if entry.manifest]
        own = [number for number in begins if log.entries[number].manifest == seal]
        if not own:
            return None
        end = next((number for number in begins if number > own[-1]), None)
        log.entries = log.entries[own[-1] + 1 : end]
        return log

    @property
    def is_ended(self) -> bool:
        """True if the last writer ended, and all that it wrote is in the log."""
        marks = [entry.writing for entry in self.entries if entry.writing is not None]
        return not self.is_cut and (not marks or not marks[-1])

    def line(self, entry: Entry) -> bytes:
        """Return an entry as the next line."""
        text = json.dumps(msgspec.to_builtins(entry), sort_keys=True)
        self._seal = sha256((self._seal + text).encode())
        return f"{self._seal} {text}\n".encode()

    def append(self, entry: Entry, *, sync: bool = True) -> None:
        """Write the next line; with `sync` it, and all before it, are on disk when this returns."""
        with self._file.open("ab") as file:
            file.write(self.line(entry))
            file.flush()
            if sync:
                os.fsync(file.fileno())
        self.entries.append(entry)

    def add_to(self, listed: Manifest) -> None:
        """Add to a manifest what was written since."""
        families = set(listed.families)
        for entry in self.entries:
            if entry.project:
                listed.projects[entry.name] = entry.project
            elif entry.path:
                families.add(entry.name)
            if entry.path:
                listed.seals[entry.path] = entry.seal
        listed.families = sorted(families)
        listed.writing = not self.is_ended
        del listed.seals[File.LOG]


def write_manifest(path: Path, body: Mapping[str, Any], *, logged: bool = False) -> None:
    """Write a manifest with its own hash, and, if `logged`, begin a log beside it.

    The log names the manifest that it continues, and does so before the manifest is there: a kill
    leaves the old pair or the new. Earlier versions take such a manifest for one of a kill.
    """
    if logged:
        body = {**body, "seals": {**body["seals"], File.LOG: ""}, "writing": True}
    text = _text({**body, "sha256": sha256(_text(body).encode())})
    begins = Entry(manifest=sha256(text.encode()))
    if logged:
        Log.read(path).append(begins)
    write_atomically(path / File.MANIFEST, text)
    if logged:
        write_atomically(path / File.LOG, Log(path, ()).line(begins))
    else:
        (path / File.LOG).unlink(missing_ok=True)


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest of the snapshot at `path`, with what its log adds; None if it has none.

    Raises:
        SnapshotCorrupt: it, or its log, is not what was written.
    """
    file = path / File.MANIFEST
    if not file.is_symlink() and not file.exists():
        return None
    raw = read_file(file)
    log = Log.of(path, raw)
    found = None
    if log is not None:  # the log, which is sealed as well, names the very bytes
        with suppress(msgspec.DecodeError):  # half a surrogate, or an error, said below
            found = decode_json(raw, Manifest)
    try:
        if found is None:
            found = convert(_intact(raw, file, sealed=log is not None), Manifest)
        if log is not None:
            log.add_to(found)
        elif File.LOG in found.seals:
            raise SnapshotCorrupt(f"{path / File.LOG} is missing, which the manifest lists")
        for project in found.projects.values():
            convert(project, _Project)
        return found
    except msgspec.ValidationError as error:
        raise SnapshotCorrupt(f"{file} does not fit the format: {error}") from None


def _intact(raw: bytes, file: Path, *, sealed: bool) -> Any:
    """Return the JSON of a manifest, if it is what was written; where `sealed`, that is known."""
    body = parse_json(raw, file)
    indent = 1 if raw.startswith(b"{\n") else None
    intact = isinstance(body, dict) and (sealed or _text(body, indent).encode() == raw)
    if intact and not sealed and "sha256" in body:
        rest = {name: value for name, value in body.items() if name != "sha256"}
        intact = body["sha256"] == sha256(_text(rest, indent).encode())
    if not intact:
        raise changed(file)
    return body


def logged_manifest(path: Path) -> tuple[Manifest, Log] | None:
    """Return the manifest, with what its log adds, and the log, for a writer to go on with it.

    None if there is no log, or a writer did not end: then all has to be compared. Its own cost
    grows with the snapshot, but a thousand times less than reading what it lists.

    Raises:
        SnapshotCorrupt: a line of the log is not what was written.
    """
    file = path / File.MANIFEST
    if not (path / File.LOG).exists() or not file.exists():
        return None
    raw = read_file(file)
    log = Log.of(path, raw)
    if log is None or not log.is_ended:
        return None
    try:
        listed = decode_json(raw, Manifest)
    except msgspec.DecodeError:  # half a surrogate in a name
        return None
    log.add_to(listed)
    return listed, log


def misplaced(path: Path, listed: Manifest) -> Iterator[str]:
    """Yield a sentence for each file that is listed and not there, or there and not listed."""
    folder = path / File.PROJECTS
    pointers = (f"{File.PROJECTS}/{name}/{File.POINTER}" for name in os.listdir(folder))
    held = {name for name in pointers if os.path.exists(f"{path}/{name}")}
    held |= {f"{File.FAMILIES}/{file.name}" for file in (path / File.FAMILIES).glob("*.json")}
    for name in sorted(listed.seals.keys() ^ held):
        lost = (
            "missing, which the manifest lists" if name in listed.seals else "not in the manifest"
        )
        yield f"{path / name} is {lost}"


def differences(path: Path, listed: Manifest, held: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each difference between a manifest and what a snapshot holds.

    `path` is the snapshot, `held` the manifest that would be written now.
    """
    if listed.id != held["id"]:
        yield f"{path / File.MANIFEST} is that of another snapshot"
    elif listed.is_exact:
        for name in sorted(listed.seals.keys() | held["seals"].keys()):
            if name not in held["seals"]:
                yield f"{path / name} is missing, which the manifest lists"
            elif name not in listed.seals:
                yield f"{path / name} is not in the manifest"
            elif listed.seals[name] != held["seals"][name]:
                yield f"{path / name} is not the one that the manifest lists"
    else:
        for name in listed.families:
            if name not in held["families"]:
                file = path / File.FAMILIES / f"{slug(name)}.json"
                yield f"{file} is missing, which the manifest lists"
        for key, project in listed.projects.items():
            file = path / File.PROJECTS / slug(key) / File.POINTER
            if key not in held["projects"]:
                yield f"{file} is missing, which the manifest lists"
            elif _newest(held["projects"][key]) < _newest(project):
                yield f"{file} is older than the manifest, which lists it"


def _newest(project: Mapping[str, Any]) -> int:
    return max((one.number for one in convert(project, _Project).generations), default=0)


def _text(body: Mapping[str, Any], indent: int | None = None) -> str:
    """Return the text of a manifest; earlier versions indented, which is ten times slower."""
    return json.dumps(body, indent=indent, sort_keys=True)
