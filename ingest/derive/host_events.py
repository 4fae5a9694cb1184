"""What happened to a project on its host between two answers of that host."""

from collections.abc import Iterator

from ingest.facts import Details, Facts
from ingest.records import Event

_SWITCHES = {
    "archived": ("archived", "unarchived"),
    "private": ("made_private", "made_public"),
    "disabled": ("disabled", "enabled"),
}
"""Field → the events for it being set and unset."""
_Step = tuple[str, str | None, str | None]
"""Kind, before, after."""


def host_events(before: Details, after: Details, moment: int) -> tuple[Event, ...]:
    """Return the events that lead from one answer to the next.

    `gone` and `returned`, `replaced` (another project under the same name), `renamed` and
    `transferred` (the same one under another name, or another owner), `archived`, `made_private`,
    `gated`, `disabled` and their opposites, and `licence_changed`.
    """
    return tuple(Event(kind, moment, "", old, new) for kind, old, new in _steps(before, after))


def _steps(before: Details, after: Details) -> Iterator[_Step]:
    if after.gone:
        # The facts are what was known before; nothing new can be told of it.
        if not before.gone:
            yield "gone", None, after.gone
        return
    if before.gone:
        yield "returned", before.gone, None
    yield from _changes(before.facts, after.facts)


def _changes(before: Facts, after: Facts) -> Iterator[_Step]:
    if not before.host_id:
        return  # it was gone when it was first asked for
    if before.host_id != after.host_id:
        yield "replaced", before.host_id, after.host_id
    if before.name != after.name:
        same_owner = before.name.partition("/")[0] == after.name.partition("/")[0]
        yield "renamed" if same_owner else "transferred", before.name, after.name
    for name, (on, off) in _SWITCHES.items():
        if getattr(before, name) != getattr(after, name):
            yield on if getattr(after, name) else off, None, None
    if before.gated != after.gated:
        yield "gated" if after.gated else "ungated", before.gated, after.gated
    if before.licence != after.licence:
        yield "licence_changed", before.licence, after.licence
