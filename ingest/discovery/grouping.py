"""Families of what was discovered, by the rule of docs/design.md, section 1.

A variant is of the family of the repository that it has the best link to, if that link carries
membership. Other variants are derived, or have no link; they are read, and kept apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hubtrace.graph.urls import Hosts, ProjectRef, Side
from hubtrace.ingest.discovery.scoring import SURE, Linked
from hubtrace.ingest.discovery.search import Discovered
from hubtrace.ingest.evidence import in_repository
from hubtrace.ingest.evidence.model import DERIVED, UPSTREAM, Link
from hubtrace.ingest.families import FamilyTarget, Target
from hubtrace.ingest.records import Family
from hubtrace.ingest.resolver import ResolvedProject


@dataclass(frozen=True, slots=True)
class Formed:
    """What is to be read, and why."""

    families: tuple[FamilyTarget, ...]
    alone: tuple[Target, ...]
    """Projects of no family: derived and unlinked variants, repositories beside the best one."""
    reasons: tuple["Reason", ...]
    tips: tuple[str, ...]
    """What else could be ingested."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a variant is, or is not, of a family."""

    variant: str
    family: str | None
    """None for a variant that is kept apart."""
    link: Link | None
    """Its best link; None if it has no evidence."""


def group(found: Discovered, known: Iterable[Family], web: Hosts) -> Formed:
    """Return the families; `known` are those of the snapshot, whose names are kept."""
    return _Grouper(found, known, web).form()


class _Grouper:
    def __init__(self, found: Discovered, known: Iterable[Family], web: Hosts) -> None:
        self._found, self._web = found, web
        families = list(known)
        self._taken = {family.name for family in families}
        self._members = {key for family in families for key in family.variants}
        self._named = {
            up.project: family.name
            for family in reversed(families)
            for up in family.upstreams
            if not up.paths
        }

    def form(self) -> Formed:
        members: dict[str, list[Linked]] = {}
        apart: list[Linked] = []
        for linked in self._found.variants.values():
            if linked.links and linked.links[0].role == UPSTREAM:
                members.setdefault(self._repository(linked.links[0]).project.key, []).append(linked)
            else:
                apart.append(linked)
        families = [self._family(some) for some in members.values()]
        reasons = [_reason(one, self._name(some)) for some in members.values() for one in some]
        reasons += [_reason(one, None) for one in apart]
        tips = filter(None, (self._tip(some) for some in members.values()))
        return Formed(tuple(families), tuple(self._alone(apart)), tuple(reasons), tuple(tips))

    def _family(self, members: Sequence[Linked]) -> FamilyTarget:
        upstream = self._repository(members[0].links[0])
        variants = tuple(linked.variant.target() for linked in members)
        return FamilyTarget(self._name(members), (self._target(upstream),), variants, found=True)

    def _tip(self, members: Sequence[Linked]) -> str | None:
        """Return how to take in the other variants that a repository names."""
        repository = self._repository(members[0].links[0])
        if ProjectRef(Side.UPSTREAM, repository.name) in self._found.asked:
            return None
        pairs = in_repository(repository.name, repository.details)
        named = {name for name, found in pairs if found.strength >= SURE}
        keys = {self._web.project(Side.DOWNSTREAM, name).key for name in named}
        more = len(keys - {linked.variant.project.key for linked in members} - self._members)
        if not more:
            return None
        page = repository.project.url.partition("://")[2]
        models = "model" if more == 1 else "models"
        return f"{repository.name} names {more} more {models}: hubtrace ingest {page}"

    def _name(self, members: Sequence[Linked]) -> str:
        """Return the family's name: the one that it has, else its repository's."""
        repository = self._repository(members[0].links[0])
        name = self._named.get(repository.project.key)
        if name is None:
            name = repository.name
            if name in self._taken:
                name = repository.project.url.partition("://")[2]
        return name

    def _target(self, repository: ResolvedProject) -> Target:
        """Return the target of a repository, which remembers the models that are not its own."""
        validators = self._found.others.get(repository.name.lower(), {})
        return replace(repository.target(), validators=validators)

    def _repository(self, link: Link) -> ResolvedProject:
        return self._found.repositories[link.repository.lower()]

    def _alone(self, apart: Iterable[Linked]) -> Iterator[Target]:
        """Yield what is of no family; a later target of a project goes before an earlier one."""
        for name in self._found.gone:
            yield Target(self._web.project(Side.UPSTREAM, name), "")
        for linked in self._found.variants.values():
            for link in linked.links:
                yield self._repository(link).facts_only()
        for linked in apart:
            yield linked.variant.target()
            if linked.links and linked.links[0].role == DERIVED:
                yield self._target(self._repository(linked.links[0]))
        for asked in self._found.asked:
            if asked.side is Side.UPSTREAM:
                yield self._target(self._found.repositories[asked.name.lower()])


def _reason(linked: Linked, family: str | None) -> Reason:
    return Reason(linked.variant.name, family, linked.links[0] if linked.links else None)
