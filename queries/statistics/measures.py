"""The measures: labels, moves and ages; lags of switches; change types; contributors.

The definitions are in docs/design.md, section 2, the figures of the study in `queries.study`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from statistics import median as middle

from hubtrace.graph.format import DAY
from hubtrace.graph.store import GraphStore
from hubtrace.queries import study
from hubtrace.queries.catalogue import Progress, Row, ask_all, family_names
from hubtrace.queries.patterns import PATTERNS, FamilyPattern, patterns
from hubtrace.queries.statistics import records
from hubtrace.queries.statistics.inference import (
    DRAWS,
    LEVEL,
    SEED,
    bootstrap,
    chi_squared,
    kruskal_wallis,
    mean,
    median,
    p90,
    wilson,
)
from hubtrace.queries.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Facts:
    """What statistics and reports are made from: patterns, and rows of queries of the same name."""

    patterns: Sequence[FamilyPattern]
    projects: Sequence[Row]
    switches: Sequence[Row]
    change_type_counts: Sequence[Row]
    contributors: Sequence[Row]
    contributors_shared: Sequence[Row]

    @property
    def codes(self) -> dict[str, str]:
        """The code of every family that has one."""
        return {p.family: p.code for p in self.patterns if p.code is not None}

    def ages(self) -> dict[str, float]:
        """Return the mean age of each family's variants that have commits, in days."""
        lives: dict[str, list[float]] = {}
        for row in self.projects:
            if row["side"] == "downstream" and row["commits"]:
                days = (row["last_at"] - row["first_at"]) / DAY
                lives.setdefault(row["family"], []).append(days)
        return {family: sum(days) / len(days) for family, days in lives.items()}


def gather(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    *,
    progress: Progress | None = None,
) -> Facts:
    """Query the facts about these families, by default all.

    Raises:
        CatalogueError: the graph has no such family.
    """
    names = family_names(store, families)
    found = patterns(store, names, until, thresholds, progress=progress)
    queries = [field.name for field in fields(Facts)[1:]]
    rows = {query: ask_all(store, query, names, progress, until=until) for query in queries}
    return Facts(found, **rows)


SIDES = ("upstream", "downstream")

NAMES: Mapping[str, str] = {
    **PATTERNS,
    "upstream_first": "Upstream first",
    "simultaneous": "Simultaneous",
    "downstream_first": "Downstream first",
    "CS": "Complete",
    "PS": "Partial",
    "AS": "Asynchronous",
    "R": "Rare",
    "S": "Sporadic",
    "F": "Frequent",
}
"""Names of the study's labels."""

PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "code": study.PUBLISHED_PATTERNS,
    "lag": study.PUBLISHED_LAGS,
    "sync": study.PUBLISHED_SYNCS,
    "intensity": study.PUBLISHED_INTENSITIES,
}
"""The study's shares in per cent, by dimension and label."""


def statistics(facts: Facts) -> records.Statistics:
    """Count, average and test what is known about some families."""
    return records.Statistics(
        families=len(facts.patterns),
        with_pattern=len(facts.codes),
        level=LEVEL,
        seed=SEED,
        draws=DRAWS,
        labels=tuple(label_shares(facts.patterns, dimension) for dimension in PUBLISHED),
        switches=switches(facts),
        change_types=change_types(facts.change_type_counts),
        contributors=contributors(facts),
        moves=moves(facts.patterns),
        ages=ages(facts.patterns, facts.ages()),
    )


def label_shares(patterns: Sequence[FamilyPattern], dimension: str) -> records.LabelShares:
    """Return how the families that have labels of a dimension spread over them; `VS` is `AS`."""
    found = [getattr(pattern, dimension) for pattern in patterns]
    counts = Counter("AS" if label == "VS" else label for label in found if label is not None)
    shares = (
        _share(label, NAMES[label], counts[label], counts.total(), percent)
        for label, percent in PUBLISHED[dimension].items()
    )
    return records.LabelShares(dimension, tuple(shares))


