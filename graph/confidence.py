"""How sure a link is, by its evidence: one rule for those who write links and those who ask."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

CEILINGS: Mapping[int, float] = MappingProxyType({5: 0.7, 4: 0.955, 3: 0.98, 2: 0.985, 1: 0.99})
"""Rank → what it and the weaker ones can reach together."""
DIGITS = 4
"""Decimals that are kept, so that the last bits of a product make no difference."""
FLOOR = 0.3
"""The least confidence of a link: thanks, a tool, a tokenizer that many share are no link."""


def confidence_of(evidence: Iterable[tuple[str, int, float]]) -> float:
    """Return how sure a link is, 0 to 1, of the method, rank and strength of its evidence."""
    best: dict[tuple[int, str], float] = {}
    for method, rank, strength in evidence:
        best[rank, method] = max(best.get((rank, method), 0.0), strength)
    sure = 0.0
    for ceiling in sorted(CEILINGS, reverse=True):
        doubt = 1.0 - sure
        for rank, method in sorted(best):
            if rank == ceiling:
                doubt *= 1.0 - best[rank, method]
        sure = max(sure, min(CEILINGS[ceiling], 1.0 - doubt))
    return round(sure, DIGITS)
