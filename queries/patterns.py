"""The pattern of each family: lag, sync type, intensity, and how far to trust the label.

The three dimensions come from `hubtrace.queries.dimensions`; here their code gets its name and the
codes on other grids become stability and evolution (docs/design.md, section 2). `tag` keeps
patterns in the graph as assessments, one per family and time (section 5).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from hubtrace.graph.model import MODEL, key_of_parts
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import Progress, ask, family_names
from hubtrace.queries.dimensions import ActiveDays, Dimensions, Grid, active_days
from hubtrace.queries.json_schema import record_fields
from hubtrace.queries.thresholds import Thresholds

PATTERNS = {
    "CSF": "Frequent synchronization",
    "CSS": "Intermittent synchronization",
    "CSR": "Rare synchronization",
    "PSF": "Dense partial synchronization",
    "PSS": "Disperse synchronization",
    "PSR": "Sparse synchronization",
    "ASS": "Sporadic disjoint synchronization",
    "ASR": "Rare disjoint synchronization",
}
"""The eight patterns of the study, arXiv 2508.10157, by code (docs/design.md, section 2)."""

NO_UPSTREAM_COMMITS, NO_VARIANT_COMMITS = "no_upstream_commits", "no_variant_commits"

_SYNC_LETTER = {"CS": "C", "PS": "P", "AS": "A", "VS": "A"}


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that a publication gave a family; None where it gave none."""

    lag: str | None = None
    sync: str | None = None
    intensity: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class FamilyPattern:
    """The pattern of a family at one moment."""

    family: str
    repositories: tuple[str, ...]
    """Names, in order; keys where a name is not known. The same for `variants`."""
    variants: tuple[str, ...]
    until: int | None
    """Epoch seconds, UTC; None if the family was never observed and no moment was given."""
    lag: str | None
    """`upstream_first`, `downstream_first` or `simultaneous`."""
    sync: str | None
    """`CS`, `PS`, `AS`, or the detail `VS`, which is `AS` in the code."""
    intensity: str | None
    """`R`, `S` or `F`."""
    code: str | None
    """Three letters; None if a side is silent, like every label."""
    pattern: str | None
    """The name of the pattern."""
    reason: str | None
    """Why there is no pattern: `no_upstream_commits`, `no_variant_commits`."""
    stability: float | None
    """The share of the day offsets of the bins that give the same code, 0 to 1."""
    runner_up: str | None
    """The most frequent other code among the offsets; of several, the first by the alphabet."""
    code_7_days: str | None
    code_28_days: str | None
    early_code: str | None
    """The code of the first half of the family's life; None if a side is silent in it."""
    late_code: str | None
    published: Labels


@dataclass(frozen=True, slots=True)
class PatternRow(FamilyPattern):
    """The pattern of a family, and the published code beside it."""

    published_code: str | None

    @classmethod
    def of(cls, pattern: FamilyPattern) -> "PatternRow":
        """Return the row of a pattern."""
        return cls(**record_fields(pattern), published_code=pattern.published.code)


@dataclass(frozen=True, slots=True)
class PatternsDocument:
    """The patterns of some families, as JSON has them."""

    until: int | None
    """The moment that was asked for, epoch seconds; null for when each family was last observed."""
    thresholds: Thresholds
    families: tuple[PatternRow, ...]


def patterns(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    *,
    stability: bool = True,
    progress: Progress | None = None,
) -> list[FamilyPattern]:
    """Return the pattern of these families, in their order; by default of all, by name.

    `until` is in epoch seconds; by default each family's `observed_at`. Without `stability` only
    the label is computed: stability, runner-up, the codes for other bins and those of the halves
    are then None.

    Raises:
        CatalogueError: the graph has no such family.
    """
    thresholds = thresholds or Thresholds()
    names = family_names(store, families)
    if not names:
        return []
    facts = {row["family"]: row for row in ask(store, "published", families=names, until=until)}
    days = active_days(store, names, until, progress)
    label = days.on(Grid(thresholds.period_days), thresholds)
    robust = _robustness(days, label, thresholds) if stability else repeat(_Robustness())
    columns = zip(names, label, days.upstream_moved, robust, strict=False)  # `repeat` has no end
    return [_pattern(facts[name], found, moved, more) for name, found, moved, more in columns]


