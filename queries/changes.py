"""What changed between two moments, or two graphs: patterns, sides, branches, links, events.

A graph asked at an earlier moment knows its history up to then; its refs, and what hosts told of
its projects, are as last observed. Two graphs, or two snapshots, differ in these as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask, family_names
from hubtrace.queries.flags import (
    FLAGGED_BRANCHES,
    ORPHANED_VARIANTS,
    BranchFlag,
    Flags,
    SideFlag,
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
    "link": "variants that lost or found their upstream",
    "branch": "branches that were abandoned, orphaned, taken up again or deleted",
    "event": "events",
}
"""Kinds of changes, in the order in which they are told."""

_NO_PATTERN = "no pattern"


@dataclass(frozen=True, slots=True)
class State:
    """What a graph says of its families at one moment."""

    name: str
    """What people call it."""
    until: int | None
    """The moment: the one asked for, else when any family was last observed."""
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
class Changes:
    """All differences between two states."""

    before: str
    before_until: int | None
    after: str
    after_until: int | None
    changes: tuple[Change, ...]

    def counts(self) -> dict[str, int]:
        """Return how many changes there are of each kind."""
        return {kind: sum(change.kind == kind for change in self.changes) for kind in KINDS}


def state(
    store: GraphStore,
    name: str,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
) -> State:
    """Return what the graph says of these families, by default all; unknown ones are left out."""
    known = family_names(store)
    wanted = known if families is None else [one for one in families if one in set(known)]
    found = patterns(store, wanted, until, thresholds, stability=False)
    moments = [pattern.until for pattern in found if pattern.until is not None]
    return State(
        name,
        until if until is not None else max(moments, default=None),
        {pattern.family: pattern for pattern in found},
        flags(store, None if families is None else wanted, until, thresholds),
        ask(store, "history").data(),
    )


def changes(before: State, after: State) -> Changes:
    """Return what is different after, by kind, then by family."""
    found = (
        *_families(before, after),
        *_sides(before, after),
        *_variants(before, after),
        *_branches(before, after),
        *_events(before, after),
    )
    order = list(KINDS)
    return Changes(
        before.name,
        before.until,
        after.name,
        after.until,
        tuple(sorted(found, key=lambda change: (order.index(change.kind), change.family or ""))),
    )


def _families(before: State, after: State) -> Iterator[Change]:
    for family in sorted({*before.patterns, *after.patterns}):
        old, new = before.patterns.get(family), after.patterns.get(family)
        if old is None or new is None:
            yield Change("family", family, family, _label(old), _label(new), None)
        elif _label(old) != _label(new):
            yield Change("pattern", family, family, _label(old), _label(new), None)


def _label(pattern: FamilyPattern | None) -> str | None:
    if pattern is None:
        return None
    return f"{pattern.code} {pattern.lag}" if pattern.code else pattern.reason or _NO_PATTERN


def _sides(before: State, after: State) -> Iterator[Change]:
    old = {flag.family: flag for flag in before.flags.sides}
    for new in after.flags.sides:
        was = old.get(new.family)
        if was is not None and was.status != new.status:
            yield Change("side", new.family, new.family, was.status, new.status, _turned(new))


def _turned(flag: SideFlag) -> int | None:
    """Return the last commit of the side that was left, for a side that was."""
    last = {
        "upstream_abandoned": flag.upstream_last_at,
        "downstream_abandoned": flag.downstream_last_at,
    }
    return last.get(flag.status)


def _variants(before: State, after: State) -> Iterator[Change]:
    old, new = ({_of(v): v for v in state.flags.variants} for state in (before, after))
    for key in sorted({*old, *new}, key=str):
        was, now = old.get(key), new.get(key)
        statuses = was.status if was else None, now.status if now else None
        if statuses[0] == statuses[1]:
            continue
        # In two states of one graph a family's variants are the same: these came or went.
        known = now or was
        if known is not None:
            link = not ORPHANED_VARIANTS.isdisjoint(statuses)
            at = now.gone_at if link and now else None
            name = known.name or known.variant
            yield Change("link" if link else "variant", known.family, name, *statuses, at)


def _of(flag: VariantFlag) -> tuple[str | None, str]:
    return flag.family, flag.variant


def _branches(before: State, after: State) -> Iterator[Change]:
    old, new = ({_place(b): b for b in state.flags.branches} for state in (before, after))
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        statuses = was.status if was else None, now.status if now else None
        # A branch that came and one that was merged are the daily work; these are not.
        told = now is None or not FLAGGED_BRANCHES.isdisjoint(statuses)
        known = now or was
        if known is not None and told and statuses[0] != statuses[1]:
            branch = known.branch.removeprefix("refs/heads/")
            name = f"{known.name or known.project} {branch}"
            yield Change("branch", known.family, name, *statuses, known.head_committed_at)


def _place(flag: BranchFlag) -> tuple[str, str, str]:
    return flag.family, flag.project, flag.branch


def _events(before: State, after: State) -> Iterator[Change]:
    """Yield what was noticed after the one moment and up to the other."""
    if before.until is None or after.until is None:
        return
    families = _projects(after)
    for event in after.events:
        if event["project"] not in families:
            continue
        if before.until < event["observed_at"] <= after.until:
            name = event["name"] or event["project"]
            what = f"{name} {event['subject']}".strip()
            kind = event["kind"]
            yield Change(
                "event",
                families[event["project"]],
                what,
                event["before"],
                f"{kind}: {event['after']}" if event["after"] else kind,
                event["observed_at"],
            )


def _projects(after: State) -> dict[str, str | None]:
    """Return the family of every project that the flags tell of; None: a variant in no family."""
    found: dict[str, str | None] = {}
    for variant in after.flags.variants:
        found[variant.variant] = variant.family
        for repository in variant.repositories:
            found.setdefault(repository, variant.family)
    found.update({branch.project: branch.family for branch in after.flags.branches})
    return found
