"""All evidence that a snapshot holds, by pairs of a variant and a repository."""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Self

from hubtrace.graph.confidence import FLOOR
from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.identities import People
from hubtrace.ingest.derive.project_index import ProjectIndex
from hubtrace.ingest.derive.references import Named
from hubtrace.ingest.evidence import (
    Evidence,
    Unread,
    confidence,
    in_repository,
    in_variant,
    learn_aliases,
    owners_named,
)
from hubtrace.ingest.evidence.claims import FOREIGN, Claims, has_foreign_base, named_as_own
from hubtrace.ingest.evidence.model import FACTORS
from hubtrace.ingest.evidence.owners import Alias, Kinship, core, kinship, names_agree
from hubtrace.ingest.evidence.reasons import is_tool_of_others
from hubtrace.ingest.records import HostData
from hubtrace.ingest.snapshot import ProjectHistory
from hubtrace.ingest.source import Progress

Pair = tuple[str, str]
"""Key of a variant, key of a repository."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation, when it was first made, and when it was first missed; epoch seconds."""

    found: Evidence
    at: int
    gone_at: int | None = None
    """None while it can still be made, of the project that has the name now (decisions 0043, 0045).
    What was seen once is kept."""


LIKELY = 0.5
"""How sure it must be without them that two projects belong together, for a login to be the same
human on both hubs."""
_OWN = (None, *FOREIGN)
"""What may speak against what a repository says of its own models, as long as owners differ."""
_MANY = 3
"""Owners whose cards make a collection of the repository that keeps them."""
_CARD = ("card_code", "card_link")
_ATTESTED = ("attestation", "attestation_claim")


