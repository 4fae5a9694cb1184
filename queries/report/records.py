"""A report as plain data: what every format of it shows, and the JSON is.

Times are epoch seconds, UTC. A period is counted from the family's earliest commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtrace.queries.flags import BranchFlag, SideFlag, VariantFlag
from hubtrace.queries.patterns import FamilyPattern
from hubtrace.queries.statistics import Statistics

SCHEMA = "hubtrace.report/1"


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
    """A release, a tag or a branch's head, at its moment."""

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
class FamilyReport:
    """Everything that a report says of one family."""

    pattern: FamilyPattern
    side: SideFlag | None
    """None if the family has no commit at all."""
    start_at: int | None
    """The family's earliest commit: where its periods begin."""
    shared_periods: tuple[int, ...]
    """Periods in which upstream and a variant are active."""
    projects: tuple[ProjectReport, ...]
    switches: tuple[SwitchReport, ...]
    lags: tuple[FamilyLags, ...]
    tail: Tail | None
    variants: tuple[VariantFlag, ...]
    branches: tuple[BranchFlag, ...]
    marks: tuple[Mark, ...]

    @property
    def flagged(self) -> int:
        """How many sides, variants and branches of it somebody should look at."""
        rows: list[SideFlag | VariantFlag | BranchFlag] = [*self.variants, *self.branches]
        return sum(row.flagged for row in rows) + bool(self.side and self.side.flagged)

    def commits(self, side: str) -> int:
        """Return how many commits count on a side, once per project."""
        return sum(project.commits for project in self.projects if project.side == side)


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of some families at one moment."""

    made_at: int
    tool: str
    """Name and version of the program."""
    snapshots: tuple[str, ...]
    """Digests of the snapshots that the graph was loaded from."""
    until: int | None
    """The moment that was asked for; None: when each family was last observed."""
    thresholds: Mapping[str, int]
    statistics: Statistics
    families: tuple[FamilyReport, ...]
    orphans: tuple[VariantFlag, ...]
    """Variants in no family that have no upstream."""
    changes: Mapping[str, Any] | None = None
    """What changed since another moment, if that was asked for."""
