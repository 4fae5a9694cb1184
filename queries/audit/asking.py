"""All that the catalogue answers about some variants, asked at once and sorted by variant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.store import GraphStore
from queries.catalogue import ask
from queries.thresholds import Thresholds

Row = Mapping[str, Any]
Rows = Mapping[str, list[Row]]

_BY_VARIANT = (
    "variant_facts",
    "variant_commits",
    "variant_refs",
    "variant_links",
    "variant_evidence",
    "variant_copies",
    "variant_references",
    "variant_files",
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The rows of every question, by its name and by what they are about."""

    rows: Mapping[str, Rows]

    def of(self, question: str, key: str) -> list[Row]:
        """Return the rows about a variant, project or family; none if there are none."""
        return self.rows[question].get(key, [])

    def one(self, question: str, key: str) -> Row | None:
        """Return the row about a variant or family, or None."""
        return next(iter(self.of(question, key)), None)


def ask_about(
    store: GraphStore, variants: Sequence[str], until: int | None, thresholds: Thresholds
) -> Answers:
    """Ask everything that is known of these variants, by their keys."""
    keys = list(variants)
    rows = {name: _sorted(ask(store, name, variants=keys), "variant") for name in _BY_VARIANT}
    facts = [row for found in rows["variant_facts"].values() for row in found]
    families = sorted({name for row in facts for name in row["families"]})
    projects = keys + sorted({row["repository"] for row in _all(rows["variant_links"])})
    rows["project_events"] = _sorted(ask(store, "project_events", projects=projects), "project")
    rows |= _of_families(store, families, until, thresholds)
    orphans: Iterable[Row] = ()
    if any(not row["families"] for row in facts):
        orphans = ask(store, "orphan_variants", until=until)
    rows["orphan_variants"] = _sorted(orphans, "variant")
    return Answers(rows)


def _of_families(
    store: GraphStore, families: list[str], until: int | None, thresholds: Thresholds
) -> dict[str, Rows]:
    asked: dict[str, Any] = {"families": families, "until": until}
    found: dict[str, Rows] = {
        name: _sorted(ask(store, name, **asked), "family")
        for name in ("published", "switch_summary", "tails")
    }
    asked["abandon_after"] = thresholds.abandon_after
    found["side_status"] = _sorted(ask(store, "side_status", **asked), "family")
    found["variant_status"] = _sorted(ask(store, "variant_status", **asked), "variant")
    found["branch_status"] = _sorted(ask(store, "branch_status", **asked), "project")
    return found


def _all(rows: Rows) -> Iterable[Row]:
    return (row for found in rows.values() for row in found)


def _sorted(rows: Iterable[Row], by: str) -> Rows:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[by]].append(row)
    return found
