"""What a project was at a moment: later events undone in what was last observed of it."""

from collections.abc import Sequence
from typing import Any

from queries.audit.asking import Row

_FLAGS = {
    "archived": ("archived", False),
    "unarchived": ("archived", True),
    "made_private": ("private", False),
    "made_public": ("private", True),
    "disabled": ("disabled", False),
    "enabled": ("disabled", True),
}
"""Kind of event → the property that it set, and what that was before."""
_VALUES = {
    "licence_changed": "licence",
    "gated": "gated",
    "ungated": "gated",
    "replaced": "host_id",
    "renamed": "name",
    "transferred": "name",
}
"""Kind of event → the property that had the value `before` it."""


def as_of(row: Row, events: Sequence[Row], until: int) -> dict[str, Any]:
    """Return the facts of a project as they were at `until`, by what was noticed since.

    What no event tells of (downloads, library, task) stays as last observed.
    """
    then = dict(row)
    moves = [event for event in events if event["kind"] in ("renamed", "transferred")]
    for event in sorted(events, key=lambda event: event["observed_at"], reverse=True):
        if event["observed_at"] <= until:
            break
        if event["kind"] in _FLAGS:
            name, value = _FLAGS[event["kind"]]
            then[name] = value
        elif event["kind"] in _VALUES:
            then[_VALUES[event["kind"]]] = event["before"]
    if moves and all(event["observed_at"] > until for event in moves):
        then["moved_to"] = None
    if then.get("gone_at") is not None and then["gone_at"] > until:
        then["gone_at"] = None
    return then
