"""The statistics of a set of families, as plain data: every figure with its n and its interval.

A figure is None where it is undefined; the note beside it says why. Shares are in per cent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hubtrace.queries.study import PublishedLags


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a figure with a probability of 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Dunn's test of two groups."""

    first: str
    second: str
    p_value: float
    """After Bonferroni's correction."""


@dataclass(frozen=True, slots=True)
class GroupTest:
    """Kruskal-Wallis: whether some group tends to larger values than another."""

    n: int
    """Values in all groups."""
    groups: Mapping[str, int]
    """Values in each group that has any."""
    statistic: float | None
    """H; None where the test does not apply."""
    degrees: int | None
    p_value: float | None
    pairs: tuple[Pair, ...]
    """Every two groups, in the order of `groups`."""
    note: str | None
    """Why the test does not apply."""


@dataclass(frozen=True, slots=True)
class Association:
    """Chi-squared: whether two classifications of the same items are associated."""

    n: int
    statistic: float | None
    """Chi-squared without Yates's correction; None where the test does not apply."""
    degrees: int | None
    p_value: float | None
    cramers_v: float | None
    """0 (independent) to 1 (one determines the other)."""
    note: str | None
    """Why the test does not apply, or what to be careful of."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `of` items are of one kind, beside the study's share."""

    label: str
    name: str
    count: int
    of: int
    percent: float | None
    interval: Interval | None
    """Wilson's, in per cent."""
    published_percent: float | None


@dataclass(frozen=True, slots=True)
class LabelShares:
    """How the families spread over the labels of one dimension."""

    dimension: str
    """`code`, `lag`, `sync` or `intensity`."""
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Lags:
    """How long switches take, in whole days."""

    group: str
    """`all`, a side (that of the earlier commit) or the code of a pattern."""
    families: int
    """Families with at least one."""
    switches: int
    mean: float | None
    median: float | None
    """The mean of the two middle values."""
    p90: int | None
    """By nearest rank."""
    mean_interval: Interval | None
    """From a bootstrap over families, as the two others."""
    median_interval: Interval | None
    p90_interval: Interval | None
    published: PublishedLags | None


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches of all families: together, by direction, by pattern."""

    rows: tuple[Lags, ...]
    by_pattern: GroupTest
    """Whether the lags differ between patterns."""
    by_direction: GroupTest
    published_h: float


@dataclass(frozen=True, slots=True)
class ChangeTypes:
    """What the commits of both sides were about, by the study's 15 types."""

    upstream: tuple[Share, ...]
    """Of the side's commits that have types; they add up to more than 100, for one can have two."""
    downstream: tuple[Share, ...]
    sides: Association
    """Whether primary type and side are associated."""
    families: int
    """Families with types on both sides."""
    similarity_mean: float | None
    """Jaccard similarity of the types that occur on the two sides, by family; 1: the same."""
    similarity_median: float | None
    mean_interval: Interval | None
    median_interval: Interval | None
    published_mean: float
    published_median: float
    note: str | None


@dataclass(frozen=True, slots=True)
class Contributors:
    """The contributors of both sides."""

    families: int
    """Families with known contributors on both sides."""
    upstream_median: float | None
    """Contributors of a family."""
    downstream_median: float | None
    shared: Share
    """Families with a contributor on both sides."""
    shared_mean: float | None
    """Contributors on both sides, per family."""
    shared_mean_interval: Interval | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """Families that had one pattern in the early half of their life and another in the late one."""

    early: str
    late: str
    families: int
    published: int


@dataclass(frozen=True, slots=True)
class Moves:
    """How patterns change over a life; every pair of codes that occurs here or in the study."""

    families: int
    """Families with a pattern in both halves."""
    unchanged: Share
    moves: tuple[Move, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """A third of the families, by the mean age of their variants."""

    name: str
    """`recent`, `intermediate` or `mature`."""
    families: int
    from_days: float | None
    to_days: float | None
    codes: Mapping[str, int]
    lags: Mapping[str, int]
    published_codes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ages:
    """Patterns by age. The age of a variant: the days from its first to its last commit."""

    families: int
    groups: tuple[AgeGroup, ...]
    codes: Association
    """Whether pattern and age are associated."""
    lags: Association


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything that is counted over a set of families."""

    families: int
    with_pattern: int
    level: float
    """Of every interval."""
    seed: int
    draws: int
    labels: tuple[LabelShares, ...]
    switches: Switches
    change_types: ChangeTypes
    contributors: Contributors
    moves: Moves
    ages: Ages
