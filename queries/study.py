"""The study's published figures, and how computed labels agree with its published ones.

Definitions: docs/design.md, section 2, *Published figures*. Unless another source is named, figures
were counted in the tables of the replication package (`PACKAGE`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hubtrace.graph.format import words
from hubtrace.queries.patterns import FamilyPattern, Labels

STUDY = "arXiv 2508.10157v2, 325 families"
"""Version 2 of January 2026: the data set, and so the shares, are those of version 1."""
STUDY_END = 1_728_259_199
"""2024-10-06T23:59:59Z: the study counts commits until then."""
PACKAGE = "SAILResearch/replication-25-synchronization-Patterns"
"""The study's replication package: figures that it holds as tables were counted there."""

PUBLISHED_PATTERNS: Mapping[str, float] = {
    **{"PSS": 39.4, "PSR": 15.4, "CSR": 14.2, "ASS": 10.5},
    **{"ASR": 9.2, "CSS": 7.4, "CSF": 2.5, "PSF": 1.5},
}
"""Per cent of the study's families by pattern, the most frequent first. Source: `STUDY`.

The names of patterns in `PACKAGE` give the same shares. By its codes they are 39.1 and 15.7 for the
first two: one family has the code PSR and the name of PSS."""

PUBLISHED_LAGS: Mapping[str, float] = {
    "upstream_first": 56.0,
    "simultaneous": 23.1,
    "downstream_first": 20.9,
}
"""Per cent of the study's families by lag. Source: `STUDY`."""

PUBLISHED_SYNCS: Mapping[str, float] = {"CS": 24.0, "PS": 56.3, "AS": 19.7}
"""Per cent of the study's families by sync type; `VS` (1.2) is in `AS`. Source: `PACKAGE`."""

PUBLISHED_INTENSITIES: Mapping[str, float] = {"R": 39.1, "S": 56.9, "F": 4.0}
"""Per cent of the study's families by intensity. Source: `PACKAGE`."""


@dataclass(frozen=True, slots=True)
class PublishedLags:
    """How long the study's switches took, in whole days."""

    switches: int
    mean: float
    median: float
    p90: int
    """By nearest rank."""


LAGS_BY_DIRECTION: Mapping[str, PublishedLags] = {
    "upstream": PublishedLags(1949, 17.64, 1, 39),
    "downstream": PublishedLags(1914, 12.03, 0, 27),
}
"""By the side of the earlier commit. Source: dataset/GH_HF_commit_time_differences.csv."""

LAGS_BY_PATTERN: Mapping[str, PublishedLags] = {
    "PSS": PublishedLags(1691, 19.02, 2, 48),
    "PSR": PublishedLags(250, 26.98, 2, 73),
    "CSR": PublishedLags(335, 4.41, 0, 5),
    "ASS": PublishedLags(74, 127.39, 58, 332),
    "ASR": PublishedLags(51, 109.39, 68, 252),
    "CSS": PublishedLags(693, 1.17, 0, 3),
    "CSF": PublishedLags(579, 0.87, 0, 3),
    "PSF": PublishedLags(190, 3.68, 0, 6),
}
"""Source: the same table, joined with dataset/all_auto_and_manual_patterns.csv."""

KRUSKAL_WALLIS_H = 880.25
"""Of the lags by pattern, in days. Source: the same two tables; Dunn's p-values computed from them
with Bonferroni's correction equal dataset/dunn_test_results.csv."""

SIMILARITY_MEAN, SIMILARITY_MEDIAN, SIMILARITY_FAMILIES = 0.414, 0.400, 325
"""Jaccard similarity of the two sides' change types.
Source: dataset/family_similarity_scores.csv."""

SHARED_FAMILIES, PEOPLE_FAMILIES = 204, 306
"""Families with a contributor on both sides. Source: dataset/family_author_comparison.csv."""

MOVES: Mapping[tuple[str, str], int] = {
    (early, late): count
    for early, row in {
        "PSS": {"PSS": 17, "PSR": 6, "CSR": 1, "ASS": 1, "CSS": 1},
        "PSR": {"PSS": 14, "PSR": 6, "CSR": 7, "ASS": 2, "ASR": 8, "CSS": 1},
        "CSR": {"PSS": 23, "PSR": 25, "CSR": 21, "ASS": 1, "ASR": 14},
        "ASS": {"PSS": 7, "PSR": 2, "CSR": 1, "ASS": 14, "ASR": 3, "CSS": 1},
        "ASR": {
            **{"PSS": 23, "PSR": 19, "CSR": 32, "ASS": 19, "ASR": 43},
            **{"CSS": 5, "CSF": 1, "PSF": 1},
        },
        "CSS": {"PSS": 3},
        "CSF": {"PSS": 1, "CSS": 1},
        "PSF": {"CSF": 1},
    }.items()
    for late, count in row.items()
}
"""Families by their patterns in the early and late half.
Source: dataset/RQ2_early_late_pattern.csv."""

