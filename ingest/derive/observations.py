"""What earlier observations knew of the commits of a project (docs/decisions/0045).

A force-push or a super-squash takes commits off the default branch; it cannot undo that they were
there. The snapshot holds every commit and every observation, so that where a commit stood can be
asked of each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from hubtrace.ingest.derive.dag import History, history_of
from hubtrace.ingest.derive.landed import Membership, default_head, landing_times
from hubtrace.ingest.records import Observation
from hubtrace.ingest.snapshot import ProjectHistory


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the commits of a `History`, by number; epoch seconds, UTC."""

    seen_at: Sequence[int]
    """The first observation in which a ref reached it."""
    landed_at: Sequence[int | None]
    """As `Membership.landed_at`; of a commit that has left the default branch, as it was then. Not
    before the last look at the same branch that missed it, whatever dates say, unless the branch
    was rewritten after it."""
    entered_at: Sequence[int | None]
    """The observation that first found it on the default branch, if an earlier one would have
    found it there by its date and did not; else None."""
    left_at: Sequence[int | None]
    """The observation that first missed it on the default branch; None if it never was there, or
    is there now."""
    absent_at: Sequence[int | None]
    """The last look at a complete history before the first that found it: it came after that."""
    chains: frozenset[int]
    """The commits that have left the default branch and were on its first-parent chain."""


def past_of(history: History, membership: Membership, observations: Sequence[Observation]) -> Past:
    """Return what all `observations`, the last of which gave `membership`, knew of the commits."""
    count = len(history.shas)
    first = observations[0].observed_at
    nothing: list[int | None] = [None] * count
    if len(observations) == 1 or not count:
        return Past([first] * count, membership.landed_at, nothing, nothing, nothing, frozenset())
    heads = _heads(history, observations)
    known = [(seen.observed_at, head) for seen, head in heads]
    names = [seen.default_branch for seen, _ in heads]
    landed, chains = _landed(history, membership, [head for _, head in known if head is not None])
    entered, left = list(nothing), list(nothing)
    masks = history.masks_of([[head] if head is not None else [] for _, head in known])
    for commit, mask in enumerate(masks):
        if not mask:
            continue
        if not membership.on_default[commit] and mask.bit_length() < len(known):
            left[commit] = known[mask.bit_length()][0]
        came = (mask & -mask).bit_length() - 1
        at = landed[commit]
        if came and at is not None and at <= known[came - 1][0]:
            entered[commit] = known[came][0]
            # A history that was rewritten has commits anew that landed under other names before.
            former = known[came - 1][1]
            went_on = former is not None and masks[former] >> came & 1
            if former is None or (went_on and names[came] == names[came - 1]):
                landed[commit] = known[came - 1][0]
    seen_at = history.first_seen(observations, first)
    return Past(seen_at, landed, entered, left, _absent_at(seen_at, observations), chains)


def _absent_at(seen_at: Sequence[int], observations: Sequence[Observation]) -> list[int | None]:
    """Return when each commit was last missed before it was seen; a cut history misses nothing."""
    before: dict[int, int | None] = {}
    missed: int | None = None
    for seen in observations:
        before.setdefault(seen.observed_at, missed)
        if seen.ancestry and not seen.shallow:
            missed = seen.observed_at
    return [before[at] for at in seen_at]


def _heads(
    history: History, observations: Sequence[Observation]
) -> list[tuple[Observation, int | None]]:
    """Return the head of the default branch at each look where all that it reaches is known.

    That is None at a look before there was any commit. One that lost its branches later may get
    the same history again, under other names: such a look tells nothing.
    """
    heads: list[tuple[Observation, int | None]] = []
    for seen in observations:
        if not seen.ancestry or seen.shallow:
            continue
        head = default_head(history, seen)
        if head is not None or (not seen.refs and all(known is None for _, known in heads)):
            heads.append((seen, head))
    return heads


def _landed(
    history: History, membership: Membership, heads: Sequence[int]
) -> tuple[list[int | None], frozenset[int]]:
    landed = list(membership.landed_at)
    chains: set[int] = set()
    for head in reversed(heads):
        if landed[head] is None:
            then = landing_times(history, head)
            landed = [now if now is not None else at for now, at in zip(landed, then, strict=True)]
            chains.update(history.first_parent_chain(head))
    return landed, frozenset(commit for commit in chains if not membership.on_default[commit])


def contradicted(absent_at: Sequence[int | None], at: pa.ChunkedArray) -> pa.Array:
    """Return `absent_at` of the commits that were missed after the time `at` of theirs; else null.

    Such a commit came after that look, whatever its clock says (docs/decisions/0054).
    """
    missed = pa.array(absent_at, pa.int64())
    found = pc.if_else(pc.greater_equal(missed, at), missed, pa.scalar(None, pa.int64()))
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def first_seen(project: ProjectHistory) -> dict[str, int]:
    """Return when each commit of a project was first observed, by sha."""
    if len(project.observations) == 1:
        shas = project.commits(["sha"])["sha"].to_pylist()
        return dict.fromkeys(shas, project.last.observed_at)
    history = history_of(project.commits(["sha", "parents", "committed_at"]))
    looks = project.observations
    return dict(zip(history.shas, history.first_seen(looks, looks[0].observed_at), strict=True))
