"""What the commits of both sides were about, and who wrote them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from hubtrace.queries.statistics.intervals import bootstrap, mean, median
from hubtrace.queries.statistics.labels import share
from hubtrace.queries.statistics.lags import median_of
from hubtrace.queries.statistics.published import (
    PEOPLE_FAMILIES,
    SHARED_FAMILIES,
    SIMILARITY_MEAN,
    SIMILARITY_MEDIAN,
)
from hubtrace.queries.statistics.records import ChangeTypes, Contributors, Share
from hubtrace.queries.statistics.rows import Facts, Row
from hubtrace.queries.statistics.significance import chi_squared

SIDES = ("upstream", "downstream")

_NO_TYPES = "no commit has a change type; ingest with git, which knows paths, to get them"
_NO_PEOPLE = "no family has known contributors on both sides"


def change_types(rows: Sequence[Row]) -> ChangeTypes:
    """Return the shares of the change types per side and how alike the sides are.

    `rows` are those of the stored query `change_type_counts`.
    """
    names = sorted({row["change_type"] for row in rows})
    alike = _similarities(rows)
    clusters = {name: [value] for name, value in alike.items()}
    around_mean, around_median = bootstrap(clusters, [mean, median])
    primary = [[_count(rows, side, name, "primary_commits") for name in names] for side in SIDES]
    return ChangeTypes(
        _shares(rows, "upstream", names),
        _shares(rows, "downstream", names),
        chi_squared(primary),
        len(alike),
        sum(alike.values()) / len(alike) if alike else None,
        median_of(alike.values()),
        around_mean,
        around_median,
        SIMILARITY_MEAN,
        SIMILARITY_MEDIAN,
        None if rows else _NO_TYPES,
    )


def _shares(rows: Sequence[Row], side: str, names: Sequence[str]) -> tuple[Share, ...]:
    classified = {row["family"]: row["classified"] for row in rows if row["side"] == side}
    total = sum(classified.values())
    return tuple(share(name, name, _count(rows, side, name, "commits"), total) for name in names)


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


def contributors(facts: Facts) -> Contributors:
    """Return how many people there are on both sides, and how many families share some."""
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
    published = 100 * SHARED_FAMILIES / PEOPLE_FAMILIES
    return Contributors(
        len(known),
        median_of(sides["upstream"] for sides in known.values()),
        median_of(sides["downstream"] for sides in known.values()),
        share(
            "shared", "Families with a contributor on both sides", sharing, len(shared), published
        ),
        sum(shared.values()) / len(shared) if shared else None,
        interval,
        None if known else _NO_PEOPLE,
    )
