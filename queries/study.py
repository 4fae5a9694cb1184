"""The study's published figures, and how computed labels agree with its published ones.

Definitions: docs/design.md, section 2, *Published figures*. Unless another source is named, figures
were counted in the tables of the replication package (`PACKAGE`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hubtrace.queries.patterns import FamilyPattern, Labels

STUDY = "arXiv 2508.10157, 325 families"
PACKAGE = "SAILResearch/replication-25-synchronization-Patterns"
"""The study's replication package: figures that it holds as tables were counted there."""

PUBLISHED_PATTERNS: Mapping[str, float] = {
    **{"PSS": 39.4, "PSR": 15.4, "CSR": 14.2, "ASS": 10.5},
    **{"ASR": 9.2, "CSS": 7.4, "CSF": 2.5, "PSF": 1.5},
}
"""Per cent of the study's families by code, the most frequent first. Source: `STUDY`."""

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
    for dimension in ("lag", "sync", "intensity", "code"):
        compared = [p for p in patterns if _label(p.published, dimension) is not None]
        differing = [
            p.family for p in compared if _label(p, dimension) != _label(p.published, dimension)
        ]
        agreeing = len(compared) - len(differing)
        found.append(Agreement(dimension, agreeing, len(compared), tuple(sorted(differing))))
    return found


def _label(labels: FamilyPattern | Labels, dimension: str) -> str | None:
    label: str | None = getattr(labels, dimension)
    return "AS" if label == "VS" else label
