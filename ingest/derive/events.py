"""What happened to a project between two observations: to its refs, and on its host."""

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from hubtrace.ingest.derive.dag import History, history_of
from hubtrace.ingest.records import Event, HostData, Observation, ProjectMetadata, Ref, RefKind


def events_between(
    before: Observation,
    after: Observation,
    commits: Callable[[], pa.Table],
    earlier: Sequence[Observation] = (),
) -> tuple[Event, ...]:
    """Return the events that lead from one observation to the next, in order of the refs.

    `history_rewritten`: the old head of a branch is no ancestor of its new head (docs/design.md,
    section 6, *Snapshot*), or that of a default branch that was deleted none of the new one's (it
    may have been the default branch in an observation `earlier` than `before`), or a default branch
    that is still there shares no commit with the one that took its place. `branch_deleted`,
    `tag_deleted`, `tag_moved` and `default_branch_changed` are what they say. `commits` gives all
    commits held (columns `sha`, `parents`, `committed_at`); it is called only if a branch moved.
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
        moved += _default_moved((*earlier, before), after)
        events += _rewritten(moved, _default_replaced((*earlier, before), after), commits, after)
    if before.default_branch != after.default_branch:
        names = before.default_branch, after.default_branch
        events.append(Event("default_branch_changed", after.observed_at, "", *names))
    return tuple(sorted(events, key=lambda event: (event.subject, event.kind)))


def _default_moved(before: Sequence[Observation], after: Observation) -> Iterator[tuple[Ref, Ref]]:
    """Yield former default branches that are not there any more, with the present one.

    Each as it was when it was last the default branch. What stands beside the new one under its own
    name is not lost. After an observation without a default branch the last one counts.
    """
    formers = {ref.name: ref for seen in before if (ref := _default(seen))}
    new, names = _default(after), {ref.name for ref in after.refs}
    deleted = {ref.name for ref in before[-1].refs} - names
    if _default(before[-1]) is None:
        deleted.update(list(formers)[-1:])
    for name, old in formers.items():
        if new is not None and name in deleted and old.target != new.target:
            yield old, new


def _default_replaced(before: Sequence[Observation], after: Observation) -> list[tuple[Ref, Ref]]:
    """Return the last known default branch and the present one, if both are there side by side.

    Of an observation that was cut the history is not compared: the last whole one counts.
    """
    whole = [_default(seen) for seen in before if seen.ancestry and not seen.shallow]
    old, new = next((ref for ref in reversed(whole) if ref), None), _default(after)
    if old is None or new is None or old.name == new.name:
        return []
    return [(old, new)] if any(ref.name == old.name for ref in after.refs) else []


def _default(observation: Observation) -> Ref | None:
    refs = (ref for ref in observation.refs if ref.name == observation.default_branch)
    return next(refs, None)


def _deleted(ref: Ref, moment: int) -> Event:
    kind = "tag_deleted" if ref.kind is RefKind.TAG else "branch_deleted"
    return Event(kind, moment, ref.name, ref.target, None)


def _moved_tags(moved: list[tuple[Ref, Ref]], moment: int) -> Iterator[Event]:
    for old, new in moved:
        if old.kind is RefKind.TAG:
            yield Event("tag_moved", moment, old.name, old.target, new.target)


def _rewritten(
    moved: list[tuple[Ref, Ref]],
    replaced: list[tuple[Ref, Ref]],
    commits: Callable[[], pa.Table],
    after: Observation,
) -> Iterator[Event]:
    branches = [(old, new) for old, new in moved if old.kind is not RefKind.TAG]
    if not branches and not replaced:
        return
    history = history_of(commits())
    found: dict[str, Event] = {}
    known = [(old, new) for old, new in branches if new.target in history.number]
    masks = history.masks([history.number[new.target] for _, new in known])
    lost = []
    for bit, (old, new) in enumerate(known):
        number = history.number.get(old.target)
        if number is None or not masks[number] >> bit & 1:
            lost.append((old, new))
    lost += [(old, new) for old, new in replaced if not _related(history, old, new)]
    for old, new in lost:
        event = Event("history_rewritten", after.observed_at, new.name, old.target, new.target)
        found.setdefault(new.name, event)
    yield from found.values()


def _related(history: History, old: Ref, new: Ref) -> bool:
    """Return True if a commit is an ancestor of both, or one of them was never read."""
    numbers = [history.number.get(ref.target) for ref in (old, new)]
    heads = [number for number in numbers if number is not None]
    return len(heads) < 2 or 3 in history.masks(heads)


_SWITCHES = {
    "archived": ("archived", "unarchived"),
    "private": ("made_private", "made_public"),
    "disabled": ("disabled", "enabled"),
}
"""Field → the events for it being set and unset."""
_Step = tuple[str, str | None, str | None]
"""Kind, before, after."""


def host_events(before: HostData, after: HostData, moment: int) -> tuple[Event, ...]:
    """Return the events that lead from one answer to the next.

    `gone` and `returned`, `replaced` (another project under the same name), `renamed` and
    `transferred` (the same one under another name, or another owner), `archived`, `made_private`,
    `gated`, `disabled` and their opposites, and `licence_changed`.
    """
    return tuple(Event(kind, moment, "", old, new) for kind, old, new in _steps(before, after))


def _steps(before: HostData, after: HostData) -> Iterator[_Step]:
    if after.gone:
        # The facts are what was known before; nothing new can be told of it.
        if not before.gone:
            yield "gone", None, after.gone
        return
    if before.gone:
        yield "returned", before.gone, None
    yield from _changes(before.facts, after.facts)


def _changes(before: ProjectMetadata, after: ProjectMetadata) -> Iterator[_Step]:
    if not before.host_id:
        return  # it was gone when it was first asked for
    if after.host_id and before.host_id != after.host_id:
        yield "replaced", before.host_id, after.host_id
    if before.name != after.name:
        same_owner = before.name.partition("/")[0] == after.name.partition("/")[0]
        yield "renamed" if same_owner else "transferred", before.name, after.name
    for name, (on, off) in _SWITCHES.items():
        if getattr(before, name) != getattr(after, name):
            yield on if getattr(after, name) else off, None, None
    if before.gated != after.gated:
        yield "gated" if after.gated else "ungated", before.gated, after.gated
    if before.licence != after.licence:
        yield "licence_changed", before.licence, after.licence
