"""Computed patterns beside the published ones (DESIGN.md section 2, *Published figures*)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hubtrace.queries.patterns import PATTERNS, FamilyPattern, Labels

STUDY = "arXiv 2508.10157, 325 families"
PACKAGE = "SAILResearch/replication-25-synchronization-Patterns"
"""The study's replication package: figures that it holds as tables were counted there."""

PUBLISHED_PATTERNS: Mapping[str, float] = MappingProxyType(
    {
        "PSS": 39.4,
        "PSR": 15.4,
        "CSR": 14.2,
        "ASS": 10.5,
        "ASR": 9.2,
        "CSS": 7.4,
        "CSF": 2.5,
        "PSF": 1.5,
    }
)
"""Per cent of the study's families by code, the most frequent first. Source: `STUDY`."""

PUBLISHED_LAGS: Mapping[str, float] = MappingProxyType(
    {"upstream_first": 56.0, "simultaneous": 23.1, "downstream_first": 20.9}
)
"""Per cent of the study's families by lag. Source: `STUDY`."""

PUBLISHED_SYNCS: Mapping[str, float] = MappingProxyType({"CS": 24.0, "PS": 56.3, "AS": 19.7})
"""Per cent of the study's families by sync type; `VS` (1.2) is in `AS`. Source: `PACKAGE`."""

PUBLISHED_INTENSITIES: Mapping[str, float] = MappingProxyType({"R": 39.1, "S": 56.9, "F": 4.0})
"""Per cent of the study's families by intensity. Source: `PACKAGE`."""

DIMENSIONS = ("lag", "sync", "intensity", "code")


@dataclass(frozen=True, slots=True)
class Share:
    """How many families have one label, beside the study."""

    dimension: str
    """`code` or `lag`."""
    label: str
    name: str
    """The pattern's name; for a lag, the label again."""
    families: int
    percent: float | None
    """Of the families that have a label; None if none has."""
    published_percent: float


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


def distribution(patterns: Sequence[FamilyPattern]) -> list[Share]:
    """Return the share of each pattern and each lag, in the study's order, beside the study's."""
    return [
        *_shares("code", [pattern.code for pattern in patterns], PUBLISHED_PATTERNS),
        *_shares("lag", [pattern.lag for pattern in patterns], PUBLISHED_LAGS),
    ]


def agreement(patterns: Sequence[FamilyPattern]) -> list[Agreement]:
    """Return, per dimension, how the labels agree with the published ones of the same families.

    `VS` is a kind of `AS`: the two agree. A family without a published label is not compared; one
    with a published label and no computed one disagrees.
    """
    return [_agreement(dimension, patterns) for dimension in DIMENSIONS]


def _shares(
    dimension: str, labels: Sequence[str | None], published: Mapping[str, float]
) -> list[Share]:
    counts = Counter(label for label in labels if label is not None)
    total = counts.total()
    return [
        Share(
            dimension,
            label,
            PATTERNS.get(label, label),
            counts[label],
            100 * counts[label] / total if total else None,
            published_percent,
        )
        for label, published_percent in published.items()
    ]


def _agreement(dimension: str, patterns: Sequence[FamilyPattern]) -> Agreement:
    compared = [p for p in patterns if _label(p.published, dimension) is not None]
    differing = [
        p.family for p in compared if _label(p, dimension) != _label(p.published, dimension)
    ]
    return Agreement(
        dimension, len(compared) - len(differing), len(compared), tuple(sorted(differing))
    )


def _label(labels: FamilyPattern | Labels, dimension: str) -> str | None:
    label: str | None = getattr(labels, dimension)
    return "AS" if label == "VS" else label
