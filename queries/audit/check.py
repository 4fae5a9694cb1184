"""Many variants checked for findings: the gate behind `hubtrace check`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import closest, did_you_mean
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit.build import BATCH, AuditRequest, audits
from hubtrace.queries.audit.findings import GROUPS, KINDS, look
from hubtrace.queries.audit.records import Finding, Undecided
from hubtrace.queries.catalogue import Progress, ask, family_names
from hubtrace.queries.resolve import find_variant
from hubtrace.queries.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings are looked for."""

    kinds: tuple[str, ...]
    named: frozenset[str]
    """Kinds that were asked for by name: for these it matters if they cannot be decided."""
    max_days_behind: int
    areas: tuple[str, ...]

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
    variants: int
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]

    @property
    def must_decide(self) -> frozenset[str]:
        """The kinds whose answer was asked for by name; and that a variant is known at all."""
        return self.wanted.named | {EVERYTHING}

    @property
    def lacks_an_answer(self) -> bool:
        """True if something that must be decided is not."""
        return any(each.kind in self.must_decide for each in self.undecided)


EVERYTHING = "everything"
"""Stands for all kinds where nothing at all is known of a variant."""
_UNOBSERVED = "it is known only because another model names it; nothing was observed of it"


def targets_of(
    store: GraphStore, targets: Sequence[str], *, everything: bool
) -> dict[str, str | None]:
    """Return key → revision of the variants that names of variants and families stand for.

    A revision is None where none is named, and the head of the default branch is meant.

    Raises:
        CatalogueError: nothing is named, a name is neither, `everything` goes with names, or a
            variant is named at two revisions.
    """
    if everything == bool(targets):
        both = ", not both" if everything else ""
        raise CatalogueError(f"name models or families to check, or give --all{both}")
    if everything:
        rows = ask(store, "variants").data()
        found = {row["variant"]: None for row in rows if row["observed_at"] is not None}
        if not found:
            raise CatalogueError("the graph has no model")
        return {**found}
    families = set(family_names(store))
    revisions: dict[str, str | None] = {}
    for target in targets:
        if target in families:
            members = ask(store, "variant_status", families=[target])
            named: list[tuple[str, str | None]] = [(row["variant"], None) for row in members]
        else:
            named = [_variant(store, target, families)]
        for key, revision in named:
            if revisions.setdefault(key, revision) != revision:
                raise CatalogueError(f"{target!r} is named at two revisions; check them apart")
    return revisions


def check_variants(
    store: GraphStore,
    variants: Collection[str] | Mapping[str, str | None],
    wanted: Wanted,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Check every variant, by key, for the wanted findings; at a revision where a mapping has one.

    `until` is in epoch seconds; by default each family's `observed_at`.
    """
    pairs = variants.items() if isinstance(variants, Mapping) else ()
    revisions = {key: revision for key, revision in pairs if revision is not None}
    asked = AuditRequest(until, thresholds or Thresholds(), revisions, wanted.areas, whole=False)
    keys = list(variants)
    findings: list[Finding] = []
    undecided: list[Undecided] = []
    for first in range(0, len(variants), BATCH):
        batch = keys[first : first + BATCH]
        rows = {row["variant"]: row for row in ask(store, "variant_facts", variants=batch)}
        known = [key for key in batch if rows[key]["observed_at"] is not None]
        undecided += [
            Undecided(EVERYTHING, key, rows[key]["name"] or key, _UNOBSERVED)
            for key in batch
            if key not in known
        ]
        for audited in audits(store, known, asked):
            found, unknown = look(audited, wanted.kinds, wanted.max_days_behind)
            findings += found
            undecided += unknown
        if progress is not None:
            progress("models", min(first + BATCH, len(variants)), len(variants))
    return Checked(wanted, until, len(variants), tuple(findings), tuple(undecided))


def _variant(store: GraphStore, target: str, families: set[str]) -> tuple[str, str | None]:
    try:
        return find_variant(store, target)
    except CatalogueError as error:
        close = closest(target, families)
        if close and "did you mean" not in str(error):
            raise CatalogueError(f"{error}{did_you_mean(close, 'family')}") from None
        raise
