"""Evidence, the links that it adds up to, and their confidence."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType

from hubtrace.graph.confidence import FLOOR, confidence_of

RANKS: Mapping[str, int] = MappingProxyType(
    {
        "attestation": 1,
        "same_blob": 1,
        "same_lfs": 1,
        "commit_reference": 2,
        "ci_workflow": 2,
        "card_code": 3,
        "paper_repository": 3,
        "readme_link": 4,
        "card_link": 4,
        "attestation_claim": 5,
        "same_contributor": 5,
        "same_owner": 5,
    }
)
"""Method → rank, 1 is the strongest: docs/design.md, section 4, but for `card_link`, which was
measured to be worth one less (docs/decisions/0021)."""

STRENGTHS: Mapping[str, float] = MappingProxyType(
    {
        "attestation": 0.988,
        "attestation_claim": 0.05,
        "same_blob": 0.986,
        "same_lfs": 0.988,
        "commit_reference": 0.983,
        "ci_workflow": 0.983,
        "card_code": 0.975,
        "paper_repository": 0.965,
        "readme_link": 0.935,
        "card_link": 0.935,
        "same_contributor": 0.10,
        "same_owner": 0.6,
    }
)
"""Method → what one observation is worth, 0 to 1, if nothing speaks against it."""

FACTORS: Mapping[str, float] = MappingProxyType(
    {
        "boilerplate": 0.0,
        "tooling": 0.02,
        "acknowledgement": 0.05,
        "alike": 0.25,
        "citation": 0.05,
        "cited": 0.5,
        "collection": 0.1,
        "comparison": 0.05,
        "community": 0.1,
        "data_set": 0.05,
        "disputed": 0.25,
        "indirect": 0.95,
        "later": 0.5,
        "licence": 0.3,
        "made_with": 0.05,
        "unrelated": 0.05,
        "unanswered": 0.7,
        "original": 0.95,
        "second": 0.1,
        "claimed": 0.97,
        "code_block": 0.96,
        "other_owner": 0.35,
        "unnamed": 0.2,
        "badge": 0.95,
        "mention": 0.5,
        "readme": 0.8,
        "several_papers": 0.5,
        "shared": 1.0,
        "unverified": 0.6,
    }
)
"""Reason → what of the strength it leaves (docs/evidence.md explains each of them)."""

_CREDENTIALS = re.compile(r"(://)[^/\s@]*@")
_LONGEST = 300
"""Characters of what is kept of what a text said."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation that a variant comes from a repository."""

    method: str
    """One of `RANKS`."""
    repository: str
    """`owner/name` on GitHub, as it was written."""
    place: str
    """Where it was seen: a path and line, a URL, a sha."""
    said: str
    """What it said, shortened; never with credentials."""
    strength: float
    """What this one observation is worth, 0 to 1."""
    reason: str | None = None
    """Why it is worth less than its method, one of `FACTORS`; None if it is not."""

    @property
    def rank(self) -> int:
        """The rank of its method; 1 is the strongest."""
        return RANKS[self.method]


def observed(method: str, repository: str, place: str, said: str, *reasons: str | None) -> Evidence:
    """Return an observation; of several reasons against it the one that weighs most is kept."""
    against = sorted({reason for reason in reasons if reason}, key=lambda r: (FACTORS[r], r))
    reason = against[0] if against else None
    strength = STRENGTHS[method] * (FACTORS[reason] if reason else 1.0)
    return Evidence(method, repository, shortened(place), shortened(said), strength, reason)


def shortened(text: str) -> str:
    """Return a text on one line, cut where it is long, without the credentials of addresses."""
    # JSON can hold half a character, which no store takes.
    text = text[: 4 * _LONGEST].encode("utf-8", "replace").decode()
    line = _CREDENTIALS.sub(r"\1", " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def confidence(evidence: Iterable[Evidence]) -> float:
    """Return how sure it is, 0 to 1, that a variant comes from the repository of this evidence."""
    return confidence_of((one.method, one.rank, one.strength) for one in evidence)


UPSTREAM, DERIVED, WEAKER = "upstream", "derived", "weaker"

_CONTENT = {"same_blob", "same_lfs"}
_RESTS_ON = {"ci_workflow", "commit_reference", "readme_link"}
_CLAIMED = (None, "claimed")
"""What may speak against a card's claim that the code is in another owner's repository: it carries
membership as long as the repository names nobody else's models (`unanswered`)."""
_WEIGHT = 0.5
"""The least strength of content on which membership can rest: half of what a unique file has."""


@dataclass(frozen=True, slots=True)
class Link:
    """The sum of the evidence between one variant and one repository."""

    repository: str
    """`owner/name`, as the strongest evidence writes it."""
    confidence: float
    best_method: str
    role: str
    """`upstream`, `derived` or `weaker`: what `LINKS_TO.role` says in `hubtrace.graph.model`."""
    evidence: tuple[Evidence, ...]
    """Strongest first."""


def links(
    evidence: Iterable[Evidence], *, family: Set[str] = frozenset(), foreign_base: bool = False
) -> list[Link]:
    """Return a variant's links, the best one first.

    `family` are the repositories, in lower case, that a families file gives the variant: they are
    its upstream whatever the evidence. `foreign_base` is True if the variant says that it was
    made from another owner's model: then files that it has in common with a repository show its
    lineage, not that it was released from there.
    """
    pairs: dict[str, list[Evidence]] = {}
    for one in evidence:
        pairs.setdefault(one.repository.lower(), []).append(one)
    sure = [(confidence(pair), sorted(pair, key=strongest_first)) for pair in pairs.values()]
    ranked = sorted(
        ((value, pair) for value, pair in sure if value >= FLOOR),
        key=lambda both: (-both[0], both[1][0].rank, *in_text(both[1])),
    )
    roles = (
        _role(position, pair, family, foreign_base) for position, (_, pair) in enumerate(ranked)
    )
    return [
        Link(pair[0].repository, value, pair[0].method, role, tuple(pair))
        for (value, pair), role in zip(ranked, roles, strict=True)
    ]


def strongest_first(one: Evidence) -> tuple[float, int, str, str]:
    """Sort evidence by what it is worth, then by rank, method and place."""
    return -one.strength, one.rank, one.method, one.place


def in_text(pair: Sequence[Evidence]) -> tuple[int, int, str]:
    """Sort repositories of which texts say equally much: the most often named, the first named."""
    lines = [int(number) for one in pair if (number := one.place.rpartition(":")[2]).isdecimal()]
    return -len(pair), min(lines, default=0), pair[0].repository.lower()


def _role(position: int, pair: list[Evidence], family: Set[str], foreign_base: bool) -> str:
    if family:
        return UPSTREAM if pair[0].repository.lower() in family else WEAKER
    if position:
        return WEAKER
    return UPSTREAM if any(_carries(one, foreign_base) for one in pair) else DERIVED


def _carries(one: Evidence, foreign_base: bool) -> bool:
    """Return True if membership in a family can rest on this observation."""
    if one.method in _CONTENT:
        if one.reason == "readme":  # a card is text, which anybody may keep a copy of
            return False
        return one.strength >= _WEIGHT and not foreign_base
    if one.method == "attestation":
        return one.reason is None and not foreign_base
    if one.method == "card_code":
        return one.reason in _CLAIMED and not foreign_base
    return one.method == "same_owner" or (one.method in _RESTS_ON and one.reason is None)