def _share(
    label: str, name: str, count: int, of: int, published_percent: float | None = None
) -> records.Share:
    """Return a share with Wilson's interval, both in per cent."""
    percent = 100 * count / of if of else None
    bounds = wilson(count, of)
    interval = None if bounds is None else records.Interval(100 * bounds.low, 100 * bounds.high)
    return records.Share(label, name, count, of, percent, interval, published_percent)


def moves(patterns: Sequence[FamilyPattern]) -> records.Moves:
    """Return how many families went from which early pattern to which late one."""
    found = Counter(
        (pattern.early_code, pattern.late_code)
        for pattern in patterns
        if pattern.early_code is not None and pattern.late_code is not None
    )
    total, stayed = found.total(), sum(n for (early, late), n in found.items() if early == late)
    published = sum(n for (early, late), n in study.MOVES.items() if early == late)
    percent, without = 100 * published / sum(study.MOVES.values()), len(patterns) - total
    return records.Moves(
        total,
        _share("unchanged", "Same pattern", stayed, total, percent),
        tuple(
            records.Move(*pair, found[pair], study.MOVES.get(pair, 0))
            for pair in product(PATTERNS, PATTERNS)
            if found[pair] or pair in study.MOVES
        ),
        f"{without} of {len(patterns)} families have a silent side in one half"
        if without
        else None,
    )


def ages(patterns: Sequence[FamilyPattern], days: Mapping[str, float]) -> records.Ages:
    """Return the patterns of three groups of age, of nearly equal size.

    A family is recent up to the first third of all ages (linear quantile), intermediate up to the
    second, else mature, as in the study. Only families with a pattern count.
    """
    import numpy as np

    counted = [p for p in patterns if p.code is not None and p.family in days]
    first, second = (
        np.quantile([days[p.family] for p in counted], [1 / 3, 2 / 3]) if counted else (0, 0)
    )
    groups: dict[str, list[FamilyPattern]] = {name: [] for name in study.AGE_PATTERNS}
    for pattern in counted:
        age = days[pattern.family]
        late = "intermediate" if age <= second else "mature"
        groups["recent" if age <= first else late].append(pattern)
    found = tuple(_age_group(name, members, days) for name, members in groups.items())
    return records.Ages(
        len(counted),
        found,
        chi_squared([list(group.codes.values()) for group in found]),
        chi_squared([list(group.lags.values()) for group in found]),
    )


def _age_group(
    name: str, members: Sequence[FamilyPattern], days: Mapping[str, float]
) -> records.AgeGroup:
    codes = Counter(pattern.code for pattern in members)
    lags = Counter(pattern.lag for pattern in members)
    spans = [days[pattern.family] for pattern in members]
    return records.AgeGroup(
        name,
        len(members),
        min(spans, default=None),
        max(spans, default=None),
        {code: codes[code] for code in study.PUBLISHED_PATTERNS},
        {lag: lags[lag] for lag in study.PUBLISHED_LAGS},
        study.AGE_PATTERNS[name],
    )


Group = dict[str, list[int]]
"""Lags in whole days, by family."""


def switches(facts: Facts) -> records.Switches:
    """Return the lags of all switches, and whether they differ by pattern or direction."""
    codes = facts.codes
    all_: Group = defaultdict(list)
    directions: dict[str, Group] = {side: defaultdict(list) for side in study.LAGS_BY_DIRECTION}
    patterns: dict[str, Group] = {code: defaultdict(list) for code in study.LAGS_BY_PATTERN}
    for row in facts.switches:
        family, days = row["family"], row["lag_days"]
        all_[family].append(days)
        directions[row["from_side"]][family].append(days)
        if family in codes:
            patterns[codes[family]][family].append(days)
    return records.Switches(
        (
            _lags("all", all_, None),
            *(
                _lags(side, group, study.LAGS_BY_DIRECTION[side])
                for side, group in directions.items()
            ),
            *(_lags(code, group, study.LAGS_BY_PATTERN[code]) for code, group in patterns.items()),
        ),
        kruskal_wallis(_flat(patterns)),
        kruskal_wallis(_flat(directions)),
        study.KRUSKAL_WALLIS_H,
    )


