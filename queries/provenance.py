"""Provenance: what connects commits, files and projects of the two sides.

`trace` follows a commit or file to the other side; `why` lists every path between a variant and a
repository. Times are epoch seconds, UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import count, date, later, short_sha
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import Side, parse_sha
from hubtrace.queries.catalogue import Row, ask, rows_as
from hubtrace.queries.lookup import ProjectName, Resolved, find_project, resolve

_SHA = 40
_SHOWN = 5
PATHS = ("link", "family", "file", "evidence", "reference", "base", "person")
"""The kinds of path between a variant and a repository, in the order in which they are listed."""
_CONTENT = frozenset({"same_blob", "same_lfs"})
_MATCHES = {
    "blob": "is, byte for byte, {origin}",
    "lfs": "is, by the SHA-256 of its LFS pointer, {origin}",
    "asset": "is, by SHA-256 and size, the release asset {origin}",
    "readme": "is {origin} but for the front matter",
}


@dataclass(frozen=True, slots=True)
class TracedCopy:
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
class TracedReference:
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
class CommitPlace:
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
    places: tuple[CommitPlace, ...]
    """Of a commit: the projects that have it."""
    copies: tuple[TracedCopy, ...]
    references: tuple[TracedReference, ...]


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
    kind, key = "project" if path is None else "file", found.project.key
    if found.project.side == Side.UPSTREAM:  # the versions that were made up to then
        rows = ask(store, "trace_path", repository=key, path=path)
        copies = [
            copy
            for copy in _copies_of_commits(store, sorted({row["origin_sha"] for row in rows}))
            if copy.repository == key
            and path in (None, copy.origin_path)
            and (until is None or copy.origin_at is None or copy.origin_at <= until)
        ]
    else:  # the files that the variant had then
        copies = [
            copy
            for copy in _origins(store, key)
            if path in (None, copy.path)
            and (until is None or copy.copied_at <= until)
            and (until is None or copy.gone_at is None or copy.gone_at > until)
        ]
    return Trace(target, kind, (), tuple(copies), ())


def _commit_or_blob(
    store: GraphStore, target: str, sha: str, project: ProjectName | None = None
) -> Trace:
    places = rows_as(ask(store, "commit_places", sha=sha), CommitPlace)
    if project is not None:
        places = [place for place in places if place.project == project.key]
        if not places:
            raise CatalogueError(f"{project.name} has no commit {sha} in the graph")
    if not places and len(sha) == _SHA:
        variants = {row["variant"] for row in ask(store, "trace_blob", blobs=[sha])}
        if not variants:
            raise CatalogueError(f"the graph has no commit {sha}, and no variant's file of that id")
        held = [copy for key in sorted(variants) for copy in _origins(store, key)]
        return Trace(target, "blob", (), tuple(copy for copy in held if copy.blob == sha), ())
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
    references = rows_as(ask(store, "trace_references", commits=shas), TracedReference)
    return Trace(target, "commit", tuple(places), tuple(copies), tuple(references))


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
    places = rows_as(ask(store, "commit_places", sha=revision.lower()), CommitPlace)
    times = {place.sha: place.at for place in places if place.project == project.key}
    if len(times) != 1:
        known = "several commits" if times else "no revision"
        raise CatalogueError(f"{project.name} has {known} `{revision}` in the graph")
    return next(iter(times.values())), path


def _origins(store: GraphStore, variant: str) -> list[TracedCopy]:
    return rows_as(ask(store, "origins", variant=variant), TracedCopy)


def _copies_of_commits(store: GraphStore, shas: Sequence[str]) -> list[TracedCopy]:
    rows = ask(store, "trace_commit", commits=list(shas))
    held = [
        copy for key in sorted({row["variant"] for row in rows}) for copy in _origins(store, key)
    ]
    return [copy for copy in held if copy.origin_sha in shas]


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the variant to the repository."""

    kind: str
    """One of `PATHS`."""
    sentence: str
    weight: float | None = None
    """What it is worth, 0 to 1, where that is known."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The row of the stored query that it comes from."""


@dataclass(frozen=True, slots=True)
class Why:
    """All paths between a variant and a repository."""

    variant: ProjectName
    repository: ProjectName
    paths: tuple[Path, ...]


def why(store: GraphStore, variant: str, repository: str) -> Why:
    """Return every path between the two, in the order of `PATHS`.

    Raises:
        CatalogueError: the graph has no such variant or repository.
    """
    pair = (
        find_project(store, variant, Side.DOWNSTREAM),
        find_project(store, repository, Side.UPSTREAM),
    )
    keys = {"variant": pair[0].key, "repository": pair[1].key}
    queries: tuple[tuple[str, str, Callable[[Row], str | None], str | None], ...] = (
        ("link", "links", _link_sentence, "confidence"),
        ("family", "families_between", _family_sentence, None),
        ("evidence", "evidence", _evidence_sentence, "strength"),
        ("reference", "references", _reference_sentence, None),
        ("base", "bases_between", _base_sentence, "confidence"),
        ("person", "people_between", _person_sentence, None),
    )
    files = [
        row
        for row in ask(store, "origins", variant=pair[0].key)
        if row["repository"] == pair[1].key
    ]
    files.sort(key=lambda row: (-row["weight"], row["path"], row["copied_at"]))
    found = {"file": [Path("file", _copy_sentence(row), row["weight"], row) for row in files]}
    for kind, query, sentence_of, weight in queries:
        found[kind] = [
            Path(kind, sentence, row[weight] if weight else None, row)
            for row in ask(store, query, **keys)
            if (sentence := sentence_of(row)) is not None
        ]
    return Why(*pair, tuple(path for kind in PATHS for path in found[kind]))


