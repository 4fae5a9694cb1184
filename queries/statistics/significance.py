"""Significance tests that the study used; each says in words where it does not apply.

Kruskal-Wallis with Dunn's post-hoc test (p-values after Bonferroni), and Pearson's chi-squared with
Cramér's V. Each comes from scipy or scikit-posthocs.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from hubtrace.queries.statistics.records import Association, GroupTest, Pair

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
    from scikit_posthocs import posthoc_dunn

    names = list(filled)
    table = posthoc_dunn([list(filled[name]) for name in names], p_adjust="bonferroni").to_numpy()
    return tuple(
        Pair(names[i], names[j], float(table[i, j])) for i, j in combinations(range(len(names)), 2)
    )


def chi_squared(table: Sequence[Sequence[int]]) -> Association:
    """Test a table of counts; rows and columns that hold nothing are left out."""
    rows = [row for row in table if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    n = sum(map(sum, rows))
    smallest = min(len(rows), len(columns))
    if smallest < 2:
        note = f"needs two rows and two columns with counts; there {_are(smallest)}"
        return Association(n, None, None, None, None, note)
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
