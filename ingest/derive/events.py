"""What happened to a project between two observations: to its refs, and on its host."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pyarrow as pa

from hubtrace.ingest.derive.dag import History, history_of
from hubtrace.ingest.records import Event, HostData, Observation, ProjectMetadata, Ref, RefKind


def events_between(
    before: Observation,
    after: Observation,
    commits: Callable[[], pa.Table],
    earlier: Callable[[], Iterable[Observation]] = tuple,
    fresh: pa.Table | None = None,
) -> tuple[Event, ...]:
    """Return the events that lead from one observation to the next, in order of the refs.

    `history_rewritten`: the old head of a branch is no ancestor of its new head (docs/design.md,
    section 6, *Snapshot*), or that of a default branch that was deleted none of the new one's (it
    may have been the default branch in an observation `earlier` than `before`, which come newest
    first and are read only if a default branch may be lost), or a default branch
    that is still there shares no commit with the one that took its place. `branch_deleted`,
    `tag_deleted`, `tag_moved` and `default_branch_changed` are what they say. `commits` gives all
    commits held (columns `sha`, `parents`, `committed_at`); it is called only if a branch moved
    otherwise than forward over those of them that are `fresh`.
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
        moved += _default_moved(before, earlier, after)
        replaced = _default_replaced(chain([before], _lazily(earlier)), after)
        events += _rewritten(moved, replaced, commits, fresh, after)
    if before.default_branch != after.default_branch:
        names = before.default_branch, after.default_branch
        events.append(Event("default_branch_changed", after.observed_at, "", *names))
    return tuple(sorted(events, key=lambda event: (event.subject, event.kind)))


def _default_moved(
    before: Observation, earlier: Callable[[], Iterable[Observation]], after: Observation
) -> Iterator[tuple[Ref, Ref]]:
    """Yield former default branches that are not there any more, with the present one.

    Each as it was when it was last the default branch. What stands beside the new one under its own
    name is not lost. After an observation without a default branch the last one counts.
    """
    last, new = _default(before), _default(after)
    deleted = {ref.name for ref in before.refs} - {ref.name for ref in after.refs}
    if new is None or (last is not None and not deleted):
        return
    formers: dict[str, Ref] = {}
    for ref in map(_default, (before, *earlier())):
        if ref is not None:
            formers.setdefault(ref.name, ref)
    if last is None:
        deleted.update(list(formers)[:1])
    for name, old in reversed(formers.items()):
        if name in deleted and old.target != new.target:
            yield old, new


def _lazily(earlier: Callable[[], Iterable[Observation]]) -> Iterator[Observation]:
    yield from earlier()


def _default_replaced(newest: Iterable[Observation], after: Observation) -> list[tuple[Ref, Ref]]:
    """Return the last known default branch and the present one, if both are there side by side.

    Of an observation that was cut the history is not compared: the last whole one counts.
    """
    new = _default(after)
    whole = (_default(seen) for seen in newest if seen.ancestry and not seen.shallow)
    old = next(filter(None, whole), None) if new else None
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
    fresh: pa.Table | None,
    after: Observation,
) -> Iterator[Event]:
    branches = [(old, new) for old, new in moved if old.kind is not RefKind.TAG]
    if not replaced and (not branches or (fresh is not None and _forward(branches, fresh))):
        return
    history = history_of(commits())
    found: dict[str, Event] = {}
    lost = _lost([(old, new) for old, new in branches if new.target in history.number], history)
    lost += [(old, new) for old, new in replaced if not _related(history, old, new)]
    for old, new in lost:
        event = Event("history_rewritten", after.observed_at, new.name, old.target, new.target)
        found.setdefault(new.name, event)
    yield from found.values()


def _lost(branches: list[tuple[Ref, Ref]], history: History) -> list[tuple[Ref, Ref]]:
    """Return the branches whose old head their new one does not reach."""
    masks = history.masks([history.number[new.target] for _, new in branches])
    numbers = (history.number.get(old.target) for old, _ in branches)
    return [
        branch
        for bit, (branch, number) in enumerate(zip(branches, numbers, strict=True))
        if number is None or not masks[number] >> bit & 1
    ]


def _forward(branches: list[tuple[Ref, Ref]], fresh: pa.Table) -> bool:
    """Return True if each of these branches leads to its old head by way of `fresh` commits.

    Then nothing older has to be read, which would make each look as slow as all before it.
    """
    new = set(fresh["sha"].to_pylist())
    heads = sorted({old.target for old, _ in branches} - new)
    bare = {"sha": heads, "parents": [[] for _ in heads], "committed_at": [0] * len(heads)}
    history = history_of(pa.concat_tables([fresh, pa.table(bare, schema=fresh.schema)]))
    return new.issuperset(ref.target for _, ref in branches) and not _lost(branches, history)


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
