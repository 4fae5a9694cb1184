"""Where things lie in a snapshot, and which format this is."""

import shutil
from pathlib import Path

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
