"""What one observation of evidence is, what each method is worth, and what makes it worth less."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RANKS: Mapping[str, int] = MappingProxyType(
    {
        "same_blob": 1,
        "same_lfs": 1,
        "commit_reference": 2,
        "ci_workflow": 2,
        "card_code": 3,
        "paper_repository": 3,
        "readme_link": 4,
        "card_link": 4,
        "same_contributor": 5,
        "same_owner": 5,
    }
)
"""Method → rank, 1 is the strongest: DESIGN.md section 4, but for `card_link`, which was measured
to be worth one less (docs/decisions/0021)."""

STRENGTHS: Mapping[str, float] = MappingProxyType(
    {
        "same_blob": 0.97,
        "same_lfs": 0.99,
        "commit_reference": 0.92,
        "ci_workflow": 0.92,
        "card_code": 0.80,
        "paper_repository": 0.64,
        "readme_link": 0.45,
        "card_link": 0.42,
        "same_contributor": 0.10,
        "same_owner": 0.25,
    }
)
"""Method → what one observation is worth, 0 to 1, if nothing speaks against it."""

FACTORS: Mapping[str, float] = MappingProxyType(
    {
        "boilerplate": 0.0,
        "tooling": 0.05,
        "acknowledgement": 0.2,
        "citation": 0.2,
        "comparison": 0.2,
        "community": 0.2,
        "later": 0.5,
        "licence": 0.2,
        "made_with": 0.3,
        "code_block": 0.5,
        "other_owner": 0.5,
        "unnamed": 0.5,
        "badge": 0.6,
        "mention": 0.5,
        "readme": 0.8,
        "several_papers": 0.5,
        "shared": 1.0,
        "unverified": 0.6,
    }
)
"""Reason → what of the strength it leaves (docs/evidence.md tells each of them)."""

_CREDENTIALS = re.compile(r"(://)[^/\s@]*@")
_LONGEST = 300
"""Characters of what is kept of what a text said."""


@dataclass(frozen=True, slots=True)
class Found:
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


def found(method: str, repository: str, place: str, said: str, *reasons: str | None) -> Found:
    """Return an observation; of several reasons against it the one that weighs most is kept."""
    against = sorted({reason for reason in reasons if reason}, key=lambda r: (FACTORS[r], r))
    reason = against[0] if against else None
    strength = STRENGTHS[method] * (FACTORS[reason] if reason else 1.0)
    return Found(method, repository, shortened(place), shortened(said), strength, reason)


def shortened(text: str) -> str:
    """Return a text on one line, cut where it is long, without the credentials of addresses."""
    # JSON can hold half a character, which no store takes.
    text = text[: 4 * _LONGEST].encode("utf-8", "replace").decode()
    line = _CREDENTIALS.sub(r"\1", " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
