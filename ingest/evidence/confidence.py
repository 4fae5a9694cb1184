"""Confidence: from the evidence for one pair to one number between 0 and 1.

The rule (docs/evidence.md explains it):

1. Of each method the strongest observation counts: forty links of one card are not forty proofs.
2. Ranks are taken from the weakest to the strongest. Each raises the confidence as independent
   observations would, `1 - (1 - c) * (1 - s)`, but not above its ceiling.

So more evidence never lowers it, its order does not matter, and one observation that nothing speaks
against is worth more than all that weaker ranks can gather: every strength of a rank is above the
ceiling of the rank below.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ingest.evidence.found import RANKS, Found

CEILINGS: Mapping[int, float] = MappingProxyType({5: 0.4, 4: 0.6, 3: 0.9, 2: 0.96, 1: 1.0})
"""Rank → what it and the weaker ones can reach together."""

DIGITS = 4
"""Decimals that are kept, so that the last bits of a product make no difference."""


def confidence(found: Iterable[Found]) -> float:
    """Return how sure it is, 0 to 1, that a variant comes from the repository of this evidence."""
    best: dict[str, float] = {}
    for one in found:
        best[one.method] = max(best.get(one.method, 0.0), one.strength)
    sure = 0.0
    for rank in sorted(CEILINGS, reverse=True):
        doubt = 1.0 - sure
        for method in sorted(best):
            if RANKS[method] == rank:
                doubt *= 1.0 - best[method]
        sure = max(sure, min(CEILINGS[rank], 1.0 - doubt))
    return round(sure, DIGITS)
