"""What happened to a project's refs between two observations."""

from collections.abc import Callable, Iterator

import pyarrow as pa

from ingest.derive.columns import history_of
from ingest.records import Event, Observation, Ref, RefKind


def events_between(
    before: Observation, after: Observation, commits: Callable[[], pa.Table]
) -> tuple[Event, ...]:
    """Return the events that lead from one observation to the next, in order of the refs.

    `history_rewritten`: the old head of a branch is no ancestor of its new head (DESIGN.md
    section 6, *Snapshot*). `branch_deleted`, `tag_deleted`, `tag_moved` and
    `default_branch_changed` are what they say. `commits` gives all commits held (columns `sha`,
    `parents`, `committed_at`); it is called only if a branch moved.
    """
    old = {ref.name: ref for ref in before.refs}
    new = {ref.name: ref for ref in after.refs}
    moved = [
        (ref, new[name])
        for name, ref in sorted(old.items())
        if name in new and new[name].target != ref.target
    ]
    events = [_deleted(ref, after.observed_at) for name, ref in old.items() if name not in new]
    events += _moved_tags(moved, after.observed_at)
    if after.ancestry and not (before.shallow or after.shallow):
        # Where history is cut, an ancestor may lie beyond the cut.
        events += _rewritten(moved, after.observed_at, commits)
    if before.default_branch != after.default_branch:
        names = before.default_branch, after.default_branch
        events.append(Event("default_branch_changed", after.observed_at, "", *names))
    return tuple(sorted(events, key=lambda event: (event.subject, event.kind)))


def _deleted(ref: Ref, moment: int) -> Event:
    kind = "tag_deleted" if ref.kind is RefKind.TAG else "branch_deleted"
    return Event(kind, moment, ref.name, ref.target, None)


def _moved_tags(moved: list[tuple[Ref, Ref]], moment: int) -> Iterator[Event]:
    for old, new in moved:
        if old.kind is RefKind.TAG:
            yield Event("tag_moved", moment, old.name, old.target, new.target)


def _rewritten(
    moved: list[tuple[Ref, Ref]], moment: int, commits: Callable[[], pa.Table]
) -> Iterator[Event]:
    branches = [(old, new) for old, new in moved if old.kind is not RefKind.TAG]
    if not branches:
        return
    history = history_of(commits())
    known = [(old, new) for old, new in branches if new.target in history.number]
    masks = history.masks([history.number[new.target] for _, new in known])
    for bit, (old, new) in enumerate(known):
        number = history.number.get(old.target)
        if number is None or not masks[number] >> bit & 1:
            yield Event("history_rewritten", moment, old.name, old.target, new.target)
