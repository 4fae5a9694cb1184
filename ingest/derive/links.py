"""What follows from a snapshot as a whole: copies, evidence, links, references and people.

Everything is decided here, in memory, before anything is written (docs/decisions/0037). A README
that changes can change the links of any variant, and so can a project that is new: so whenever
anything in the snapshot changed, all of it is derived again.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import pyarrow as pa

from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.copies import find_copies
from hubtrace.ingest.derive.copy_index import read_copy_index
from hubtrace.ingest.derive.evidence import EvidenceCollector, Seen
from hubtrace.ingest.derive.files import find_files
from hubtrace.ingest.derive.identities import People
from hubtrace.ingest.derive.project_index import ProjectIndex
from hubtrace.ingest.derive.references import read_references
from hubtrace.ingest.derive.replaced import Tenures
from hubtrace.ingest.evidence import links
from hubtrace.ingest.evidence.content import Held, content
from hubtrace.ingest.evidence.model import Link, strongest_first
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import ProjectHistory
from hubtrace.ingest.source import Progress

KEPT = 5
"""Observations of one method that are kept for a pair: the strongest ones of those that were first
made together, so that later ones push none aside."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What a snapshot says between its projects."""

    copies: pa.Table
    """As `find_copies` returns them."""
    files: pa.Table
    """As `find_files` returns them."""
    evidence: Mapping[str, Mapping[str, Sequence[Seen]]]
    """Variant → repository → its observations, strongest first."""
    links: Mapping[str, Sequence[Link]]
    """Variant → its links, the best one first; every variant of the snapshot is there."""
    references: Set[tuple[str, str]]
    """Sha of a commit, sha of the commit on the other side that its message names."""
    people: People
    unread: tuple[str, ...]
    """Texts that could not be read, each in a sentence with its place."""


class Derivation:
    """A snapshot's files and texts, read once; `of` derives from them under given families.

    Raises:
        SnapshotCorrupt: a file is not what was written.
    """

    def __init__(self, histories: Mapping[str, ProjectHistory], progress: Progress) -> None:
        self._histories = histories
        directory = ProjectIndex(histories)
        references = read_references(histories, directory)
        self._references = references.commits
        self._tenures = Tenures(histories, directory)
        self._collected = EvidenceCollector(histories, directory)
        self._collected.texts(progress)
        self._collected.references(references.named)
        sides: dict[Side, list[ProjectHistory]] = {side: [] for side in Side}
        for _, history in sorted(histories.items()):
            sides[history.project.side].append(history)
        self._files = read_copy_index(sides[Side.DOWNSTREAM], sides[Side.UPSTREAM], progress)

    def of(self, families: Collection[Family]) -> Derived:
        """Return all that follows if these are the families."""
        copies = find_copies(self._files, members(families))
        people = People(self._histories)
        collected = self._collected.copy()
        _add_content(collected, copies)
        collected.owners()
        collected.dispute()
        collected.contributors(people)
        self._tenures.end(collected.pairs)
        evidence: dict[str, dict[str, list[Seen]]] = defaultdict(dict)
        for (variant, repository), seen in collected.worth_keeping().items():
            evidence[variant][repository] = _strongest(seen)
        declared = _declared(families)
        ranked = {
            key: links(
                [
                    one.found
                    for seen in evidence.get(key, {}).values()
                    for one in seen
                    if one.gone_at is None
                ],
                family=declared.get(key, frozenset()),
                foreign_base=collected.has_foreign_base(key),
            )
            for key in self._files.variants
        }
        files = find_files(self._files, copies)
        unread = tuple(dict.fromkeys(collected.unread))
        return Derived(copies, files, evidence, ranked, self._references, people, unread)


def members(families: Iterable[Family]) -> set[tuple[str, str]]:
    """Return each variant with each repository that a family names together with it."""
    return {(v, up.project) for f in families for v in f.variants for up in f.upstreams}


def _add_content(collected: EvidenceCollector, copies: pa.Table) -> None:
    """Add the files that variants have in common with repositories."""
    names = "variant", "repository", "path", "origin_path", "blob", "kind", "boilerplate"
    rows = list(zip(*(copies[name].to_pylist() for name in names), strict=True))
    since: dict[str, dict[str, float]] = defaultdict(dict)
    for (_, repository, _, _, blob, *_), at in zip(
        rows, copies["origin_at"].to_pylist(), strict=True
    ):
        known = since[blob].get(repository, math.inf)
        since[blob][repository] = known if at is None else min(at, known)
    times = copies["seen_at"].to_pylist()
    collections = collected.collections((row[0], row[1]) for row in rows if _is_card(row[2]))
    for (variant, repository, path, origin_path, blob, kind, boilerplate), at in zip(
        rows, times, strict=True
    ):
        holders = since[blob]
        first = holders[repository] == min(holders.values())
        collection = "collection" if repository in collections else None
        file = Held(
            *(repository, path, origin_path, blob, kind, boilerplate),
            holders=len(holders),
            first=first,
            against=collection or collected.tooling(variant, repository),
        )
        for one in content([file]):
            collected.add(variant, repository, one, at)


def _is_card(path: str) -> bool:
    return path.lower() == "readme.md"


def _strongest(seen: Sequence[Seen]) -> list[Seen]:
    """Return the strongest observations of each method, each place once: now, and ever."""
    ranked = sorted(seen, key=lambda one: (*strongest_first(one.found), one.at))
    current = _strongest_of(one for one in ranked if one.gone_at is None)
    former = [one for one in _strongest_of(ranked) if one.gone_at is not None]
    return current + former


def _strongest_of(ranked: Iterable[Seen]) -> list[Seen]:
    places: set[tuple[str, str]] = set()
    of_method: dict[tuple[str, int], int] = defaultdict(int)
    kept: list[Seen] = []
    for one in ranked:
        place = one.found.method, one.found.place
        together = one.found.method, one.at
        if place not in places and of_method[together] < KEPT:
            places.add(place)
            of_method[together] += 1
            kept.append(one)
    return kept


def _declared(families: Iterable[Family]) -> dict[str, set[str]]:
    """Return the repositories that a families file gives each variant."""
    declared: dict[str, set[str]] = defaultdict(set)
    for family in families:
        for variant in family.variants if not family.found else ():
            declared[variant] |= {upstream.project for upstream in family.upstreams}
    return declared
