"""What the statistics and the report are computed from: rows of stored queries, fetched once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from hubtrace.graph.format import DAY
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import Progress, Row, ask_all, family_names
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Facts:
    """Patterns and the rows of stored queries of the same name, for the same families."""

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
