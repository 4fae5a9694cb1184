"""What can be said of every branch of a project without asking for a moment in time."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hubtrace.ingest.derive.dag import Changes, History
from hubtrace.ingest.derive.divergence import Divergence, divergences
from hubtrace.ingest.derive.landed import landed_heads
from hubtrace.ingest.derive.membership import Membership
from hubtrace.ingest.records import Observation, Ref, RefKind

BRANCH_KINDS = frozenset({RefKind.BRANCH, RefKind.PULL_REQUEST, RefKind.CONVERT})
"""The refs that count as branches (docs/design.md, section 1, *branch*)."""

SPECIAL_BRANCHES = {
    "gh-pages": "the built web site, served by GitHub Pages",
    "gh-readonly-queue/": "made and removed by GitHub's merge queue",
    "git-annex": "where git-annex and DataLad keep what they know of large files",
    "python-coverage-comment-action-data": "coverage data, kept by the action of that name",
}
"""Branches that nobody means to merge, by name, and why; a `/` at the end stands for all below.

Branches of bots that propose changes (`dependabot/`, `renovate/`) are not among them: they are
meant to be merged, and one left lying is a finding.
"""


class BranchStatus(StrEnum):
    """The part of docs/design.md, section 3's table that does not depend on time."""

    DEFAULT = "default"
    MERGED = "merged"
    LANDED = "landed"
    SPECIAL = "special"
    ORPHANED = "orphaned"
    OPEN = "open"
    """None of the others: a query says at its `until` if it is active, dormant or abandoned."""


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """One branch compared with the default branch (docs/design.md, section 3 and 5).

    `ahead`, `behind` and `merge_base` are None if there is nothing to compare: the branch's head
    or the default branch's head is not among the commits.
    """

    name: str
    """The full name of the ref, `refs/heads/main`."""
    kind: RefKind
    head: str
    """The sha of its last commit."""
    is_default: bool
    status: BranchStatus
    ahead: int | None
    """Commits on the branch and not on default."""
    behind: int | None
    """Commits on default and not on the branch."""
    merge_base: str | None
    """The sha of a best common ancestor (`Divergence.merge_base`); also None if there is none."""
    head_committed_at: int | None
    """Committer time of the head, epoch seconds, UTC; None if the head is not known."""


def branch_facts(
    history: History,
    observation: Observation,
    membership: Membership,
    changes: Callable[[], Changes] | None = None,
) -> list[BranchFacts]:
    """Return the facts of every branch of `observation`, by name.

    `changes` reads the paths that the commits changed; it is called at most once, and only if a
    branch's status depends on it. Without it (no paths were read) no branch is called landed.
    """
    refs = sorted((r for r in observation.refs if r.kind in BRANCH_KINDS), key=lambda r: r.name)
    heads = {history.number[ref.target] for ref in refs if ref.target in history.number}
    gaps: dict[int, Divergence] = {}
    landed: set[int] = set()
    if membership.head is not None:
        gaps = divergences(history, membership.head, heads)
    if changes is not None:
        landed = landed_heads(history, membership.on_default, gaps, changes)
    complete = not (observation.shallow or history.cut)
    facts: list[BranchFacts] = []
    for ref in refs:
        head = history.number.get(ref.target)
        gap = None if head is None else gaps.get(head)
        status = _status(ref, gap, head in landed, complete)
        if ref.name == observation.default_branch:
            status = BranchStatus.DEFAULT
        facts.append(_facts(history, ref, head, gap, status))
    return facts


def is_special(ref: Ref) -> bool:
    """Tell whether nobody means to merge `ref`: a convert ref, or one of `SPECIAL_BRANCHES`."""
    if ref.kind is RefKind.CONVERT:
        return True
    name = ref.name.removeprefix("refs/heads/")
    return any(
        name.startswith(special) if special.endswith("/") else name == special
        for special in SPECIAL_BRANCHES
    )


def _status(ref: Ref, gap: Divergence | None, has_landed: bool, complete: bool) -> BranchStatus:
    """Return the first status that holds for a branch other than the default one.

    What cannot be known is not claimed: without a default head a branch is neither merged nor
    orphaned, and where history is cut a common ancestor may lie beyond the cut.
    """
    if gap is not None and gap.ahead == 0:
        return BranchStatus.MERGED
    if has_landed:
        return BranchStatus.LANDED
    if is_special(ref):
        return BranchStatus.SPECIAL
    if gap is not None and gap.merge_base is None and complete:
        return BranchStatus.ORPHANED
    return BranchStatus.OPEN


def _facts(
    history: History, ref: Ref, head: int | None, gap: Divergence | None, status: BranchStatus
) -> BranchFacts:
    base = None if gap is None else gap.merge_base
    return BranchFacts(
        name=ref.name,
        kind=ref.kind,
        head=ref.target,
        is_default=status is BranchStatus.DEFAULT,
        status=status,
        ahead=None if gap is None else gap.ahead,
        behind=None if gap is None else gap.behind,
        merge_base=None if base is None else history.shas[base],
        head_committed_at=None if head is None else history.committed_at[head],
    )
