"""What was left behind: the status of branches, families and variants (docs/design.md, section 3).

Every row carries the dates and shas that prove its status. Times are epoch seconds, UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask, family_names, rows_as
from hubtrace.queries.thresholds import Thresholds

FLAGGED_BRANCHES = frozenset({"orphaned", "abandoned"})
FLAGGED_SIDES = frozenset({"upstream_abandoned", "downstream_abandoned"})
ORPHANED_VARIANTS = frozenset({"unlinked", "dead_link", "archived_upstream", "moved_upstream"})
"""Variants without an upstream: orphaned variants."""


@dataclass(frozen=True, slots=True)
class BranchFlag:
    """The status of a branch; stored query `branch_status`."""

    family: str
    side: str
    """`upstream` or `downstream`."""
    project: str
    """Key of the repository or variant."""
    name: str | None
    """Name of the repository or variant."""
    branch: str
    """Full ref name."""
    kind: str | None
    status: str
    """A status of docs/design.md, section 3; `open` if the age of the branch is not known,
    `undecided` if it is old and whether it landed is not known."""
    head: str | None
    head_committed_at: int | None
    merge_base: str | None
    ahead: int | None
    """Commits, as `behind`."""
    behind: int | None
    default_committed_at: int | None
    """The last commit on the default branch."""

    @property
    def flagged(self) -> bool:
        """True if it needs attention."""
        return self.status in FLAGGED_BRANCHES

    @property
    def decided(self) -> bool:
        """False if its status rests on what is not known."""
        return self.status not in ("open", "undecided")


@dataclass(frozen=True, slots=True)
class SideFlag:
    """The status of a family; stored query `side_status`."""

    family: str
    status: str
    """`active`, `dormant`, `upstream_abandoned`, `downstream_abandoned`, or the silent side."""
    until: int | None
    upstream_last_at: int | None
    upstream_last_sha: str | None
    downstream_last_at: int | None
    downstream_last_sha: str | None

    @property
    def flagged(self) -> bool:
        """True if one side was abandoned."""
        return self.status in FLAGGED_SIDES


@dataclass(frozen=True, slots=True)
class VariantFlag:
    """The status of a variant; stored queries `variant_status` and `orphan_variants`."""

    variant: str
    """Key of the variant."""
    name: str | None
    status: str
    """A status of a side, or of `ORPHANED_VARIANTS`."""
    until: int | None
    repositories: tuple[str, ...]
    """Keys of the repositories that it comes from, or is linked to."""
    gone_at: int | None
    moved_to: str | None
    family: str | None = None
    last_at: int | None = None
    """The variant's last commit."""
    last_sha: str | None = None
    upstream_last_at: int | None = None
    upstream_last_sha: str | None = None

    @property
    def orphaned(self) -> bool:
        """True if it has no upstream (any more)."""
        return self.status in ORPHANED_VARIANTS

    @property
    def flagged(self) -> bool:
        """True if it is orphaned, or one side was abandoned."""
        return self.orphaned or self.status in FLAGGED_SIDES


Flag = BranchFlag | SideFlag | VariantFlag
FLAGGED = dict.fromkeys((BranchFlag, SideFlag, VariantFlag), ("flagged",))
"""For documents that print whether they are flagged."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The status of every branch, side and variant; unflagged ones as well."""

    branches: tuple[BranchFlag, ...]
    sides: tuple[SideFlag, ...]
    variants: tuple[VariantFlag, ...]

    @property
    def flagged(self) -> int:
        """How many branches, sides and variants need attention."""
        rows: tuple[Flag, ...] = (*self.branches, *self.sides, *self.variants)
        return sum(row.flagged for row in rows)


@dataclass(frozen=True, slots=True)
class FlagsDocument:
    """What was left behind, as JSON has it."""

    PRINTED: ClassVar = FLAGGED

    until: int | None
    """The moment that was asked for, epoch seconds; null for when each family was last observed."""
    abandon_after_days: int
    flagged: int
    """How many branches, sides and variants need attention."""
    branches: tuple[BranchFlag, ...]
    sides: tuple[SideFlag, ...]
    variants: tuple[VariantFlag, ...]


def flags(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
) -> Flags:
    """Return the status of every branch, side and variant of these families.

    `until` is in epoch seconds; by default each family's `observed_at`. Variants in no family are
    included only if no families are named.

    Raises:
        CatalogueError: the graph has no such family.
    """
    asked: dict[str, Any] = {
        "families": family_names(store, families),
        "until": until,
        "abandon_after": (thresholds or Thresholds()).abandon_after,
    }
    variants = rows_as(ask(store, "variant_status", **asked), VariantFlag)
    if families is None:
        variants += rows_as(ask(store, "orphan_variants", until=until), VariantFlag)
    return Flags(
        tuple(rows_as(ask(store, "branch_status", **asked), BranchFlag)),
        tuple(rows_as(ask(store, "side_status", **asked), SideFlag)),
        tuple(variants),
    )
