"""Intervals: Wilson's for a share, a bootstrap over families for everything else.

Families, not switches, are drawn: the switches of one family resemble each other, and a few busy
families would make any interval over single switches far too narrow.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hubtrace.queries.statistics.records import Interval

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

LEVEL = 0.95
SEED = 2_508_10157
"""The study's number: the same families give the same intervals every time."""
DRAWS = 2_000


def wilson(successes: int, total: int) -> Interval | None:
    """Return Wilson's score interval of a share, 0 to 1; None if there is nothing to count.

    Wilson 1927, as `scipy.stats.binomtest(…).proportion_ci(method="wilson")`; that also computes an
    exact test, which takes a hundred times as long, and its last digits differ.
    """
    if total == 0:
        return None
    from scipy.special import ndtri

    z = float(ndtri((1 + LEVEL) / 2))
    share, square = successes / total, z * z / total
    centre = share + square / 2
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total))
    low, high = (centre - half) / (1 + square), (centre + half) / (1 + square)
    # At 0 and 100 %, rounding must not push a bound past the share itself.
    return Interval(0.0 if successes == 0 else low, 1.0 if successes == total else high)


Statistic = Callable[["Numbers", "Numbers"], "Numbers"]
"""Takes values in ascending order and, per draw, how often each was drawn; a figure per draw."""


def bootstrap(
    clusters: Mapping[str, Sequence[float]], statistics: Sequence[Statistic]
) -> list[Interval | None]:
    """Return percentile intervals of several statistics of values that come in clusters (families).

    `DRAWS` times as many clusters are drawn, with replacement, as there are, in the order of their
    names: `numpy.random.default_rng(SEED).integers(0, n, (DRAWS, n))`. Clusters without values are
    left out first. None for every statistic if fewer than two clusters are left.
    """
    import numpy as np

    filled = [clusters[name] for name in sorted(clusters) if len(clusters[name])]
    if len(filled) < 2:
        return [None] * len(statistics)
    drawn = np.random.default_rng(SEED).integers(0, len(filled), (DRAWS, len(filled)))
    often = np.zeros((DRAWS, len(filled)))
    np.add.at(often, (np.arange(DRAWS)[:, None], drawn), 1.0)
    values, counts = _counted(filled)
    return [_between(statistic(values, often @ counts)) for statistic in statistics]


def _counted(clusters: Sequence[Sequence[float]]) -> "tuple[Numbers, Numbers]":
    """Return the distinct values, in ascending order, and how often each cluster has them."""
    import numpy as np

    flat = np.asarray([value for cluster in clusters for value in cluster], dtype=np.float64)
    owner = np.repeat(np.arange(len(clusters)), [len(cluster) for cluster in clusters])
    values, place = np.unique(flat, return_inverse=True)
    counts = np.zeros((len(clusters), len(values)))
    np.add.at(counts, (owner, place), 1.0)
    return values, counts


def mean(values: "Numbers", often: "Numbers") -> "Numbers":
    """Return the mean of each draw."""
    drawn: Numbers = often @ values / often.sum(axis=1)
    return drawn


def median(values: "Numbers", often: "Numbers") -> "Numbers":
    """Return the median of each draw: the mean of the two middle values."""
    total = often.sum(axis=1)
    low, high = (total - 1) // 2, total // 2
    middle: Numbers = (_at(values, often, low) + _at(values, often, high)) / 2
    return middle


def p90(values: "Numbers", often: "Numbers") -> "Numbers":
    """Return the 90th percentile of each draw, by nearest rank."""
    return _at(values, often, (often.sum(axis=1) * 9 + 9) // 10 - 1)


def _at(values: "Numbers", often: "Numbers", rank: "Numbers") -> "Numbers":
    """Return, per draw, the value of this rank, counted from 0."""
    import numpy as np

    reached = np.cumsum(often, axis=1) > rank[:, None]
    picked: Numbers = values[np.argmax(reached, axis=1)]
    return picked


def _between(figures: "Numbers") -> Interval:
    import numpy as np

    tail = (1 - LEVEL) / 2
    low, high = np.quantile(figures, [tail, 1 - tail])
    return Interval(float(low), float(high))
