"""How far many branches are from one: commits ahead, commits behind, merge base.

All branches are compared in one pass over the commit graph, by bit sets: bit i of a commit's
mask says that tip i reaches it (`History.masks`), bit 0 stands for the branch compared with.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hubtrace.ingest.derive.dag import History


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
    others = sorted(set(tips) - {base})
    found = {tip: nothing for tip in tips if tip == base}
    if not others:
        return found
    masks = history.masks([base, *others])
    tally = Counter(masks)
    reached = count_bits(tally.items(), len(others) + 1)
    common = count_bits([(m, n) for m, n in tally.items() if m & 1], len(others) + 1)
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
    """Return the positions of the bits of `mask`, by its text: a shift per bit is quadratic."""
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
