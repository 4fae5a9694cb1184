"""Statistical inference: confidence intervals, and the significance tests that the study used.

Intervals are Wilson's for a share and a bootstrap over families for everything else. Families, not
switches, are drawn: the switches of one family resemble each other, and a few busy families would
make any interval over single switches far too narrow. Tests are Kruskal-Wallis with Dunn's post-hoc
test (p-values after Bonferroni) and Pearson's chi-squared with Cramér's V; each says in words where
it does not apply. Their distributions are scipy's, of the extra `statistics`.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING

from hubtrace.graph.errors import extra
from hubtrace.queries.statistics.records import Association, GroupTest, Interval, Pair

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
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
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
    tail = (1 - LEVEL) / 2
    tails = [tail, 1 - tail]
    bounds = (np.quantile(statistic(values, often @ counts), tails) for statistic in statistics)
    return [Interval(float(low), float(high)) for low, high in bounds]


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


def needs_scipy() -> None:
    """Raise HubtraceError if the extra `statistics` is not installed."""
    with extra("statistics", "statistical tests need scipy"):
        import_module("scipy")


_SMALL = 5
"""Chi-squared is rough where a cell is expected to hold fewer (Cochran 1954)."""


def kruskal_wallis(groups: Mapping[str, Sequence[float]]) -> GroupTest:
    """Compare the values of several groups; those without values are left out."""
    filled = {name: values for name, values in groups.items() if len(values)}
    sizes = {name: len(values) for name, values in filled.items()}
    n = sum(sizes.values())
    note = _why_not(filled)
    if note is not None:
        return GroupTest(n, sizes, None, None, None, (), note)
    needs_scipy()
    from scipy.stats import kruskal

    found = kruskal(*filled.values())
    statistic, p_value = float(found.statistic), float(found.pvalue)
    return GroupTest(n, sizes, statistic, len(filled) - 1, p_value, _dunn(filled), None)


def _why_not(filled: Mapping[str, Sequence[float]]) -> str | None:
    if len(filled) < 2:
        return f"needs two groups with values; there {_are(len(filled))}"
    if all(len(values) < 2 for values in filled.values()):
        return "needs a group with two values or more"
    if len({value for values in filled.values() for value in values}) == 1:
        return "all values are the same, so that no group differs"
    return None


def _dunn(filled: Mapping[str, Sequence[float]]) -> tuple[Pair, ...]:
    """Compare every two groups by their mean ranks (Dunn 1964), with ties, after Bonferroni."""
    from scipy.stats import rankdata

    ranks = rankdata([value for values in filled.values() for value in values])
    n, pairs = len(ranks), list(combinations(filled, 2))
    ties = sum(t**3 - t for t in Counter(ranks.tolist()).values())
    variance = n * (n + 1) / 12 - ties / (12 * (n - 1))
    means, first = {}, 0
    for name, values in filled.items():
        means[name] = float(ranks[first : first + len(values)].mean())
        first += len(values)

    def p_value(one: str, other: str) -> float:
        spread = math.sqrt(variance * (1 / len(filled[one]) + 1 / len(filled[other])))
        z = abs(means[one] - means[other]) / spread
        return min(1.0, len(pairs) * math.erfc(z / math.sqrt(2)))

    return tuple(Pair(one, other, p_value(one, other)) for one, other in pairs)


def chi_squared(table: Sequence[Sequence[int]]) -> Association:
    """Test a table of counts; rows and columns that hold nothing are left out."""
    rows = [row for row in table if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    n = sum(map(sum, rows))
    smallest = min(len(rows), len(columns))
    if smallest < 2:
        note = f"needs two rows and two columns with counts; there {_are(smallest)}"
        return Association(n, None, None, None, None, note)
    needs_scipy()
    from scipy.stats import chi2_contingency

    found = chi2_contingency(list(zip(*columns, strict=True)), correction=False)
    statistic, expected = float(found.statistic), found.expected_freq
    small = int((expected < _SMALL).sum())
    note = f"{small} of {expected.size} cells are expected to hold fewer than 5: read with care"
    return Association(
        n,
        statistic,
        int(found.dof),
        float(found.pvalue),
        math.sqrt(statistic / (n * (smallest - 1))),
        note if small else None,
    )


def _are(number: int) -> str:
    return {0: "is none", 1: "is one"}.get(number, f"are {number}")
