"""What stands around a variant: the models that it was made from, and the people on both sides."""

from collections.abc import Sequence

from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit import records
from hubtrace.queries.catalogue import Row, ask, rows_as

DEEPEST = 10
"""Steps up the chain. Cards can name each other in circles; a model is told once."""


def bases_of(store: GraphStore, variant: str) -> tuple[records.Base, ...]:
    """Return the base models of a variant, the nearest first, each with its own upstream."""
    found: list[records.Base] = []
    seen = {variant}
    level = [variant]
    for depth in range(1, DEEPEST + 1):
        rows: dict[str, Row] = {}
        for row in ask(store, "variant_bases", variants=level):
            if row["base"] not in seen:
                rows.setdefault(row["base"], row)
        if not rows:
            break
        level = list(rows)
        seen.update(level)
        links = sorted(ask(store, "variant_links", variants=level), key=_likelihood)
        best = {row["variant"]: row for row in links}
        found += [_base(row, depth, best.get(key, {})) for key, row in rows.items()]
    return tuple(found)


def _likelihood(link: Row) -> tuple[bool, float]:
    return bool(link["families"]) or link["role"] == "upstream", link["confidence"] or 0.0


def _base(row: Row, depth: int, link: Row) -> records.Base:
    return records.Base(
        variant=row["base"],
        of=row["variant"],
        depth=depth,
        **{name: row[name] for name in ("name", "url", "relation", "licence", "observed_at")},
        upstream=link.get("name") or link.get("repository"),
        upstream_url=link.get("url"),
        confidence=link.get("confidence"),
    )


LISTED_PEOPLE = 20
"""Contributors of the upstream that an audit lists; it counts all of them."""


def people_of(store: GraphStore, variant: str, upstream: list[str], until: int) -> records.People:
    """Return the contributors to a variant and to its upstream, a list of one key or none."""
    rows = ask(store, "project_contributors", projects=[variant, *upstream], until=until).data()
    ours = [row for row in rows if row["project"] == variant]
    theirs = [row for row in rows if row["project"] in upstream]
    listed = [
        rows_as([{**row, "name": row["author"]} for row in side], records.Person)
        for side in (ours, theirs[:LISTED_PEOPLE])
    ]
    shared = tuple(_shared(store, ours, theirs))
    return records.People(tuple(listed[0]), tuple(listed[1]), len(theirs), shared)


def _shared(
    store: GraphStore, ours: Sequence[Row], theirs: Sequence[Row]
) -> list[records.SharedPerson]:
    builders = {row["contributor"] for row in theirs}
    keys = [row["contributor"] for row in ours]
    found = [records.SharedPerson(key, key, "same_key") for key in keys if key in builders]
    others = ask(store, "same_persons", contributors=keys)
    found += [
        records.SharedPerson(row["contributor"], row["other"], row["method"] or "same_person")
        for row in others
        if row["other"] in builders
    ]
    return found
