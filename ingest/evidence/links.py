"""Links: the evidence for each pair together, ranked, and whose family a variant is of.

Family membership (DESIGN.md section 1): a variant belongs to the family of the repository that it
has the best link to, if that link rests on owner, CI workflow, content or README evidence, or on a
families file. Others that merely link to a repository are derived.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from ingest.evidence.confidence import confidence
from ingest.evidence.found import Found

FLOOR = 0.15
"""The least confidence of a link: thanks, a tool, a tokenizer that many share are no link."""

UPSTREAM, DERIVED, WEAKER = "upstream", "derived", "weaker"

_CONTENT = {"same_blob", "same_lfs"}
_RESTS_ON = _CONTENT | {"ci_workflow", "commit_reference", "readme_link", "same_owner"}
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
    """`upstream`, `derived` or `weaker`: what `LINKS_TO.role` says in `graph.model`."""
    found: tuple[Found, ...]
    """Its evidence, strongest first."""


def links(
    found: Iterable[Found], *, family: Set[str] = frozenset(), foreign_base: bool = False
) -> list[Link]:
    """Return a variant's links, the best one first.

    `family` are the repositories, in lower case, that a families file gives the variant: they are
    its upstream whatever else is found. `foreign_base` is True if the variant says that it was
    made from another owner's model: then files that it has in common with a repository tell its
    lineage, not that it was released from there.
    """
    pairs: dict[str, list[Found]] = {}
    for one in found:
        pairs.setdefault(one.repository.lower(), []).append(one)
    sure = [(confidence(pair), sorted(pair, key=strongest_first)) for pair in pairs.values()]
    ranked = sorted(
        ((value, pair) for value, pair in sure if value >= FLOOR),
        key=lambda both: (-both[0], both[1][0].rank, both[1][0].repository.lower()),
    )
    return [
        Link(
            pair[0].repository,
            value,
            pair[0].method,
            _role(position, pair, family, foreign_base),
            tuple(pair),
        )
        for position, (value, pair) in enumerate(ranked)
    ]


def strongest_first(found: Found) -> tuple[float, int, str, str]:
    """Sort evidence by what it is worth, then by rank, method and place."""
    return -found.strength, found.rank, found.method, found.place


def _role(position: int, pair: list[Found], family: Set[str], foreign_base: bool) -> str:
    if family:
        return UPSTREAM if pair[0].repository.lower() in family else WEAKER
    if position:
        return WEAKER
    return UPSTREAM if any(_carries(one, foreign_base) for one in pair) else DERIVED


def _carries(found: Found, foreign_base: bool) -> bool:
    """Return True if membership in a family can rest on this observation."""
    if found.method in _CONTENT:
        return found.strength >= _WEIGHT and not foreign_base
    if found.method == "same_owner":
        return True
    return found.method in _RESTS_ON and found.reason is None
