"""Membership that rests on content or commits, which only whole histories show.

Discovery weighs what texts say before anything is read. When both sides have been loaded, files
that they share and commits that name each other count too, and can make a variant a member of its
repository's family (DESIGN.md section 1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hubtrace.graph.identity import Project
from hubtrace.graph.store import GraphStore
from hubtrace.ingest.families import FamilyRegistry, FamilyTarget, Target
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter

_WITHOUT_FAMILY = """
MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository)
WHERE l.role = 'upstream' AND r.gone_at IS NULL AND NOT EXISTS { (:Family)-[:RELEASES]->(v) }
RETURN v.key, r.key, l.best_method, l.confidence
ORDER BY r.key, v.key
"""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A variant that became a member of a family."""

    variant: str
    family: str
    method: str
    confidence: float


def adopt(store: GraphStore, snapshot: Path) -> list[Adopted]:
    """Record the members that the graph shows and no family has; the graph is left as it is.

    Raises:
        SnapshotError: the snapshot cannot be read or written.
    """
    links = list(store.run(_WITHOUT_FAMILY).rows())
    if not links:
        return []
    with SnapshotWriter(snapshot) as writer:
        book, names = FamilyRegistry(writer), _names(writer.snapshot.families())
        return list(_adopted(links, writer.snapshot, book, names))


def _adopted(
    links: Iterable[tuple[str, str, str, float]],
    snapshot: Snapshot,
    book: FamilyRegistry,
    names: dict[str, str],
) -> Iterator[Adopted]:
    for variant_key, repository_key, method, confidence in links:
        variant, repository = _held(snapshot, variant_key), _held(snapshot, repository_key)
        if variant is None or repository is None:
            continue  # of another snapshot, or known by name alone
        if repository_key not in names:
            free = repository.name not in names.values()
            names[repository_key] = repository.name if free else repository_key.split("//")[-1]
        name = names[repository_key]
        upstream, member = Target(repository, repository.url), Target(variant, variant.url)
        if book.record(FamilyTarget(name, (upstream,), (member,), found=True), ()):
            yield Adopted(variant.name, name, method, confidence)


def _held(snapshot: Snapshot, key: str) -> Project | None:
    """Return a project whose history the snapshot holds."""
    history = snapshot.project(key)
    return history.project if history is not None and history.has_commits else None


def _names(families: Iterable[Family]) -> dict[str, str]:
    """Return the name of each repository's family, of those that take the whole of it."""
    return {
        up.project: family.name for family in families for up in family.upstreams if not up.paths
    }
