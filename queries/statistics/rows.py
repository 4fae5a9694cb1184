"""What the statistics and the report are computed from: rows of stored queries, asked once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import FAMILIES_PER_STATEMENT, ask_in_batches, family_names
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.thresholds import DAY, Thresholds

Row = Mapping[str, Any]
Progress = Callable[[str, int, int | None], None]
"""Called with what is asked, how many families are done, and how many there are."""


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
    """Ask the graph for the facts about these families, by default all.

    Raises:
        CatalogueError: the graph has no such family.
    """
    names = family_names(store, families)
    show = progress or (lambda what, done, total: None)
    found = patterns(
        store, names, until, thresholds, progress=lambda done, total: show("patterns", done, total)
    )

    def rows(query: str) -> list[dict[str, Any]]:
        return ask_all(store, query, names, show, until=until)

    return Facts(
        found,
        rows("projects"),
        rows("switches"),
        rows("change_type_counts"),
        rows("contributors"),
        rows("contributors_shared"),
    )


def ask_all(
    store: GraphStore, query: str, families: Sequence[str], show: Progress, **parameters: Any
) -> list[dict[str, Any]]:
    """Return the rows of a stored query about many families, telling how far it got."""
    rows: list[dict[str, Any]] = []
    asked = ask_in_batches(store, query, families=list(families), **parameters) if families else ()
    for batch, result in enumerate(asked, start=1):
        rows += result
        done = min(batch * FAMILIES_PER_STATEMENT, len(families))
        show(query.replace("_", " "), done, len(families))
    return rows