def median_of(values: Iterable[float]) -> float | None:
    """Return the mean of the two middle values; None without values."""
    found = list(values)
    return float(middle(found)) if found else None


def _lags(name: str, group: Group, published: study.PublishedLags | None) -> records.Lags:
    days = sorted(day for found in group.values() for day in found)
    around_mean, around_median, around_p90 = bootstrap(group, [mean, median, p90])
    return records.Lags(
        name,
        len(group),
        len(days),
        sum(days) / len(days) if days else None,
        median_of(days),
        days[(len(days) * 9 + 9) // 10 - 1] if days else None,
        around_mean,
        around_median,
        around_p90,
        published,
    )


def _flat(groups: Mapping[str, Group]) -> dict[str, list[float]]:
    return {
        name: [float(day) for found in group.values() for day in found]
        for name, group in groups.items()
    }


_NO_TYPES = "no commit has a change type; ingest with git, which knows paths, to get them"
_SHARED = "Families with a contributor on both sides"
_NO_PEOPLE = "no family has known contributors on both sides"


def change_types(rows: Sequence[Row]) -> records.ChangeTypes:
    """Return the shares of the change types per side and how alike the sides are.

    `rows` are those of the stored query `change_type_counts`.
    """
    names = sorted({row["change_type"] for row in rows})
    alike = _similarities(rows)
    clusters = {family: [value] for family, value in alike.items()}
    around_mean, around_median = bootstrap(clusters, [mean, median])
    primary = [[_count(rows, side, name, "primary_commits") for name in names] for side in SIDES]
    return records.ChangeTypes(
        _type_shares(rows, "upstream", names),
        _type_shares(rows, "downstream", names),
        chi_squared(primary),
        len(alike),
        sum(alike.values()) / len(alike) if alike else None,
        median_of(alike.values()),
        around_mean,
        around_median,
        study.SIMILARITY_MEAN,
        study.SIMILARITY_MEDIAN,
        None if rows else _NO_TYPES,
    )


def _type_shares(rows: Sequence[Row], side: str, names: Sequence[str]) -> tuple[records.Share, ...]:
    classified = {row["family"]: row["classified"] for row in rows if row["side"] == side}
    total = sum(classified.values())
    return tuple(_share(name, name, _count(rows, side, name, "commits"), total) for name in names)


def _count(rows: Sequence[Row], side: str, name: str, column: str) -> int:
    return sum(row[column] for row in rows if row["side"] == side and row["change_type"] == name)


def _similarities(rows: Sequence[Row]) -> dict[str, float]:
    """Return the Jaccard similarity of both sides' types, of families that have both."""
    types: Mapping[str, dict[str, set[str]]] = defaultdict(lambda: {side: set() for side in SIDES})
    for row in rows:
        types[row["family"]][row["side"]].add(row["change_type"])
    return {
        family: len(found["upstream"] & found["downstream"])
        / len(found["upstream"] | found["downstream"])
        for family, found in types.items()
        if found["upstream"] and found["downstream"]
    }


def contributors(facts: Facts) -> records.Contributors:
    """Return how many contributors each side has, and how many families share some."""
    people: dict[str, dict[str, int]] = defaultdict(dict)
    for row in facts.contributors:
        people[row["family"]][row["side"]] = row["contributors"]
    known = {family: sides for family, sides in people.items() if len(sides) == len(SIDES)}
    both: dict[str, set[str]] = {family: set() for family in known}
    for row in facts.contributors_shared:
        both.setdefault(row["family"], set()).add(row["downstream_contributor"])
    shared = {family: float(len(names)) for family, names in both.items()}
    (interval,) = bootstrap({family: [value] for family, value in shared.items()}, [mean])
    sharing = sum(value > 0 for value in shared.values())
    published = 100 * study.SHARED_FAMILIES / study.PEOPLE_FAMILIES
    return records.Contributors(
        len(known),
        median_of(sides["upstream"] for sides in known.values()),
        median_of(sides["downstream"] for sides in known.values()),
        _share("shared", _SHARED, sharing, len(shared), published),
        sum(shared.values()) / len(shared) if shared else None,
        interval,
        None if known else _NO_PEOPLE,
    )
