"""Many variants checked for findings: the gate behind `hubtrace check`."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import closest, count, did_you_mean
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import Side
from hubtrace.queries.audit.acceptances import Acceptances, Accepted, Stale
from hubtrace.queries.audit.build import BATCH, AuditRequest, audits
from hubtrace.queries.audit.facts import nothing_to_compare, too_old
from hubtrace.queries.audit.findings import GROUPS, KINDS, Limits, Part
from hubtrace.queries.audit.records import Audit, Finding, Undecided
from hubtrace.queries.catalogue import Progress, ask, family_names
from hubtrace.queries.lookup import resolve
from hubtrace.queries.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings are looked for."""

    kinds: tuple[str, ...]
    named: frozenset[str]
    """Kinds that were asked for by name: for these it matters if they cannot be decided."""
    max_days_behind: int
    areas: tuple[str, ...]
    upper: bool = False
    """True to count the most days that a variant can be behind (docs/decisions/0041)."""
    max_age: int | None = None
    """Days since the last look after which nothing is decided any more."""
    all_must_decide: bool = False
    """True if whatever cannot be decided fails."""

    @property
    def limits(self) -> Limits:
        """How much is too much."""
        return Limits(self.max_days_behind, self.upper)

    @classmethod
    def of(cls, text: str | None, max_days_behind: int, areas: tuple[str, ...]) -> "Wanted":
        """Return what `lag,orphaned,…` stands for; None for the usual kinds.

        Raises:
            CatalogueError: there is no such kind or group; names the nearest one.
        """
        if text is None:
            return cls(GROUPS["usual"], frozenset(), max_days_behind, areas)
        named: set[str] = set()
        explicit: set[str] = set()
        for word in filter(None, (word.strip().replace("-", "_") for word in text.split(","))):
            kinds = GROUPS.get(word) or ((word,) if word in KINDS else None)
            if kinds is None:
                hint = did_you_mean(closest(word, [*KINDS, *GROUPS]))
                hint = hint or f"; the findings are {', '.join(KINDS)}"
                raise CatalogueError(f"--fail-on: unknown finding `{word}`{hint}")
            named.update(kinds)
            if word not in ("usual", "all"):
                explicit.update(kinds)
        if not named:
            raise CatalogueError("--fail-on is empty")
        ordered = tuple(name for name in KINDS if name in named)
        return cls(ordered, frozenset(explicit), max_days_behind, areas)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked for, and what came of it."""

    wanted: Wanted
    until: int | None
    """The moment that was asked for; None for when each family was last observed."""
    observed_at: int | None
    """When what is known least recently was looked at; None if nothing ever was."""
    variants: int
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    accepted: tuple[Accepted, ...] = ()
    """Findings that somebody accepted; they are not among the others."""
    stale: tuple[Stale, ...] = ()
    """Acceptances that cover nothing."""
    open: tuple[tuple[str, Part], ...] = ()
    """What the findings are about: kind and part."""

    @property
    def total(self) -> str:
        """How many findings there are in how many models."""
        accepted = f", {len(self.accepted):,} accepted," if self.accepted else ""
        found = f"{count(len(self.findings), 'finding')}{accepted}"
        return f"{found} in {count(self.variants, 'model')}"

    @property
    def causes(self) -> "list[Cause]":
        """What was found, each once for all the models that it concerns."""
        found: dict[tuple[str, str, tuple[str, ...]], list[Finding]] = {}
        for one in self.findings:
            found.setdefault((one.kind, one.text, one.proof), []).append(one)
        return [Cause(*what, tuple(of)) for what, of in found.items()]

    @property
    def must_decide(self) -> frozenset[str]:
        """The kinds that were asked for by name, and those on which all others rest."""
        if self.wanted.all_must_decide:
            return frozenset({*KINDS, EVERYTHING})
        return self.wanted.named | {EVERYTHING, "unlinked"}

    @property
    def lacks_an_answer(self) -> bool:
        """True if something that must be decided is not."""
        return any(each.kind in self.must_decide for each in self.undecided)


@dataclass(frozen=True, slots=True)
class Cause:
    """The same finding of one or several models."""

    kind: str
    text: str
    proof: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def who(self) -> str:
        """The models, the first by their names."""
        names = [found.name for found in self.findings]
        more = f" and {count(len(names) - _NAMED, 'more model')}" if names[_NAMED:] else ""
        return f"{', '.join(names[:_NAMED])}{more}"


_NAMED = 5
EVERYTHING = "everything"
"""Stands for all kinds where nothing at all is known of a variant."""
_EMPTY = "it is a family without a model"
_NOTHING = "of all that was asked for, nothing can be decided"
_UNOBSERVED = "it is known only because another model names it; nothing was observed of it"


@dataclass(frozen=True, slots=True)
class Targets:
    """What is to be checked."""

    revisions: Mapping[str, str | None]
    """Key of a variant → its revision; None for the head of the default branch."""
    empty: tuple[str, ...] = ()
    """Families that release no model: nothing about them can be decided."""
    everything: bool = False
    """True if these are all that the graph has."""


def targets_of(store: GraphStore, targets: Sequence[str], *, everything: bool) -> Targets:
    """Return the variants that names of variants and families stand for.

    Raises:
        CatalogueError: nothing is named, a name is neither, `everything` goes with names, or a
            variant is named at two revisions.
    """
    if everything == bool(targets):
        both = ", not both" if everything else ""
        raise CatalogueError(f"name models or families to check, or give --all{both}")
    families = set(family_names(store))
    asked = sorted(families) if everything else sorted(families.intersection(targets))
    members = {name: set[str]() for name in asked}
    for row in ask(store, "variant_status", families=asked):
        members[row["family"]].add(row["variant"])
    empty = tuple(name for name in asked if not members[name])
    if everything:
        rows = ask(store, "variants").data()
        found = {row["variant"]: None for row in rows if row["observed_at"] is not None}
        if not found and not empty:
            raise CatalogueError("the graph has no model")
        return Targets({**found}, empty, everything=True)
    revisions: dict[str, str | None] = {}
    for target in targets:
        if target in families:
            named: list[tuple[str, str | None]] = [(key, None) for key in sorted(members[target])]
        else:
            variant = resolve(store, target, Side.DOWNSTREAM, sorted(families))
            named = [(variant.project.key, variant.address.at)]
        for key, revision in named:
            if revisions.setdefault(key, revision) != revision:
                raise CatalogueError(f"{target!r} is named at two revisions; check them apart")
    return Targets(revisions, empty)


def check_variants(
    store: GraphStore,
    targets: Targets | Collection[str],
    wanted: Wanted,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    progress: Progress | None = None,
    acceptances: Acceptances | None = None,
    now: int | None = None,
) -> Checked:
    """Check every variant, by key, for the wanted findings.

    `until` is in epoch seconds; by default each family's `observed_at`. Acceptances expire, and
    looks grow old, by `now`; by default the clock's.
    """
    if not isinstance(targets, Targets):
        targets = Targets(dict.fromkeys(targets))
    revisions = {key: named for key, named in targets.revisions.items() if named is not None}
    asked = AuditRequest(until, thresholds or Thresholds(), revisions, wanted.areas, whole=False)
    keys, now = list(targets.revisions), int(time.time()) if now is None else now
    acceptances = acceptances or Acceptances(store)
    accepted: list[Accepted] = []
    findings: list[Finding] = []
    undecided = [Undecided(EVERYTHING, name, name, _EMPTY) for name in targets.empty]
    looks: list[int] = []
    for first in range(0, len(keys), BATCH):
        batch = keys[first : first + BATCH]
        rows = {row["variant"]: row for row in ask(store, "variant_facts", variants=batch)}
        known = [key for key in batch if rows[key]["observed_at"] is not None]
        undecided += [
            Undecided(EVERYTHING, key, rows[key]["name"] or key, _UNOBSERVED)
            for key in batch
            if key not in known
        ]
        for audited in audits(store, known, asked):
            found, past, unknown = _look(audited, wanted, acceptances, now)
            findings += found
            accepted += past
            undecided += unknown
            looks += [it.observed_at for it in audited.projects if it.observed_at is not None]
        if progress is not None:
            progress("models", min(first + BATCH, len(keys)), len(keys))
    stale = acceptances.stale(wanted.kinds, everything=targets.everything)
    of_all = (tuple(findings), tuple(undecided), tuple(accepted), stale, tuple(acceptances.open))
    return Checked(wanted, until, min(looks, default=None), len(keys), *of_all)


def _look(
    audit: Audit, wanted: Wanted, acceptances: Acceptances, now: int
) -> tuple[list[Finding], list[Accepted], list[Undecided]]:
    found, accepted, undecided = acceptances.look(audit, wanted.kinds, wanted.limits, now)
    missing = too_old(audit, now, wanted.max_age)
    known_to_be_lost = any(it.finding.kind == "dead_link" for it in accepted)
    if missing is None and not wanted.named and not known_to_be_lost:
        missing = nothing_to_compare(audit)
    if missing is None and not wanted.named and len(undecided) == len(wanted.kinds):
        missing = _NOTHING
    if missing is not None:
        name = audit.identity.name or audit.identity.variant
        undecided.append(Undecided(EVERYTHING, audit.identity.variant, name, missing))
    return found, accepted, undecided
