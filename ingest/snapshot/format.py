"""The format of a snapshot: where things lie, sealed files, and records as JSON.

The bytes of a JSON file are hashed, so they stay what they are: `json` writes and reads them, and
msgspec turns records into plain values and back, with a check of every type. (Its own decoder would
refuse half surrogates, which a host's JSON may hold.)
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError
from hubtrace.graph.files import write_atomically
from hubtrace.ingest.records import Observation

T = TypeVar("T")

FORMAT = 1
"""Raised when an older hubtrace could misread what a newer one wrote."""

HEADER = "snapshot.json"
SECRET = "secret.key"  # noqa: S105 - the name of a file, not a password
LOCK = "lock"
MANIFEST = "manifest.json"
FAMILIES = "families"
PROJECTS = "projects"
POINTER = "current.json"
PROJECT_FILE = "project.json"
DETAILS_FILE = "details.json"
COMMITS_FILE = "commits.parquet"
CHANGES_FILE = "changes.parquet"
REFERENCES_FILE = "references.parquet"
PEOPLE_FILE = "people.parquet"

_KNOWN = {HEADER, SECRET, LOCK, MANIFEST, FAMILIES, PROJECTS}


def looks_unused(path: Path) -> bool:
    """Return True if a snapshot can be made at `path` without touching anything of others."""
    if not path.exists():
        return True
    return path.is_dir() and all(
        entry.name in _KNOWN or entry.name.startswith(".") for entry in path.iterdir()
    )


def is_empty(path: Path) -> bool:
    """Return True if a snapshot holds no project and no family."""
    return not any(path.glob(f"{PROJECTS}/*/{POINTER}")) and not any(path.glob(f"{FAMILIES}/*"))


def remove(path: Path) -> None:
    """Remove an empty snapshot, and its folder if nothing else is in it."""
    for folder in (path / PROJECTS, path / FAMILIES):
        shutil.rmtree(folder, ignore_errors=True)
    for name in (MANIFEST, HEADER, SECRET, LOCK):
        (path / name).unlink(missing_ok=True)
    if not any(path.iterdir()):
        path.rmdir()


def slug(name: str) -> str:
    """Return a folder name for `name`: readable, valid on every file system, and unambiguous."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", name.split("://")[-1]).strip("._")[-80:]
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{readable or 'project'}-{digest}"


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def to_json(record: object) -> Any:
    """Return a record as JSON values: a dataclass is a map, a named tuple a list."""
    body = msgspec.to_builtins(record)
    if isinstance(record, Observation):
        body["refs"] = body.pop("refs")  # has always been the last one, and files are hashed
        if body["landings"] is None:
            del body["landings"]  # as it was before there were any
    return body


def from_json(body: Any, type_: type[T], file: Path) -> T:
    """Return the record that `to_json` was given; what `type_` does not have is left out.

    Raises:
        SnapshotCorrupt: a value is missing or has another type; the message names file and field.
    """
    try:
        return msgspec.convert(body, type_)
    except msgspec.ValidationError as error:
        raise SnapshotCorrupt(f"{file} does not fit the format: {error}") from None


def write_sealed(path: Path, record: object) -> None:
    """Write a record as JSON that carries its own SHA-256, atomically."""
    text = json.dumps(to_json(record), indent=1, sort_keys=True)
    seal = sha256(text.encode())
    write_atomically(path, f'{{"sha256": "{seal}", "body":\n{text}\n}}\n')


def read_sealed(path: Path, type_: type[T]) -> T:
    """Return the record that `write_sealed` wrote.

    Raises:
        SnapshotCorrupt: the file is not what was written; the message names it.
    """
    with filesystem(f"read {path}"):
        raw = path.read_bytes()
    try:
        head, _, tail = raw.decode().partition("\n")
        text = tail.removesuffix("\n}\n")
        intact = json.loads(f"{head}null}}")["sha256"] == sha256(text.encode())
        body = json.loads(text)
    except (ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise changed(path)
    return from_json(body, type_, path)


def changed(file: Path) -> SnapshotCorrupt:
    """Return the error of a file whose hash is not that of its content."""
    return SnapshotCorrupt(f"{file} has been changed since it was written")


@contextmanager
def filesystem(doing: str) -> Iterator[None]:
    """Turn an error of the file system into one sentence: `cannot <doing>: No space left …`."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"cannot {doing}: {error.strerror or error}") from None