def _link_sentence(row: Row) -> str:
    roles = {
        "upstream": "the variant is of the repository's family",
        "derived": "its best link, but not enough to be of the family",
        "weaker": "another repository has a better one",
    }
    best = f", best by {row['best_method']}" if row["best_method"] else ""
    role = f": {roles[row['role']]}" if row["role"] in roles else ""
    return (
        f"They are linked with confidence {row['confidence']:.2f}{best}, "
        f"by {count(row['observations'], 'observation')}{role}."
    )


def _family_sentence(row: Row) -> str:
    paths = f" under {', '.join(row['paths'])}" if row["paths"] else ""
    return f"The family {row['family']} releases the variant and is built in the repository{paths}."


def _evidence_sentence(row: Row) -> str | None:
    """Describe an observation; those of contents are described by the files themselves."""
    if row["method"] in _CONTENT:
        return None
    reason = f", worth less because of {row['reason']}" if row["reason"] else ""
    strength = f"{row['strength']:.2f}{reason}"
    gone = f"; missed since {date(row['gone_at'])}" if row["gone_at"] is not None else ""
    return f"Evidence {row['method']} (strength {strength}{gone}), at {row['place']}: {row['said']}"


def _reference_sentence(row: Row) -> str:
    ours, theirs = ("variant", "repository")
    if row["from_side"] == Side.UPSTREAM:
        ours, theirs = theirs, ours
    subject = f" “{row['subject']}”" if row["subject"] else ""
    return (
        f"Commit {short_sha(row['from_sha'])} of the {ours}{subject} names commit "
        f"{short_sha(row['to_sha'])} of the {theirs}; the variant's is {later(row['lag_seconds'])}."
    )


def _base_sentence(row: Row) -> str:
    steps = zip(row["relations"], row["chain"][1:], strict=True)
    chain = ", which is a ".join(f"{relation} of {name}" for relation, name in steps)
    links = []
    if row["families"]:
        links.append(f"is released by the family {', '.join(row['families'])}, built there")
    if row["confidence"] is not None:
        links.append(f"is linked to the repository with confidence {row['confidence']:.2f}")
    if row["files"]:
        links.append(f"has {count(row['files'], 'file')} of the repository")
    return f"The variant is a {chain}; that one {' and '.join(links)}."


def _person_sentence(row: Row) -> str:
    who = row["login"] or "Somebody known by an address only"
    how = {"same_key": "the same key on both sides"}.get(
        row["method"], f"two keys joined by {row['method']}"
    )
    return (
        f"{who} made {count(row['downstream_commits'], 'commit')} of the variant and "
        f"{count(row['upstream_commits'], 'commit')} of the repository ({how})."
    )


def _copy_sentence(row: Row) -> str:
    """Return a row of the stored query `origins` as a sentence or two."""
    is_what = _MATCHES[row["kind"]].format(origin=f"`{row['origin_path']}`")
    what = f"`{row['path']}` {is_what}{_origin_clause(row)}"
    return f"{what}. {_stay_sentence(row)}. {_weight_sentence(row)}"


def _origin_clause(row: Row) -> str:
    if row["origin_at"] is None:
        return ""
    if row["kind"] == "asset":
        return f" of {date(row['origin_at'])}"
    never = ", which never landed" if row["landed_at"] is None else ""
    return f" of commit {short_sha(row['origin_sha'])} ({date(row['origin_at'])}){never}"


def _stay_sentence(row: Row) -> str:
    """Say since when the variant has the file, how much later that is, and until when."""
    lag = row["lag_seconds"]
    revision = f"{short_sha(row['copied_sha'])} ({date(row['copied_at'])})"
    if lag is None:
        taken = f"The variant took it in {revision}"
    elif lag >= 0:
        taken = f"The variant took it {later(lag)}, in {revision}"
    else:
        taken = f"The variant had it {later(lag)}, in {revision}: it flowed back"
    gone_at = row["gone_at"]
    return taken if gone_at is None else f"{taken}, and replaced or removed it on {date(gone_at)}"


def _weight_sentence(row: Row) -> str:
    if row["boilerplate"]:
        return "Everybody has this file, so it proves nothing (weight 0)."
    if row["weight"] == 1:
        return "No other repository holds it (weight 1)."
    holders = round(1 / row["weight"])
    first = "this one had it first" if row["first"] else "another one had it earlier"
    return f"{holders} repositories hold it (weight {row['weight']:.2g}), and {first}."
