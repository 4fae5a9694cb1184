"""What commit messages name of the other side: evidence, and edges between commits."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.graph.urls import GITHUB, Side
from hubtrace.ingest.derive.observations import first_seen
from hubtrace.ingest.derive.project_index import ProjectIndex
from hubtrace.ingest.evidence import Evidence, commit_reference
from hubtrace.ingest.records import Reference
from hubtrace.ingest.snapshot import ProjectHistory
from hubtrace.ingest.snapshot.format import REVERTS


@dataclass(frozen=True, slots=True)
class Named:
    """A pair that a commit's message joins."""

    variant: str
    repository: str
    found: Evidence
    at: int
    """When the commit was first observed."""


@dataclass
class References:
    """All that the messages of a snapshot name on the other side."""

    named: list[Named] = field(default_factory=list)
    commits: set[tuple[str, str]] = field(default_factory=set)
    """Sha of a commit, sha of the commit on the other side that its message names."""


def read_references(histories: Mapping[str, ProjectHistory], directory: ProjectIndex) -> References:
    """Return what messages name: projects by their pages, commits where the other side has them."""
    result = References()
    rows = {
        key: [row for row in history.references().to_pylist() if not _takes_back(row["named"])]
        for key, history in histories.items()
    }
    shas = {row["named"] for found in rows.values() for row in found if row["named"]}
    holders = _holders(histories, shas) if shas else {}
    for key, found in rows.items():
        seen_at = first_seen(histories[key]) if found else {}
        for row in found:
            sha = row["sha"]
            at = seen_at[sha]
            _take(histories[key], sha, at, _reference(row), directory, holders, result)
    return result


def _takes_back(named: str | None) -> bool:
    return named is not None and named.startswith(REVERTS)


def reverts(history: ProjectHistory) -> dict[str, str]:
    """Return the commits of a project that take another one back, and that one."""
    rows = zip(*(history.references()[name].to_pylist() for name in ("sha", "named")), strict=True)
    return {sha: named.removeprefix(REVERTS) for sha, named in rows if _takes_back(named)}


def _reference(row: Mapping[str, object]) -> Reference:
    project, sha = row["project"], row["named"]
    return Reference(
        project if isinstance(project, str) else None,
        sha if isinstance(sha, str) else None,
        bool(row["copied"]),
    )


def _take(
    history: ProjectHistory,
    commit: str,
    at: int,
    reference: Reference,
    directory: ProjectIndex,
    holders: Mapping[tuple[Side, str], Sequence[str]],
    result: References,
) -> None:
    """Add one reference of a commit to the result, if it leads to the other side."""
    own = history.project
    other = Side.DOWNSTREAM if own.side is Side.UPSTREAM else Side.UPSTREAM
    holding = holders.get((other, reference.sha or ""), ())
    if holding:
        result.commits.add((commit, reference.sha or ""))
    for key in _projects(other, reference, directory, holding):
        variant, repository = (own.key, key) if other is Side.UPSTREAM else (key, own.key)
        missing = bool(reference.sha) and key not in holding and directory.holds(key)
        found = commit_reference(repository, commit, reference, missing=missing)
        result.named.append(Named(variant, repository, found, at))


def _projects(
    side: Side, reference: Reference, directory: ProjectIndex, holding: Sequence[str]
) -> Iterator[str]:
    """Yield the keys of the projects that a reference leads to."""
    if reference.project is None:
        yield from holding
    elif side is Side.UPSTREAM:
        yield directory.repository(reference.project.removeprefix(f"{GITHUB}/"))
    else:
        key = directory.at(side, reference.project)
        if key is not None:
            yield key


def _holders(
    histories: Mapping[str, ProjectHistory], shas: set[str]
) -> dict[tuple[Side, str], list[str]]:
    """Return the projects that have each of these commits, by side and sha."""
    wanted = pa.array(sorted(shas), pa.string())
    holders: dict[tuple[Side, str], list[str]] = defaultdict(list)
    for key, history in histories.items():
        column = history.commits(["sha"])["sha"]
        for sha in column.filter(pc.is_in(column, wanted)).to_pylist():
            holders[history.project.side, sha].append(key)
    return holders
