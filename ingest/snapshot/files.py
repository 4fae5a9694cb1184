"""Files that are whole or not there: atomic writes, sealed JSON, safe names, hashes."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graph.errors import SnapshotCorrupt, SnapshotError

_SLUG_LENGTH = 80


def slug(name: str) -> str:
    """Return a folder name for `name`: readable, valid on every file system, and unambiguous."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", name.split("://")[-1]).strip("._")[-_SLUG_LENGTH:]
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{readable or 'project'}-{digest}"


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a kill, sees the old content or the new, never a part."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_sealed(path: Path, body: dict[str, Any]) -> None:
    """Write JSON that carries its own SHA-256, atomically."""
    text = json.dumps(body, indent=1, sort_keys=True)
    seal = hashlib.sha256(text.encode()).hexdigest()
    write_atomically(path, f'{{"sha256": "{seal}", "body":\n{text}\n}}\n'.encode())


def read_sealed(path: Path) -> dict[str, Any]:
    """Read what `write_sealed` wrote.

    Raises:
        SnapshotCorrupt: it is not what was written; the message names the file.
    """
    with filesystem(f"read {path}"):
        raw = path.read_bytes()
    try:
        head, _, tail = raw.decode().partition("\n")
        text = tail.removesuffix("\n}\n")
        seal = json.loads(f"{head}null}}")["sha256"]
        intact = seal == hashlib.sha256(text.encode()).hexdigest()
        body: dict[str, Any] = json.loads(text)
    except (ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise SnapshotCorrupt(f"{path} has been changed since it was written")
    return body


@contextmanager
def filesystem(doing: str) -> Iterator[None]:
    """Turn an error of the file system into one sentence: `cannot <doing>: No space left …`."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"cannot {doing}: {error.strerror or error}") from None
