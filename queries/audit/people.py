"""Who wrote the commits on both sides of a variant, and who did on both."""

from collections.abc import Sequence

from graph.store import GraphStore
from queries.audit.around import People, Person, SharedPerson
from queries.audit.asking import Row
from queries.catalogue import ask

LISTED = 20
"""Contributors of the upstream that an audit lists; it counts all of them."""


def people_of(store: GraphStore, variant: str, repository: str | None, until: int) -> People:
    """Return the contributors to a variant and to its upstream."""
    projects = [variant] if repository is None else [variant, repository]
    rows = ask(store, "project_contributors", projects=projects, until=until).data()
    ours = [row for row in rows if row["project"] == variant]
    theirs = [row for row in rows if row["project"] == repository]
    return People(
        tuple(map(_person, ours)),
        tuple(map(_person, theirs[:LISTED])),
        len(theirs),
        tuple(_shared(store, ours, theirs)),
    )


def _shared(store: GraphStore, ours: Sequence[Row], theirs: Sequence[Row]) -> list[SharedPerson]:
    builders = {row["contributor"] for row in theirs}
    keys = [row["contributor"] for row in ours]
    found = [SharedPerson(key, key, "same_key") for key in keys if key in builders]
    others = ask(store, "same_persons", contributors=keys)
    found += [
        SharedPerson(row["contributor"], row["other"], row["method"] or "same_person")
        for row in others
        if row["other"] in builders
    ]
    return found


def _person(row: Row) -> Person:
    return Person(
        contributor=row["contributor"],
        login=row["login"],
        name=row["author"],
        commits=row["commits"],
        first_at=row["first_at"],
        last_at=row["last_at"],
    )