def code_of(sync: str | None, intensity: str | None) -> str | None:
    """Return the code of a pattern, such as `PSS`; None if one of the two is."""
    if sync is None or intensity is None:
        return None
    return f"{_SYNC_LETTER[sync]}S{intensity}"


class _Robustness(NamedTuple):
    """How far to trust a label, and how it changed, in the fields of `FamilyPattern`."""

    stability: float | None = None
    runner_up: str | None = None
    code_7_days: str | None = None
    code_28_days: str | None = None
    early_code: str | None = None
    late_code: str | None = None


def _robustness(
    days: ActiveDays, label: Sequence[Dimensions], thresholds: Thresholds
) -> Iterator[_Robustness]:
    """Yield what other grids than that of the label make of each family."""
    period = thresholds.period_days

    def codes(grid: Grid) -> list[str | None]:
        return _codes(days.on(grid, thresholds))

    offsets = [codes(Grid(period, offset)) for offset in range(1, thresholds.offsets)]
    others = (Grid(7), Grid(28), Grid(period, 0, "early"), Grid(period, 0, "late"))
    own = _codes(label)
    for code, *rest in zip(own, *map(codes, others), zip(own, *offsets, strict=True), strict=True):
        found = rest.pop()
        yield _Robustness(*_stability(code, found), *rest)


def _codes(found: Iterable[Dimensions]) -> list[str | None]:
    return [code_of(sync, intensity) for _, sync, intensity in found]


def _stability(code: str | None, codes: Sequence[str | None]) -> tuple[float | None, str | None]:
    """Return the share of the offsets' `codes` that agree with `code`, and the runner-up."""
    if code is None:
        return None, None
    counts = Counter(codes)
    others = sorted((-count, other) for other, count in counts.items() if other and other != code)
    return counts[code] / len(codes), others[0][1] if others else None


def _pattern(
    facts: Mapping[str, Any], label: Dimensions, upstream: bool, robustness: _Robustness
) -> FamilyPattern:
    lag, sync, intensity = label
    code = code_of(sync, intensity)
    silent = NO_VARIANT_COMMITS if upstream else NO_UPSTREAM_COMMITS
    return FamilyPattern(
        family=facts["family"],
        repositories=tuple(facts["repositories"]),
        variants=tuple(facts["variants"]),
        until=facts["until"],
        lag=lag,
        sync=sync,
        intensity=intensity,
        code=code,
        pattern=None if code is None else PATTERNS[code],
        reason=silent if code is None else None,
        **robustness._asdict(),
        published=Labels(facts["lag"], facts["sync"], facts["intensity"], facts["code"]),
    )


def tag(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    *,
    then: GraphStore | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> list[FamilyPattern]:
    """Compute the patterns of these families, by default all, and store them as assessments.

    The assessment of a family at the same `until` is replaced, others are kept; a family whose
    time is unknown (`until` None and never observed) is returned, but nothing is stored for it.
    Tagging again changes nothing but `assessed_at`. `then` is the graph as it was at `until`.

    Raises:
        CatalogueError: the graph has no such family.
        GraphLocked: another process is writing to the graph.
    """
    thresholds = thresholds or Thresholds()
    found = patterns(then or store, families, until, thresholds, progress=progress)
    dated = [pattern for pattern in found if pattern.until is not None]
    if dated:
        from hubtrace.graph import tables  # imports Arrow, for which no question may wait

        stored = {"assessed_at": int(clock()), "thresholds": thresholds.to_json()}
        names = [each.name for each in MODEL.node("Assessment").properties]
        rows = [
            {name: getattr(pattern, name, None) for name in names}
            | {"key": assessment_key(pattern), **stored}
            for pattern in dated
        ]
        ends = [(pattern.family, assessment_key(pattern)) for pattern in dated]
        with store.write() as writer:
            writer.put_nodes("Assessment", tables.nodes("Assessment", rows))
            writer.put_relationships("HAS_ASSESSMENT", "Family", "Assessment", tables.pairs(ends))
    return found


def assessment_key(pattern: FamilyPattern) -> str:
    """Return the key of a pattern's assessment: family, a space, `until`."""
    return key_of_parts(pattern.family, pattern.until)