class EvidenceCollector:
    """Collects what was found for each pair; what speaks for a pair has its repository's key."""

    def __init__(self, histories: Mapping[str, ProjectHistory], directory: ProjectIndex) -> None:
        self.pairs: dict[Pair, list[Seen]] = defaultdict(list)
        self.unread: Unread = []
        """Texts that could not be read, each in a sentence."""
        self._histories = histories
        self._directory = directory
        self._variants = _of(histories, Side.DOWNSTREAM)
        self._repositories = _of(histories, Side.UPSTREAM)
        self._named_by: list[tuple[str, str]] = []
        """Repository, and what it names on the Hub: `org/name`, or `org/` for an owner's page."""

    def copy(self) -> Self:
        """Return a collector of the same observations, to which others can be added."""
        other = copy.copy(self)
        other.pairs = defaultdict(list, {pair: list(seen) for pair, seen in self.pairs.items()})
        return other

    def add(
        self, variant: str, repository: str, one: Evidence, at: int, gone_at: int | None = None
    ) -> None:
        """Add an observation that was made from `at` to `gone_at`."""
        seen = Seen(replace(one, repository=repository), at, gone_at)
        self.pairs[variant, repository].append(seen)

    def texts(self, progress: Progress) -> None:
        """Read the cards, papers, READMEs and workflows."""
        for done, history in enumerate(self._histories.values(), start=1):
            if history.details is not None:
                self._texts_of(history, history.details)
            progress("reading evidence", done, len(self._histories))

    def _texts_of(self, history: ProjectHistory, details: HostData) -> None:
        """Add what each answer of a host said; what the last one does not say is gone."""
        first: dict[tuple[Pair, Evidence], int] = {}
        gone: dict[tuple[Pair, Evidence], int] = {}
        before: dict[tuple[Pair, Evidence], None] = {}
        read: HostData | None = None
        for seen, told in history.answers:
            texts = replace(told, pulls=(), releases=(), files=(), cut=(), gone=None)
            if texts != read:
                name = history.project.name if told == details else told.facts.name
                found = dict.fromkeys(self._in_texts(history, name, told))
                first = {**dict.fromkeys(found, seen.observed_at), **first}
                gone |= dict.fromkeys(before.keys() - found.keys(), seen.observed_at)
                read, before = texts, found
        for ((variant, repository), one), at in first.items():
            gone_at = (
                None if ((variant, repository), one) in before else gone[(variant, repository), one]
            )
            self.add(variant, repository, one, at, gone_at)
        if history.project.side is Side.UPSTREAM:
            key, name = history.project.key, history.project.name
            for written, one in in_repository(name, details, self.unread):
                if one.reason in _OWN:
                    self._named_by.append((key, written))
            owners = owners_named(name, details, self.unread)
            self._named_by += ((key, f"{owner}/") for owner in owners)

    def _in_texts(
        self, history: ProjectHistory, name: str, details: HostData
    ) -> Iterator[tuple[Pair, Evidence]]:
        key = history.project.key
        if history.project.side is Side.DOWNSTREAM:
            for one in in_variant(name, details, self.unread):
                yield (key, self._directory.repository(one.repository)), one
            return
        for written, one in in_repository(name, details, self.unread):
            variant = self._directory.variant(written)
            if variant is not None:
                yield (variant, key), one

    def references(self, named: Iterable[Named]) -> None:
        """Add what the messages of commits name."""
        for one in named:
            self.add(one.variant, one.repository, one.found, one.at)

    def owners(self) -> None:
        """Weigh what cards claim, and add whose owners agree.

        That is of pairs that something else joins, or whose names agree too.
        """
        aliases = self._aliases()
        named = named_as_own((self._name(key), name) for key, name in self._named_by)
        near: dict[str, set[str]] = defaultdict(set)
        for variant, repository in {*self._current(), *self._namesakes(aliases)}:
            near[variant].add(repository)
        for variant in self._variants:
            foreign = self.has_foreign_base(variant)
            claims = Claims(self._name(variant), aliases, foreign, named)
            self._weigh(variant, claims, sorted(near[variant]))

    def _weigh(self, variant: str, claims: Claims, repositories: Sequence[str]) -> None:
        """Weigh what is known of one variant, and add the evidence of its owner's name."""
        names = {repository: self._name(repository) for repository in repositories}
        seen = [
            (repository, position, one)
            for repository in repositories
            for position, one in enumerate(self.pairs.get((variant, repository), ()))
        ]
        written = [replace(one.found, repository=names[r]) for r, _, one in seen]
        gone = {number for number, (_, _, one) in enumerate(seen) if one.gone_at is not None}
        for (repository, position, one), found in zip(
            seen, claims.weigh(written, gone), strict=True
        ):
            weighed = replace(found, repository=repository)
            self.pairs[variant, repository][position] = replace(one, found=weighed)
        for repository in repositories:
            for owner, at, gone_at in self._owners(variant, repository, claims):
                self.add(variant, repository, owner, at, gone_at)

    def _owners(
        self, variant: str, repository: str, claims: Claims
    ) -> Iterator[tuple[Evidence, int, int | None]]:
        """Yield what the names of both say that they have, and had, and from when to when."""
        ours, theirs = self._names(variant), self._names(repository)
        since = began = self._known_since(variant, repository)
        last: Evidence | None = None
        for at in sorted({began, *(at for at, _ in ours + theirs if at > began)}):
            named = replace(claims, variant=_at(ours, at))
            now = next(iter(named.owners([_at(theirs, at)])), None)
            if now != last:
                if last is not None:
                    yield last, since, at
                last, since = now, at
        if last is not None:
            yield last, since, None

    def has_foreign_base(self, variant: str) -> bool:
        """Return True if a variant says that it was made from another owner's model."""
        return has_foreign_base(self._name(variant), self._histories[variant].details)

    def _aliases(self) -> frozenset[Alias]:
        """Learn which owners are the same people from what is not said of others."""
        named = [
            (self._name(variant), self._name(repository))
            for (variant, repository), seen in self.pairs.items()
            if any(
                s.found.method in _CARD and s.found.reason in _OWN and s.gone_at is None
                for s in seen
            )
        ]
        return learn_aliases(named, ((self._name(key), name) for key, name in self._named_by))

    def _namesakes(self, aliases: frozenset[Alias]) -> Iterator[Pair]:
        """Yield the pairs of the snapshot whose owners and names agree."""
        by_owner: dict[str, list[str]] = defaultdict(list)
        for key in self._repositories:
            by_owner[core(_owner(self._name(key)))].append(key)
        also: dict[str, list[str]] = defaultdict(list)
        for org, owner in aliases:
            also[org].append(core(owner))
        for key in self._variants:
            org = _owner(self._name(key))
            for owner in {core(org), *also[org.lower()]}:
                for repository in by_owner[owner]:
                    if names_agree(self._name(key), self._name(repository)):
                        yield key, repository

    def dispute(self) -> None:
        """Weaken attestations that name another repository than all else does.

        Anybody can attest any file in a repository of their own: an attestation proves which
        workflow signed, not that nobody had the file before (decision 0049).
        """
        sure: dict[str, dict[str, float]] = defaultdict(dict)
        for (variant, repository), seen in self.pairs.items():
            others = (one.found for one in seen if one.gone_at is None)
            sure[variant][repository] = confidence(
                one for one in others if one.method not in _ATTESTED
            )
        for (variant, repository), seen in self.pairs.items():
            known = sure[variant]
            if known[repository] >= FLOOR or max(known.values()) < LIKELY:
                continue
            for position, one in enumerate(seen):
                if one.found.method == "attestation":
                    strength = one.found.strength * FACTORS["disputed"]
                    weak = replace(one.found, strength=strength, reason="disputed")
                    seen[position] = replace(one, found=weak)

    def collections(self, cards: Iterable[Pair]) -> Set[str]:
        """Return the repositories that keep the cards of many owners who are not their own.

        `cards` are the pairs of a variant and a repository that holds its card.
        """
        owners: dict[str, set[str]] = defaultdict(set)
        for variant, repository in cards:
            name = self._name(variant)
            if kinship(name, self._name(repository)) is Kinship.STRANGERS:
                owners[repository].add(core(_owner(name)))
        return {repository for repository, some in owners.items() if len(some) >= _MANY}

    def tooling(self, variant: str, repository: str) -> str | None:
        """Return the reason against files in common with a tool that any model uses."""
        is_tool = is_tool_of_others(self._name(variant), self._name(repository))
        return "tooling" if is_tool else None

    def contributors(self, people: People) -> None:
        """Add who committed on both sides, to pairs that something else joins."""
        for (variant, repository), seen in list(self.pairs.items()):
            sure = confidence(one.found for one in seen if one.gone_at is None)
            if repository in self._repositories and sure >= FLOOR:
                likely = sure >= LIKELY
                one = people.of_pair(variant, repository, likely=likely)
                if one is not None:
                    self.add(variant, repository, one, self._known_since(variant, repository))

    def _names(self, key: str) -> list[tuple[int, str]]:
        """Return the names that a project had, with the time that each was first seen."""
        if key not in self._histories:
            return [(0, self._name(key))]
        history = self._histories[key]
        names = [(seen.observed_at, told.facts.name) for seen, told in history.answers]
        names.append((history.last.observed_at, history.project.name))
        return [one for n, one in enumerate(names) if not n or names[n - 1][1] != one[1]]

    def _current(self) -> Iterator[Pair]:
        """Yield the pairs that something joins that can still be seen."""
        for pair, seen in self.pairs.items():
            if any(one.gone_at is None for one in seen):
                yield pair

    def _known_since(self, *projects: str) -> int:
        """Return since when all of these projects have been observed that are in the snapshot."""
        known = [self._histories[key] for key in projects if key in self._histories]
        return max(history.observations[0].observed_at for history in known)

    def worth_keeping(self) -> dict[Pair, list[Seen]]:
        """Return the pairs, without repositories that are unknown and only named in passing."""
        return {
            pair: seen
            for pair, seen in self.pairs.items()
            if pair[1] in self._repositories or any(one.found.reason is None for one in seen)
        }

    def _name(self, key: str) -> str:
        """Return `owner/name` of a project, as last seen or as its key says."""
        if key in self._histories:
            return self._histories[key].project.name
        return "/".join(key.split("/")[-2:])


def _at(names: Sequence[tuple[int, str]], at: int) -> str:
    return next((name for since, name in reversed(names) if since <= at), names[0][1])


def _of(histories: Mapping[str, ProjectHistory], side: Side) -> Sequence[str]:
    return [key for key, history in histories.items() if history.project.side is side]


def _owner(name: str) -> str:
    return name.partition("/")[0]
