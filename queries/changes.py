"""What changed between two times, or two graphs: patterns, sides, branches, links, events.

The state at an earlier time is to be asked of the graph as it was (`hubtrace/past.py`): one that
was looked at since has refs, and what hosts reported, as last observed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, TypeVar

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask, family_names
from hubtrace.queries.flags import (
    FLAGGED_BRANCHES,
    ORPHANED_VARIANTS,
    BranchFlag,
    Flags,
    VariantFlag,
    flags,
)
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.thresholds import Thresholds

SCHEMA = "hubtrace.diff/1"
KINDS: Mapping[str, str] = {
    "family": "families that came or went",
    "pattern": "families whose pattern changed",
    "side": "families whose sides changed",
    "variant": "variants that came, went or changed",
    "link": "variants whose upstream went, moved or was found again",
    "branch": "branches that were abandoned, orphaned, taken up again or deleted",
    "event": "events",
}
"""Kinds of changes, in the order in which they are listed."""

_NO_PATTERN = "no pattern"
_LINKED = "linked"
"""A variant's upstream is there: how active both are is another matter."""
_Flag = TypeVar("_Flag", VariantFlag, BranchFlag)


@dataclass(frozen=True, slots=True)
class State:
    """The patterns, flags and events of a graph's families at one time."""

    name: str
    """Of the graph, for people."""
    until: int | None
    """Epoch seconds: the time that was asked for, else when any family was last observed."""
    patterns: Mapping[str, FamilyPattern]
    flags: Flags
    events: Sequence[Mapping[str, Any]]
    """Rows of the stored query `history`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    kind: str
    """One of `KINDS`."""
    family: str | None
    what: str
    """The family, the variant, the branch or the project that it happened to."""
    before: str | None
    """None: it was not there. The same for `after`."""
    after: str | None
    at: int | None
    """When it happened, where that is known: epoch seconds."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the two states that were compared."""

    name: str
    until: Annotated[int | None, {"description": "epoch seconds, UTC"}]


@dataclass(frozen=True, slots=True)
class Changes:
    """All differences between two states; its JSON is what `hubtrace diff` prints."""

    before: Compared
    after: Compared
    counts: Mapping[str, Annotated[int, {"minimum": 0}]]
    """Changes of each kind, also of those without one."""
    changes: tuple[Change, ...]


def state(
    store: GraphStore,
    name: str,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
) -> State:
    """Return the state of these families, by default all; unknown ones are left out."""
    known = family_names(store)
    wanted = known if families is None else [one for one in families if one in set(known)]
    found = patterns(store, wanted, until, thresholds, stability=False)
    observed = [pattern.until for pattern in found if pattern.until is not None]
    return State(
        name,
        until if until is not None else max(observed, default=None),
        {pattern.family: pattern for pattern in found},
        flags(store, None if families is None else wanted, until, thresholds),
        ask(store, "history").data(),
    )


def changes(before: State, after: State) -> Changes:
    """Return what is different after, by kind, then by family."""
    parts = (_families, _sides, _variants, _branches, _events)
    found = [change for part in parts for change in part(before, after)]
    order = list(KINDS)
    found.sort(key=lambda change: (order.index(change.kind), change.family or ""))
    return Changes(
        Compared(before.name, before.until),
        Compared(after.name, after.until),
        {kind: sum(change.kind == kind for change in found) for kind in KINDS},
        tuple(found),
    )


def _families(before: State, after: State) -> Iterator[Change]:
    for family in sorted({*before.patterns, *after.patterns}):
        old, new = before.patterns.get(family), after.patterns.get(family)
        was, now = _label(old), _label(new)
        if was != now:
            kind = "pattern" if old and new else "family"
            yield Change(kind, family, family, was, now, None)


def _label(pattern: FamilyPattern | None) -> str | None:
    if pattern is None:
        return None
    return f"{pattern.code} {pattern.lag}" if pattern.code else pattern.reason or _NO_PATTERN


def _sides(before: State, after: State) -> Iterator[Change]:
    old = {flag.family: flag for flag in before.flags.sides}
    for new in after.flags.sides:
        was = old.get(new.family)
        if was is not None and was.status != new.status:
            left = {
                "upstream_abandoned": new.upstream_last_at,
                "downstream_abandoned": new.downstream_last_at,
            }
            at = left.get(new.status)
            yield Change("side", new.family, new.family, was.status, new.status, at)


def _variants(before: State, after: State) -> Iterator[Change]:
    flags = before.flags.variants, after.flags.variants
    for known, now, statuses in _changed(*flags, attrgetter("family", "variant")):
        link = not ORPHANED_VARIANTS.isdisjoint(statuses)
        at = now.gone_at if link and now else None
        name = known.name or known.variant
        if link:  # a status of the link on both sides, not one of the activity on the other
            was, is_ = (s if s is None or s in ORPHANED_VARIANTS else _LINKED for s in statuses)
            yield Change("link", known.family, name, was, is_, at)
        else:
            yield Change("variant", known.family, name, *statuses, at)


def _branches(before: State, after: State) -> Iterator[Change]:
    flags = before.flags.branches, after.flags.branches
    for known, now, statuses in _changed(*flags, attrgetter("family", "project", "branch")):
        # New and merged branches are daily work; deleted, abandoned and orphaned ones are not.
        if now is None or not FLAGGED_BRANCHES.isdisjoint(statuses):
            name = f"{known.name or known.project} {known.branch.removeprefix('refs/heads/')}"
            yield Change("branch", known.family, name, *statuses, known.head_committed_at)


def _changed(
    old: Iterable[_Flag], new: Iterable[_Flag], key: Callable[[_Flag], tuple[str | None, ...]]
) -> Iterator[tuple[_Flag, _Flag | None, tuple[str | None, str | None]]]:
    """Yield each flag of another status as last known, then as it is now, and both statuses."""
    was: dict[tuple[str | None, ...], _Flag] = {key(flag): flag for flag in old}
    now: dict[tuple[str | None, ...], _Flag] = {key(flag): flag for flag in new}
    for each in sorted({*was, *now}, key=lambda parts: [part or "" for part in parts]):
        first, last = was.get(each), now.get(each)
        statuses = first.status if first else None, last.status if last else None
        known = last or first
        if known is not None and statuses[0] != statuses[1]:
            yield known, last, statuses


def _events(before: State, after: State) -> Iterator[Change]:
    """Yield what was observed after the one time and up to the other."""
    if before.until is None or after.until is None:
        return
    families = _projects(after)
    for event in after.events:
        project, kind, at = event["project"], event["kind"], event["observed_at"]
        if project in families and before.until < at <= after.until:
            what = f"{event['name'] or project} {event['subject']}".strip()
            now = f"{kind}: {event['after']}" if event["after"] else kind
            yield Change("event", families[project], what, event["before"], now, at)


def _projects(after: State) -> dict[str, str | None]:
    """Return the family of every project that has flags; None: a variant in no family."""
    found: dict[str, str | None] = {}
    for variant in after.flags.variants:
        found[variant.variant] = variant.family
        for repository in variant.repositories:
            found.setdefault(repository, variant.family)
    found.update({branch.project: branch.family for branch in after.flags.branches})
    return found
