"""A report as plain data, in the shape of its JSON: every format is made from these records.

Times are epoch seconds, UTC. A period is counted from the family's earliest commit.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from hubtrace.queries.changes import Changes
from hubtrace.queries.flags import FLAGGED, BranchFlag, SideFlag, VariantFlag
from hubtrace.queries.patterns import FamilyPattern
from hubtrace.queries.statistics import Statistics
from hubtrace.queries.thresholds import Thresholds

SCHEMA = "hubtrace.report/1"

Count = Annotated[int, {"minimum": 0}]
Time = Annotated[int | None, {"description": "epoch seconds, UTC"}]


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """A repository or a variant of a family, and when it was active."""

    side: str
    """`upstream` or `downstream`."""
    project: str
    """Its key."""
    name: str
    """Its name, or its key where the name is not known."""
    url: str | None
    commits: int
    first_at: int | None
    last_at: int | None
    gone_at: int | None
    moved_to: str | None
    periods: tuple[tuple[int, int], ...]
    """Every period in which it is active, and its commits in it."""


@dataclass(frozen=True, slots=True)
class SwitchReport:
    """A switch of side in the merged timeline."""

    from_side: str
    from_at: int
    to_at: int
    lag_days: int
    """Whole days."""
    from_sha: str | None
    to_sha: str | None


@dataclass(frozen=True, slots=True)
class FamilyLags:
    """The switches of a family in one direction; stored query `switch_summary`."""

    from_side: str
    switches: int
    mean_days: float
    median_days: float
    p90_days: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A release, a tag or a branch's head, on the timeline."""

    kind: str
    """`release`, `tag` or `branch`."""
    project: str
    name: str
    at: int
    sha: str | None
    status: str | None
    """Of a branch."""


@dataclass(frozen=True, slots=True)
class LeftCommit:
    """A commit that the other side has not followed."""

    project: str
    sha: str
    at: int
    author: str | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class Tail:
    """What was left behind: the commits after the last one of the other side."""

    side: str
    other_last_at: int
    commits: int
    newest: tuple[LeftCommit, ...]
    """The latest of them, the latest first."""


@dataclass(frozen=True, slots=True)
class FamilyReport(FamilyPattern):
    """A family: its pattern, its projects, and what happened on both sides."""

    status: str
    """Of its sides; `no_commits` without any."""
    flagged: Count
    """Sides, variants and branches that need attention."""
    upstream_commits: Count
    downstream_commits: Count
    switch_count: Count
    median_lag_days: float | None
    """Of all switches, in whole days."""
    left_behind: Count
    """Commits of the tail."""
    start_at: Time
    """The family's earliest commit: where its periods begin."""
    periods: Count
    """From the first commit to `until`."""
    shared_periods: tuple[Count, ...]
    """Periods in which upstream and a variant are active."""
    projects: tuple[ProjectReport, ...]
    switches: tuple[SwitchReport, ...]
    lags: tuple[FamilyLags, ...]
    tail: Tail | None
    side: SideFlag | None
    """None if the family has no commit at all."""
    variant_flags: tuple[VariantFlag, ...]
    branches: tuple[BranchFlag, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all families."""

    families: Count
    repositories: Count
    variants: Count
    upstream_commits: Count
    downstream_commits: Count
    switches: Count
    left_behind: Count
    flagged_families: Count
    flagged: Count


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a set of families at one time."""

    PRINTED: ClassVar = FLAGGED

    schema: str = field(default=SCHEMA, init=False)
    tool: str
    """Name and version of the program."""
    made_at: int
    until: Time
    """The time that was asked for; None: when each family was last observed."""
    thresholds: Thresholds
    snapshots: tuple[str, ...]
    """Digests of the snapshots that the graph was loaded from."""
    totals: Totals
    statistics: Statistics | None
    families: tuple[FamilyReport, ...]
    orphans: tuple[VariantFlag, ...]
    """Variants in no family that have no upstream."""
    changes: Changes | None = None
    """What changed since another time or graph; absent from the JSON unless it was asked for."""