AGE_PATTERNS: Mapping[str, Mapping[str, int]] = {
    "recent": {
        **{"PSS": 17, "PSR": 25, "CSR": 39, "ASS": 3},
        **{"ASR": 17, "CSS": 9, "CSF": 0, "PSF": 0},
    },
    "intermediate": {
        **{"PSS": 45, "PSR": 19, "CSR": 6, "ASS": 11},
        **{"ASR": 8, "CSS": 10, "CSF": 6, "PSF": 5},
    },
    "mature": {
        **{"PSS": 66, "PSR": 6, "CSR": 1, "ASS": 20},
        **{"ASR": 5, "CSS": 5, "CSF": 2, "PSF": 0},
    },
}
"""Families by age group (thirds of the mean age of their variants: up to 116, 440 and 1,867 days)
and pattern. Source: dataset/grouped_data_RQ2.csv."""


_DIMENSIONS = ("lag", "sync", "intensity", "code")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many computed labels of one dimension equal the published ones."""

    dimension: str
    """`lag`, `sync`, `intensity` or `code`."""
    agreeing: int
    compared: int
    """Families with a published label in this dimension."""
    differing: tuple[str, ...]
    """The other families, by name."""


def agreement(patterns: Sequence[FamilyPattern]) -> list[Agreement]:
    """Return, per dimension, how the labels agree with the published ones of the same families.

    `VS` is a kind of `AS`: the two agree. A family without a published label is not compared; one
    with a published label and no computed one disagrees.
    """
    found = []
    for dimension in _DIMENSIONS:
        compared = [p for p in patterns if _label(p.published, dimension) is not None]
        differing = [
            p.family for p in compared if _label(p, dimension) != _label(p.published, dimension)
        ]
        agreeing = len(compared) - len(differing)
        found.append(Agreement(dimension, agreeing, len(compared), tuple(sorted(differing))))
    return found


@dataclass(frozen=True, slots=True)
class PublishedFamily:
    """A family of the study, as its replication package has it; names in lower case."""

    name: str
    repositories: frozenset[str]
    variants: frozenset[str]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Comparison:
    """The labels of one family, theirs and ours."""

    family: str
    published: Labels
    ours: Labels | None
    """None if it could not be compared."""
    differing: tuple[str, ...] | None
    """The dimensions in which they differ; None if it could not be compared."""
    reason: str | None
    """Why it could not be compared."""


def compare(
    published: Sequence[PublishedFamily], patterns: Sequence[FamilyPattern]
) -> list[Comparison]:
    """Return the study's families beside ours: those of the same name, or else members.

    A label is about its members: families with others are not compared.
    """
    named = {pattern.family: pattern for pattern in patterns}
    members = {(_lower(p.repositories), _lower(p.variants)): p for p in patterns}
    known = {name for pattern in patterns for name in _lower(pattern.variants)}
    found = []
    for theirs in published:
        ours = named.get(theirs.name) or members.get((theirs.repositories, theirs.variants))
        reason = _not_compared(theirs, ours, known)
        if ours is None or reason is not None:
            found.append(Comparison(theirs.name, theirs.labels, None, None, reason))
            continue
        labels = Labels(ours.lag, ours.sync, ours.intensity, ours.code)
        differing = tuple(
            name for name in _DIMENSIONS if _label(labels, name) != _label(theirs.labels, name)
        )
        found.append(Comparison(theirs.name, theirs.labels, labels, differing, None))
    return found


def _not_compared(
    theirs: PublishedFamily, ours: FamilyPattern | None, known: Collection[str]
) -> str | None:
    if ours is None:
        there = len(theirs.variants & set(known))
        if not there:
            return "the graph has no model of it"
        return f"the graph has {there} of its {len(theirs.variants)} models, in other families"
    for what, own, other in (
        ("repositories", _lower(ours.repositories), theirs.repositories),
        ("models", _lower(ours.variants), theirs.variants),
    ):
        if own != other:
            return f"its {what} differ: {', '.join(sorted(own ^ other)[:5])}"
    return None if ours.code is not None else f"no pattern here: {words(ours.reason or 'unknown')}"


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _label(labels: FamilyPattern | Labels, dimension: str) -> str | None:
    label: str | None = getattr(labels, dimension)
    return label.replace("VS", "AS", 1) if label and label.startswith("VS") else label
