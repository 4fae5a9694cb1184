"""Shares of labels, moves between halves of a life, groups of age."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hubtrace.queries.patterns import PATTERNS, FamilyPattern
from hubtrace.queries.statistics.intervals import Interval, wilson
from hubtrace.queries.statistics.published import AGE_PATTERNS, MOVES
from hubtrace.queries.statistics.records import AgeGroup, Ages, LabelShares, Move, Moves, Share
from hubtrace.queries.statistics.significance import chi_squared
from hubtrace.queries.study import (
    PUBLISHED_INTENSITIES,
    PUBLISHED_LAGS,
    PUBLISHED_PATTERNS,
    PUBLISHED_SYNCS,
)

NAMES: Mapping[str, str] = MappingProxyType(
    {
        **PATTERNS,
        "upstream_first": "Upstream first",
        "simultaneous": "Simultaneous",
        "downstream_first": "Downstream first",
        "CS": "Complete",
        "PS": "Partial",
        "AS": "Asynchronous",
        "R": "Rare",
        "S": "Sporadic",
        "F": "Frequent",
    }
)
"""What people call the labels of the study, by label."""

_DIMENSIONS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "code": PUBLISHED_PATTERNS,
        "lag": PUBLISHED_LAGS,
        "sync": PUBLISHED_SYNCS,
        "intensity": PUBLISHED_INTENSITIES,
    }
)


def share(
    label: str, name: str, count: int, of: int, published_percent: float | None = None
) -> Share:
    """Return a share with Wilson's interval, both in per cent."""
    bounds = wilson(count, of)
    return Share(
        label,
        name,
        count,
        of,
        100 * count / of if of else None,
        None if bounds is None else Interval(100 * bounds.low, 100 * bounds.high),
        published_percent,
    )


def labels(patterns: Sequence[FamilyPattern]) -> tuple[LabelShares, ...]:
    """Return how the families that have labels spread over them; `VS` counts as `AS`."""
    return tuple(_labels(dimension, patterns) for dimension in _DIMENSIONS)


def _labels(dimension: str, patterns: Sequence[FamilyPattern]) -> LabelShares:
    found = [getattr(pattern, dimension) for pattern in patterns]
    counts = Counter("AS" if label == "VS" else label for label in found if label is not None)
    shares = (
        share(label, NAMES[label], counts[label], counts.total(), percent)
        for label, percent in _DIMENSIONS[dimension].items()
    )
    return LabelShares(dimension, tuple(shares))


def moves(patterns: Sequence[FamilyPattern]) -> Moves:
    """Return how many families went from which early pattern to which late one."""
    found = Counter(
        (pattern.early_code, pattern.late_code)
        for pattern in patterns
        if pattern.early_code is not None and pattern.late_code is not None
    )
    total, stayed = found.total(), sum(n for (early, late), n in found.items() if early == late)
    published = sum(n for (early, late), n in MOVES.items() if early == late)
    pairs = [(early, late) for early in PATTERNS for late in PATTERNS]
    without = len(patterns) - total
    return Moves(
        total,
        share("unchanged", "Same pattern", stayed, total, 100 * published / sum(MOVES.values())),
        tuple(
            Move(early, late, found[early, late], MOVES.get((early, late), 0))
            for early, late in pairs
            if found[early, late] or (early, late) in MOVES
        ),
        f"{without} of {len(patterns)} families have a silent side in one half"
        if without
        else None,
    )


def ages(patterns: Sequence[FamilyPattern], days: Mapping[str, float]) -> Ages:
    """Return the patterns of three groups of age, of nearly equal size.

    A family is recent up to the first third of all ages (linear quantile), intermediate up to the
    second, else mature, as in the study. Only families with a pattern count.
    """
    import numpy as np

    counted = [p for p in patterns if p.code is not None and p.family in days]
    first, second = (
        np.quantile([days[p.family] for p in counted], [1 / 3, 2 / 3]) if counted else (0, 0)
    )
    groups: dict[str, list[FamilyPattern]] = {name: [] for name in AGE_PATTERNS}
    for pattern in counted:
        age = days[pattern.family]
        late = "intermediate" if age <= second else "mature"
        groups["recent" if age <= first else late].append(pattern)
    found = tuple(_age_group(name, members, days) for name, members in groups.items())
    return Ages(
        len(counted),
        found,
        chi_squared([list(group.codes.values()) for group in found]),
        chi_squared([list(group.lags.values()) for group in found]),
    )


def _age_group(name: str, members: Sequence[FamilyPattern], days: Mapping[str, float]) -> AgeGroup:
    codes = Counter(pattern.code for pattern in members)
    lags = Counter(pattern.lag for pattern in members)
    spans = [days[pattern.family] for pattern in members]
    return AgeGroup(
        name,
        len(members),
        min(spans, default=None),
        max(spans, default=None),
        {code: codes[code] for code in PUBLISHED_PATTERNS},
        {lag: lags[lag] for lag in PUBLISHED_LAGS},
        AGE_PATTERNS[name],
    )
