"""The format of a snapshot: where things lie, sealed files, and records as JSON."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError
from hubtrace.graph.files import write_atomically
from hubtrace.graph.identity import Project, Side
from hubtrace.ingest.records import (
    Asset,
    BaseModel,
    Event,
    Family,
    HostData,
    Observation,
    Paper,
    ProjectMetadata,
    PullHead,
    Ref,
    RefKind,
    Release,
    Text,
    TreeFile,
    Upstream,
)

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


def write_sealed(path: Path, body: dict[str, Any]) -> None:
    """Write JSON that carries its own SHA-256, atomically."""
    text = json.dumps(body, indent=1, sort_keys=True)
    seal = hashlib.sha256(text.encode()).hexdigest()
    write_atomically(path, f'{{"sha256": "{seal}", "body":\n{text}\n}}\n')


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


def project_to_json(project: Project) -> dict[str, Any]:
    """Return a project as JSON."""
    return asdict(project)


def project_from_json(body: dict[str, Any]) -> Project:
    """Return the project that `project_to_json` was given."""
    return Project(**{**body, "side": Side(body["side"])})


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """Return an observation as JSON; refs are short lists, because there can be thousands."""
    body = {name: getattr(observation, name) for name in _OBSERVATION}
    return {**body, "refs": [[ref.name, ref.kind, ref.target] for ref in observation.refs]}


def observation_from_json(body: dict[str, Any]) -> Observation:
    """Return the observation that `observation_to_json` was given."""
    refs = tuple(Ref(name, RefKind(kind), target) for name, kind, target in body["refs"])
    return Observation(refs=refs, **{name: body[name] for name in _OBSERVATION})


_OBSERVATION = ("observed_at", "default_branch", "shallow", "ancestry")


def event_from_json(body: dict[str, Any]) -> Event:
    """Return an event from its JSON (`dataclasses.asdict`)."""
    return Event(**body)


def family_to_json(family: Family) -> dict[str, Any]:
    """Return a family as JSON."""
    return asdict(family)


def family_from_json(body: dict[str, Any]) -> Family:
    """Return the family that `family_to_json` was given."""
    upstreams = tuple(Upstream(up["project"], tuple(up["paths"])) for up in body["upstreams"])
    return Family(**{**body, "upstreams": upstreams, "variants": tuple(body["variants"])})


def details_to_json(details: HostData) -> dict[str, Any]:
    """Return what a host told as JSON; files are short lists, because there can be thousands."""
    files = [[f.path, f.blob, f.size, f.lfs_sha256, f.lfs_size] for f in details.files]
    return {
        "facts": asdict(details.facts),
        "texts": [asdict(text) for text in details.texts],
        "releases": [asdict(release) for release in details.releases],
        "pulls": [[pull.number, pull.state, pull.sha] for pull in details.pulls],
        "files": files,
        "papers": [asdict(paper) for paper in details.papers],
        "gone": details.gone,
        "cut": list(details.cut),
    }


def details_from_json(body: Mapping[str, Any]) -> HostData:
    """Return the details that `details_to_json` was given."""
    return HostData(
        facts=_facts(body["facts"]),
        texts=tuple(Text(**text) for text in body["texts"]),
        releases=tuple(_release(release) for release in body["releases"]),
        pulls=tuple(PullHead(*pull) for pull in body["pulls"]),
        files=tuple(TreeFile(*file) for file in body["files"]),
        papers=tuple(Paper(**paper) for paper in body["papers"]),
        gone=body["gone"],
        cut=tuple(body["cut"]),
    )


def _facts(body: Mapping[str, Any]) -> ProjectMetadata:
    base_models = tuple(BaseModel(**model) for model in body["base_models"])
    return ProjectMetadata(**{**body, "tags": tuple(body["tags"]), "base_models": base_models})


def _release(body: Mapping[str, Any]) -> Release:
    return Release(**{**body, "assets": tuple(Asset(**asset) for asset in body["assets"])})
