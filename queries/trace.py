"""Where a file of a variant comes from, and what came of a commit of a repository.

Times are epoch seconds, UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.identity import Side, parse_sha
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask
from hubtrace.queries.resolve import ProjectName, Resolved, resolve

_Row = TypeVar("_Row", bound="Copy | Reference | Place")
_SHA = 40
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of a variant that a repository holds; stored query `origins`."""

    variant: str
    """Key of the variant, as `repository`."""
    name: str | None
    path: str
    blob: str
    kind: str
    """`blob`, `lfs`, `asset` or `readme`."""
    boilerplate: bool
    weight: float
    repository: str
    repository_name: str | None
    origin_path: str
    origin_sha: str | None
    """None for an asset of a release whose tag is not known."""
    origin_at: int | None
    landed_at: int | None
    """None if the origin never came into the default branch."""
    copied_sha: str
    copied_at: int
    gone_at: int | None
    """Since when the variant's head lacks the file; None while it has it."""
    lag_seconds: int | None
    first: bool
    """True if no other repository had the file earlier."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A commit that another one names; stored query `trace_references`."""

    sha: str
    direction: str
    """`names` or `named_by`."""
    other_sha: str
    subject: str | None
    project: str
    name: str | None
    side: str
    at: int
    method: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A project that has a commit; stored query `commit_places`."""

    sha: str
    subject: str | None
    project: str
    name: str | None
    side: str
    at: int
    on_default: bool
    landed_at: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What the graph knows of a commit or file, on the other side."""

    target: str
    kind: str
    """`commit`, `blob`, `file` or `project`: what the target turned out to be."""
    places: tuple[Place, ...]
    """Of a commit: the projects that have it."""
    copies: tuple[Copy, ...]
    references: tuple[Reference, ...]


def trace(store: GraphStore, target: str) -> Trace:
    """Return what came of a commit or file of a repository, and where one of a variant comes from.

    Raises:
        CatalogueError: the target cannot be read, is not in the graph, or could be several commits.
    """
    sha = parse_sha(target)
    if sha is not None:
        return _commit_or_blob(store, target, sha)
    found = resolve(store, target)
    if found.address.commit is not None:
        return _commit_or_blob(store, target, found.address.commit, found.project)
    until, path = _until_and_path(store, found)
    kind = "project" if path is None else "file"
    of_side = _of_repository if found.project.side == Side.UPSTREAM else _of_variant
    return Trace(target, kind, (), tuple(of_side(store, found.project.key, path, until)), ())


def _commit_or_blob(
    store: GraphStore, target: str, sha: str, project: ProjectName | None = None
) -> Trace:
    places = _rows(Place, ask(store, "commit_places", sha=sha).data())
    if project is not None:
        places = [place for place in places if place.project == project.key]
        if not places:
            raise CatalogueError(f"{project.name} has no commit {sha} in the graph")
    if not places and len(sha) == _SHA:
        return _blob(store, target, sha)
    if not places:
        raise CatalogueError(f"there is no commit {sha} in the graph")
    shas = sorted({place.sha for place in places})
    if len(shas) > 1:
        some = ", ".join(one[: len(sha) + 6] for one in shas[:_SHOWN])
        more = ", …" if len(shas) > _SHOWN else ""
        raise CatalogueError(f"{sha} could be {len(shas)} commits or more: {some}{more}")
    copies = _copies_of_commits(store, shas)
    for place in places:
        if place.side == Side.DOWNSTREAM:
            held = _origins(store, place.project)
            copies += [copy for copy in held if copy.copied_sha == shas[0]]
    references = _rows(Reference, ask(store, "trace_references", commits=shas).data())
    return Trace(target, "commit", tuple(places), tuple(copies), tuple(references))


def _blob(store: GraphStore, target: str, blob: str) -> Trace:
    variants = {row["variant"] for row in ask(store, "trace_blob", blobs=[blob])}
    if not variants:
        raise CatalogueError(f"the graph has no commit {blob}, and no variant's file of that id")
    held = [copy for key in sorted(variants) for copy in _origins(store, key)]
    return Trace(target, "blob", (), tuple(copy for copy in held if copy.blob == blob), ())


def _of_repository(
    store: GraphStore, repository: str, path: str | None, until: int | None
) -> list[Copy]:
    """Return the copies of a repository's files, in the versions that were made up to `until`."""
    rows = ask(store, "trace_path", repository=repository, path=path)
    copies = _copies_of_commits(store, sorted({row["origin_sha"] for row in rows}))
    return [
        copy
        for copy in copies
        if copy.repository == repository
        and path in (None, copy.origin_path)
        and (until is None or copy.origin_at is None or copy.origin_at <= until)
    ]


def _of_variant(store: GraphStore, variant: str, path: str | None, until: int | None) -> list[Copy]:
    """Return the copies among a variant's files, of those that it had at `until`."""
    return [
        copy
        for copy in _origins(store, variant)
        if path in (None, copy.path)
        and (until is None or copy.copied_at <= until)
        and (until is None or copy.gone_at is None or copy.gone_at > until)
    ]


def _until_and_path(store: GraphStore, found: Resolved) -> tuple[int | None, str | None]:
    """Return the time of the commit that a revision means, None without one, and the path.

    A branch may have slashes: in `tree/feature/x/file` the graph knows where the path begins.

    Raises:
        CatalogueError: the graph has no such revision, or several.
    """
    project, revision, path = found.project, found.address.revision, found.address.path
    if revision is None:
        return None, path
    refs = {row["ref"]: row["at"] for row in ask(store, "revisions", project=project.key)}
    parts = [revision, *(path or "").split("/")]
    for length in range(1, len(parts) + 1):
        name = "/".join(parts[:length])
        for ref in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            if ref in refs:
                return int(refs[ref]), "/".join(parts[length:]) or None
    places = _rows(Place, ask(store, "commit_places", sha=revision.lower()).data())
    moments = {place.sha: place.at for place in places if place.project == project.key}
    if len(moments) != 1:
        known = "several commits" if moments else "no revision"
        raise CatalogueError(f"{project.name} has {known} `{revision}` in the graph")
    return next(iter(moments.values())), path


def _origins(store: GraphStore, variant: str) -> list[Copy]:
    return _rows(Copy, ask(store, "origins", variant=variant).data())


def _copies_of_commits(store: GraphStore, shas: Sequence[str]) -> list[Copy]:
    rows = ask(store, "trace_commit", commits=list(shas))
    held = [
        copy for key in sorted({row["variant"] for row in rows}) for copy in _origins(store, key)
    ]
    return [copy for copy in held if copy.origin_sha in shas]


def _rows(kind: type[_Row], rows: Iterable[dict[str, Any]]) -> list[_Row]:
    names = [field.name for field in fields(kind)]
    return [kind(**{name: row[name] for name in names}) for row in rows]
