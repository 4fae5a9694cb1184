"""Links between the variants and the repositories of a search, from the evidence of both sides."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from hubtrace.ingest.evidence import (
    Evidence,
    Link,
    confidence,
    in_repository,
    learn_aliases,
    links,
    owners_agree,
)
from hubtrace.ingest.evidence.claims import FOREIGN, Claims, has_foreign_base, named_as_own
from hubtrace.ingest.evidence.model import FLOOR
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
    named: Mapping[str, Set[str]]
    """Repository, in lower case → what it names on the Hub as its own."""

    @classmethod
    def of(
        cls, by_variants: EvidenceOf, by_repositories: EvidenceOf, repositories: Sequence[str]
    ) -> "Scorer":
        """Return a scorer that has learned which owners are the same."""
        aliases = learn_aliases(
            ((name, one.repository) for name, one in _own(by_variants)),
            ((one.repository, name) for name, one in _own(by_repositories)),
        )
        named = named_as_own((one.repository, name) for name, one in _own(by_repositories))
        return cls(by_variants, by_repositories, repositories, aliases, named)

    def score(self, variant: ResolvedProject) -> Linked:
        """Return the variant with its links."""
        name = variant.name.lower()
        foreign = has_foreign_base(variant.name, variant.details)
        claims = Claims(variant.name, self.aliases, foreign, self.named)
        evidence = [*self.by_variants.get(name, ()), *self.by_repositories.get(name, ())]
        near = {one.repository for one in evidence} | set(self._namesakes(variant.name))
        found = [*claims.weigh(evidence), *claims.owners(sorted(near))]
        return Linked(variant, tuple(links(found, foreign_base=foreign)))

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
            if found.reason in (None, *FOREIGN):
                yield name, found
