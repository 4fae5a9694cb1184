"""What a variant's card claims, weighed by what the repositories answer and who their owners are.

A text is read alone; only side by side do two texts show that they name each other, that a
repository names others instead, or that of two repositories of one owner the model is named after
the other one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from hubtrace.ingest.evidence.model import Evidence, confidence, in_text, observed
from hubtrace.ingest.evidence.owners import Alias, owners_agree, same_owner
from hubtrace.ingest.records import HostData

FOREIGN = ("other_owner", "claimed", "cited", "unrelated")
"""Reasons that hold as long as the owners are not known to be the same people."""
_CARD = ("card_code", "card_link")
_ANSWERS = ("readme_link", "ci_workflow")
_NAMED = 0.5
"""The least strength of what a card says of a repository that can be the model's code."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What is known beside the evidence about one variant."""

    variant: str
    """`org/name`."""
    aliases: Set[Alias] = frozenset()
    foreign_base: bool = False
    """True if the variant says that it was made from another owner's model."""
    named: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Repository, in lower case → what it names on the Hub as its own: `org/name`, or `org/`."""

    def weigh(self, evidence: Sequence[Evidence], gone: Set[int] = frozenset()) -> list[Evidence]:
        """Return the same observations, with what the others say of each of them.

        `gone` are the positions of those that are not there any more: what a card named before
        does not compete with what it names now.
        """
        named = set() if self.foreign_base else _mutual(evidence)
        mutual = {repository for repository in named if not self._is_denied(repository)}
        weighed = [self._weighed(one, mutual) for one in evidence]
        here = [one for position, one in enumerate(weighed) if position not in gone]
        first = self._first_named(here)
        return [
            _with_reason(one, one.reason, "second")
            if first and position not in gone and _claims(one) and one.repository.lower() != first
            else one
            for position, one in enumerate(weighed)
        ]

    def owners(self, repositories: Iterable[str]) -> list[Evidence]:
        """Return the evidence of the owners' names, for those repositories that have it."""
        found = (same_owner(self.variant, name, self.aliases) for name in repositories)
        return [one for one in found if one is not None]

    def _first_named(self, evidence: Sequence[Evidence]) -> str | None:
        """Return the repository that a card names before all others as the model's code.

        The owner's other repositories come after the one that the model is named after, and those
        that do not name the model after one that does. Of 39 that real cards name second, 34 are
        not where the model comes from (decision 0057).
        """
        cards: dict[str, list[Evidence]] = {}
        for one in filter(_claims, evidence):
            cards.setdefault(one.repository.lower(), []).append(one)
        after = {one.repository.lower() for one in evidence if self._is_namesake(one.repository)}
        answers = {
            one.repository.lower()
            for one in evidence
            if one.method in _ANSWERS and one.reason is None
        }

        def place(repository: str) -> tuple[bool, bool, float, int, int, int, str]:
            pair = cards[repository]
            sure = confidence([*pair, *self.owners([repository])])
            later = bool(after) and repository not in after and self._same_owner(repository)
            silent = repository not in answers
            return later, silent, -sure, min(one.rank for one in pair), *in_text(pair)

        named = min(cards, key=place, default=None)
        if named and after and named not in after and self._same_owner(named):
            return min(after)
        return named

    def _weighed(self, one: Evidence, mutual: Set[str]) -> Evidence:
        repository = one.repository.lower()
        if one.reason in FOREIGN and (repository in mutual or self._same_owner(repository)):
            return _with_reason(one, None)
        if one.method in _CARD and one.reason == "claimed" and self._is_denied(repository):
            return _with_reason(one, "unanswered")
        return one

    def _is_denied(self, repository: str) -> bool:
        """Return True if a repository names models of its owner, or of others and none of ours."""
        owners = {name.partition("/")[0].lower() for name in self.named.get(repository, ())}
        own = repository.partition("/")[0]
        if any(owners_agree(owner, own, self.aliases) for owner in owners):
            return True  # of ours it may name some, as it does of anybody else
        return bool(owners) and self.variant.partition("/")[0].lower() not in owners

    def _is_namesake(self, repository: str) -> bool:
        one = same_owner(self.variant, repository, self.aliases)
        return one is not None and one.reason is None

    def _same_owner(self, repository: str) -> bool:
        org, owner = self.variant.partition("/")[0], repository.partition("/")[0]
        return owners_agree(org, owner, self.aliases)


def has_foreign_base(variant: str, details: HostData | None) -> bool:
    """Return True if a variant says that it was made from another owner's model."""
    own = variant.partition("/")[0]
    bases = (base.name.partition("/") for base in details.facts.base_models) if details else ()
    return any(slash and not owners_agree(own, owner) for owner, slash, _ in bases)


def named_as_own(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return, by repository in lower case, what each names on the Hub."""
    named: dict[str, set[str]] = {}
    for repository, name in pairs:
        named.setdefault(repository.lower(), set()).add(name)
    return named


def _mutual(evidence: Iterable[Evidence]) -> set[str]:
    """Return the repositories that a card introduces as its code, and that name the model."""
    card: set[str] = set()
    answers: set[str] = set()
    for one in evidence:
        if one.reason in (None, "claimed", "other_owner"):
            if one.method == "card_code":
                card.add(one.repository.lower())
            elif one.method in _ANSWERS:
                answers.add(one.repository.lower())
    return card & answers


def _claims(one: Evidence) -> bool:
    """Return True if a card names a repository, and little speaks against it."""
    return one.method in _CARD and one.strength >= _NAMED


def _with_reason(one: Evidence, *reasons: str | None) -> Evidence:
    return observed(one.method, one.repository, one.place, one.said, *reasons)
