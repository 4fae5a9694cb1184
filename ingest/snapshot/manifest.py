"""The manifest: what a snapshot holds, so that what is missing is noticed (docs/decisions/0048).

It is sealed by its own hash, and marked while a writer is at work. Once the writer has ended, what
it lists and what is there must be the same; after a kill, and in snapshots of earlier versions,
nothing that it lists may be missing, and what was written after it counts.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hubtrace.graph.errors import SnapshotCorrupt
from hubtrace.graph.files import write_atomically
from hubtrace.ingest.snapshot.format import File, changed, parse_json, read_file, sha256, slug


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


def write_manifest(path: Path, body: Mapping[str, Any]) -> None:
    """Write a manifest with its own hash."""
    sealed = {**body, "sha256": sha256(_text(body).encode())}
    write_atomically(path / File.MANIFEST, _text(sealed))


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest of the snapshot at `path`; None if it has none.

    Raises:
        SnapshotCorrupt: it is not what was written.
    """
    file = path / File.MANIFEST
    if not file.is_symlink() and not file.exists():
        return None
    raw = read_file(file)
    body = parse_json(raw, file)
    indent = 1 if raw.startswith(b"{\n") else None
    intact = isinstance(body, dict) and _text(body, indent).encode() == raw
    if intact and "sha256" in body:
        rest = {name: value for name, value in body.items() if name != "sha256"}
        intact = body["sha256"] == sha256(_text(rest, indent).encode())
    if not intact:
        raise changed(file)
    try:
        found = msgspec.convert(body, Manifest)
        for project in found.projects.values():
            msgspec.convert(project, _Project)
        return found
    except msgspec.ValidationError as error:
        raise SnapshotCorrupt(f"{file} does not fit the format: {error}") from None


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
    return max((one.number for one in msgspec.convert(project, _Project).generations), default=0)


def _text(body: Mapping[str, Any], indent: int | None = None) -> str:
    """Return the text of a manifest; earlier versions indented, which is ten times slower."""
    return json.dumps(body, indent=indent, sort_keys=True)
