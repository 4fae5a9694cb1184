"""The models that a variant was made from, up the chain, and where they come from."""

from collections.abc import Mapping, Sequence

from graph.store import GraphStore
from queries.audit.around import Base
from queries.audit.asking import Row
from queries.catalogue import ask

DEEPEST = 10
"""Steps up the chain. Cards can name each other in circles; a model is told once."""


def bases_of(store: GraphStore, variant: str) -> tuple[Base, ...]:
    """Return the base models of a variant, the nearest first, each with its own upstream."""
    found: list[Base] = []
    seen = {variant}
    level = [variant]
    for depth in range(1, DEEPEST + 1):
        rows = [row for row in ask(store, "variant_bases", variants=level) if _new(row, seen)]
        level = [row["base"] for row in rows]
        if not level:
            break
        best = _best_links(ask(store, "variant_links", variants=level).data())
        found += [_base(row, depth, best.get(row["base"])) for row in rows]
    return tuple(found)


def _new(row: Row, seen: set[str]) -> bool:
    if row["base"] in seen:
        return False
    seen.add(row["base"])
    return True


def _best_links(rows: Sequence[Row]) -> Mapping[str, Row]:
    def rank(row: Row) -> tuple[bool, float]:
        return bool(row["families"]) or row["role"] == "upstream", row["confidence"] or 0.0

    return {row["variant"]: row for row in sorted(rows, key=rank)}


def _base(row: Row, depth: int, link: Row | None) -> Base:
    return Base(
        variant=row["base"],
        name=row["name"],
        url=row["url"],
        of=row["variant"],
        relation=row["relation"],
        depth=depth,
        licence=row["licence"],
        observed_at=row["observed_at"],
        upstream=None if link is None else link["name"] or link["repository"],
        upstream_url=None if link is None else link["url"],
        confidence=None if link is None else link["confidence"],
    )
