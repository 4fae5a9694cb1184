"""Branches compared with the default one: ahead, behind, merge base, and a status without a clock.

All branches are compared in one pass over the commit graph, by bit sets: bit i of a commit's
mask says that tip i reaches it (`History.masks`), bit 0 stands for the branch compared with.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from hubtrace.ingest.derive.dag import Changes, History
from hubtrace.ingest.derive.landed import Membership, landed_heads
from hubtrace.ingest.records import LandingState, Observation, PullHead, Ref, RefKind

_AT_ONCE = 1 << 14
"""Tips that are compared in one pass: the masks of 100,000 commits take 200 MB then at most."""
_FEW = 16
"""Bits of a mask that are looked for one by one, which is a pass over the mask for each."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """One tip compared with the base branch (docs/design.md, section 5, `ahead` and `behind`)."""

    ahead: int
    """Commits that the tip reaches and the base branch does not."""
    behind: int
    """Commits that the base branch reaches and the tip does not."""
    merge_base: int | None
    """The number of a best common ancestor, as `git merge-base --all` lists them; of several
    the one with the latest committer time, then the smallest sha; None if they share nothing."""


def divergences(history: History, base: int, tips: Collection[int]) -> dict[int, Divergence]:
    """Compare each of `tips` with `base`, like `git rev-list --left-right --count base...tip`."""
    nothing = Divergence(0, 0, base)
    found = {tip: nothing for tip in tips if tip == base}
    different = iter(sorted(set(tips) - {base}))
    while others := list(islice(different, _AT_ONCE)):
        found |= _compared(history, base, others)
    return found


def _compared(history: History, base: int, others: Sequence[int]) -> dict[int, Divergence]:
    found: dict[int, Divergence] = {}
    masks = history.masks([base, *others])
    # By their identity: the hash of an int has 61 bits, each of which stands for every 61st tip.
    weights = Counter(map(id, masks))
    tally = [(mask, weights[key]) for key, mask in {id(mask): mask for mask in masks}.items()]
    reached = count_bits(tally, len(others) + 1)
    common = count_bits([(m, n) for m, n in tally if m & 1], len(others) + 1)
    bases = _merge_bases(history, masks, len(others) + 1)
    for bit, tip in enumerate(others, start=1):
        ahead, behind = reached[bit] - common[bit], reached[0] - common[bit]
        found[tip] = Divergence(ahead, behind, bases[bit])
    return found


def count_bits(masks: Iterable[tuple[int, int]], width: int) -> list[int]:
    """Sum up, for each bit position below `width`, the weights of the masks that have the bit.

    The sums of all positions are kept together in binary, `planes[k]` holding the digit of
    value 2^k of every sum, and a mask is added to all of them at once, carries included. The
    cost is a few operations on ints per mask, whatever the number of bits set in it.
    """
    planes: list[int] = []
    for mask, weight in masks:
        for digit in range(weight.bit_length()):
            if weight >> digit & 1:
                _add(planes, mask, digit)
    sums = [0] * width
    for digit, plane in enumerate(planes):
        for bit in _bits(plane):
            sums[bit] += 1 << digit
    return sums


def _add(planes: list[int], carry: int, digit: int) -> None:
    while carry:
        if digit >= len(planes):
            planes += [0] * (digit + 1 - len(planes))
        planes[digit], carry = planes[digit] ^ carry, planes[digit] & carry
        digit += 1


def _bits(mask: int) -> list[int]:
    """Return the positions of the bits of `mask`; one by one only if they are few."""
    if mask.bit_count() <= _FEW:
        bits = []
        while mask:
            bits.append((lowest := mask & -mask).bit_length() - 1)
            mask ^= lowest
        return bits
    return [bit for bit, digit in enumerate(reversed(f"{mask:b}")) if digit == "1"]


def _merge_bases(history: History, masks: list[int], width: int) -> list[int | None]:
    """Choose for each bit the best common ancestor of its tip and the tip of bit 0.

    A commit that both reach is a best one unless a child of it is reached by both, too: the
    common ancestors hold all ancestors of each of them, so a better one has a common child above.
    """
    parents = history.parents
    above = [0] * len(masks)  # the tips for which a child of the commit is common
    for commit, mask in enumerate(masks):
        if mask & 1:
            for parent in parents[commit]:
                above[parent] = above[parent] | mask if above[parent] else mask
    bases: list[int | None] = [None] * width
    for commit, mask in enumerate(masks):
        if mask & 1 and mask != above[commit]:
            for bit in _bits(mask ^ above[commit]):
                bases[bit] = _better(history, bases[bit], commit)
    return bases


def _better(history: History, one: int | None, other: int) -> int:
    if one is None:
        return other
    return min(one, other, key=lambda commit: (-history.committed_at[commit], history.shas[commit]))


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
    PUBLISHED = "published"
    """A branch of a model: a revision that people use, as a checkpoint or a quantization."""
    CLOSED = "closed"
    """A pull request of the Hub that was closed without being merged; its ref stays there."""
    ORPHANED = "orphaned"
    OPEN = "open"
    """None of the others: a query says at its `until` if it is active, dormant or abandoned."""


class Landed(StrEnum):
    """How it is known that the work of an unmerged branch is on the default branch."""

    BLOBS = "blobs"
    """Default had each changed file as the branch left it (`ingest/derive/landed.py`)."""
    PATCHES = "patches"
    """Default had versions that hold its changes (`ingest/sources/git/patches.py`)."""
    PULL_REQUEST = "pull_request"
    """The host says that the pull request of this head was merged."""
    UNKNOWN = "unknown"
    """It is not known whether it landed: contents were needed and could not be read."""


_BY_CONTENTS = {LandingState.LANDED: Landed.PATCHES, LandingState.UNKNOWN: Landed.UNKNOWN}


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
    landing: Landed | None = None
    """How it is known that it landed; None if it did not."""


def branch_facts(
    history: History,
    observation: Observation,
    membership: Membership,
    changes: Callable[[], Changes] | None = None,
    *,
    pulls: Sequence[PullHead] = (),
    published: bool = False,
) -> list[BranchFacts]:
    """Return the facts of every branch of `observation`, by name.

    `changes` reads the paths that the commits changed; it is called at most once, and only if a
    branch's status depends on it. `pulls` are the pull requests that the host knows. `published`
    says that a branch is a revision to be used, as those of a model are, not work to be merged.
    """
    refs = sorted((r for r in observation.refs if r.kind in BRANCH_KINDS), key=lambda r: r.name)
    heads = {history.number[ref.target] for ref in refs if ref.target in history.number}
    gaps: dict[int, Divergence] = {}
    by_blobs: set[int] = set()
    if membership.head is not None:
        gaps = divergences(history, membership.head, heads)
    if changes is not None:
        by_blobs = landed_heads(history, membership.on_default, gaps, changes)
    landing = {one.head: _BY_CONTENTS.get(one.state) for one in observation.landings or ()}
    landing |= {history.shas[head]: Landed.BLOBS for head in by_blobs}
    landing |= dict.fromkeys(_merged_pulls(pulls, observation), Landed.PULL_REQUEST)
    states = {pull.sha: pull.state for pull in pulls}
    complete = not (observation.shallow or history.cut)
    facts: list[BranchFacts] = []
    for ref in refs:
        head = history.number.get(ref.target)
        gap = None if head is None else gaps.get(head)
        landed = landing.get(ref.target)
        if gap is not None and gap.ahead == 0:
            landed = None  # it is merged: nobody asks how its patches came there
        status = _status(ref, gap, landed, complete, published)
        if published and ref.kind is RefKind.PULL_REQUEST and status is BranchStatus.OPEN:
            if states.get(ref.target) == "closed":
                status = BranchStatus.CLOSED
            elif ref.target not in states:
                landed = Landed.UNKNOWN  # the Hub keeps the refs of all, whatever became of them
        if ref.name == observation.default_branch:
            status, landed = BranchStatus.DEFAULT, None
        facts.append(_facts(history, ref, head, gap, status, landed))
    return facts


def _merged_pulls(pulls: Iterable[PullHead], observation: Observation) -> Iterator[str]:
    """Yield the heads of pull requests that were merged into what is the default branch now.

    The default branch may have had another name then; a branch that still stands beside it is
    another one.
    """
    others = {ref.name for ref in observation.refs} - {observation.default_branch}
    for pull in pulls:
        if pull.state == "merged" and f"refs/heads/{pull.base}" not in others:
            yield pull.sha


def is_special(ref: Ref) -> bool:
    """Tell whether nobody means to merge `ref`: a convert ref, or one of `SPECIAL_BRANCHES`."""
    if ref.kind is RefKind.CONVERT:
        return True
    name = ref.name.removeprefix("refs/heads/")
    return any(
        name.startswith(special) if special.endswith("/") else name == special
        for special in SPECIAL_BRANCHES
    )


def _status(
    ref: Ref, gap: Divergence | None, landed: Landed | None, complete: bool, published: bool
) -> BranchStatus:
    """Return the first status that holds for a branch other than the default one.

    What cannot be known is not claimed: without a default head a branch is neither merged nor
    orphaned, and where history is cut a common ancestor may lie beyond the cut.
    """
    if gap is not None and gap.ahead == 0:
        return BranchStatus.MERGED
    if landed not in (None, Landed.UNKNOWN):
        return BranchStatus.LANDED
    if is_special(ref):
        return BranchStatus.SPECIAL
    if published and ref.kind is RefKind.BRANCH:
        return BranchStatus.PUBLISHED
    if gap is not None and gap.merge_base is None and complete:
        return BranchStatus.ORPHANED
    return BranchStatus.OPEN


def _facts(
    history: History,
    ref: Ref,
    head: int | None,
    gap: Divergence | None,
    status: BranchStatus,
    landing: Landed | None,
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
        landing=landing,
    )
