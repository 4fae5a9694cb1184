"""Links between the variants and the repositories of a search, from the evidence of both sides."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from hubtrace.graph.confidence import FLOOR
from hubtrace.ingest.evidence import (
    Evidence,
    Link,
    confidence,
    in_repository,
    learn_aliases,
    links,
    owners_agree,
    same_owner,
)
from hubtrace.ingest.evidence.model import STRENGTHS
from hubtrace.ingest.evidence.owners import Alias, names_agree
from hubtrace.ingest.resolver import ResolvedProject

SURE = 0.2
"""The least confidence that brings in a variant that was not requested."""

EvidenceOf = Mapping[str, Sequence[Evidence]]
"""Variant, by its present name in lower case → the evidence about it."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A variant that was fetched, and the repositories that it may come from."""

    variant: ResolvedProject
    links: tuple[Link, ...]
    """The best one first; repositories under the names that they have now."""

    def leads_to(self, repositories: Collection[str]) -> bool:
        """Return True if its best link is a sure one to one of these (names in lower case)."""
        best = self.links[0] if self.links else None
        if best is None or best.confidence < SURE:
            return False
        return best.repository.lower() in repositories


def likeliest(evidence: Iterable[Evidence], most: int) -> list[str]:
    """Return the repositories that a variant names, the likeliest first, without mere tools."""
    pairs: dict[str, list[Evidence]] = {}
    for found in evidence:
        pairs.setdefault(found.repository.lower(), []).append(found)
    sure = sorted((-confidence(pair), name) for name, pair in pairs.items())
    return [name for value, name in sure if -value >= FLOOR][:most]


@dataclass(frozen=True, slots=True)
class Scorer:
    """All that is needed to score one variant of a search."""

    by_variants: EvidenceOf
    """What cards and papers say; repositories under their present names."""
    by_repositories: EvidenceOf
    """What READMEs and workflows say."""
    repositories: Sequence[str]
    """The repositories that are there."""
    aliases: Set[Alias]

    @classmethod
    def of(
        cls, by_variants: EvidenceOf, by_repositories: EvidenceOf, repositories: Sequence[str]
    ) -> "Scorer":
        """Return a scorer that has learned which owners are the same."""
        aliases = learn_aliases(
            ((name, one.repository) for name, one in _own(by_variants)),
            ((one.repository, name) for name, one in _own(by_repositories)),
        )
        return cls(by_variants, by_repositories, repositories, aliases)

    def score(self, variant: ResolvedProject) -> Linked:
        """Return the variant with its links."""
        name = variant.name.lower()
        evidence = [*self.by_variants.get(name, ()), *self.by_repositories.get(name, ())]
        found = [self._restored(one, variant.name) for one in evidence]
        near = {one.repository for one in found} | set(self._namesakes(variant.name))
        owners = (same_owner(variant.name, repository, self.aliases) for repository in sorted(near))
        return Linked(variant, tuple(links([*found, *filter(None, owners)])))

    def _restored(self, found: Evidence, variant: str) -> Evidence:
        """Restore the strength of evidence on another owner's project if both are one owner."""
        if found.reason != "other_owner" or not self._owners_agree(variant, found.repository):
            return found
        return replace(found, strength=STRENGTHS[found.method], reason=None)

    def _namesakes(self, variant: str) -> Iterator[str]:
        """Yield the repositories of the variant's owner after which it is named."""
        for repository in self.repositories:
            if self._owners_agree(variant, repository) and names_agree(variant, repository):
                yield repository

    def _owners_agree(self, variant: str, repository: str) -> bool:
        org, owner = variant.partition("/")[0], repository.partition("/")[0]
        return owners_agree(org, owner, self.aliases)


def named_by(
    repositories: Iterable[ResolvedProject], present: Mapping[str, str]
) -> dict[str, list[Evidence]]:
    """Return the evidence that repositories hold about variants.

    `present` maps names that variants have or had, in lower case, to those that they have.
    """
    named: dict[str, list[Evidence]] = {}
    for repository in repositories:
        for written, found in in_repository(repository.name, repository.details):
            name = present.get(written.lower(), written).lower()
            named.setdefault(name, []).append(found)
    return named


def _own(evidence: EvidenceOf) -> Iterator[tuple[str, Evidence]]:
    """Yield what nothing speaks against, but perhaps that the owners' names differ."""
    for name, some in evidence.items():
        for found in some:
            if found.reason in (None, "other_owner"):
                yield name, found
