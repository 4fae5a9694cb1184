"""`hubtrace diff`: what changed between two graphs, snapshots or times."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.options import AbandonAfter, OutputFormat, open_graph_at, parse_moment
from hubtrace.output import Format, date, print_json, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from hubtrace.queries.changes import Changes, State

COLUMNS = ("kind", "family", "what", "before", "after", "when")
_CHANGED = 1


def diff(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="A graph, a server's address or a snapshot.")
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Another, or the same @DATE.")],
    family: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this family; repeatable.")
    ] = None,
    abandon_after: AbandonAfter = 180,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with exit code 1 if something changed.")
    ] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List what changed: patterns, abandoned sides and branches, dead links, events.

    PLACE@DATE asks for an earlier moment: history is cut there, refs are as last observed.

    Example:  hubtrace diff monday-snapshot hubtrace-snapshot

    Example:  hubtrace diff hubtrace.kgl@2024-01-01 hubtrace.kgl --exit-code
    """
    from hubtrace.queries.changes import SCHEMA, changes

    found = changes(_state(before, family, abandon_after), _state(after, family, abandon_after))
    if format_ is Format.JSON:
        print_json({"schema": SCHEMA, **asdict(found)})
    else:
        rows = [_text(asdict(change)) for change in found.changes]
        print_rows(rows, COLUMNS, format_, SCHEMA)
        say(counted(found))
    if exit_code and found.changes:
        raise typer.Exit(_CHANGED)


def counted(found: "Changes") -> str:
    """Return one line that says how much changed."""
    from hubtrace.queries.changes import KINDS

    parts = [f"{n} {KINDS[kind]}" for kind, n in found.counts.items() if n]
    return f"changed: {', '.join(parts) or 'nothing'}"


def _state(place: str, families: list[str] | None, abandon_after: int) -> "State":
    from hubtrace.queries.changes import state
    from hubtrace.queries.thresholds import Thresholds

    moment = parse_moment(place)
    thresholds = Thresholds(abandon_after_days=abandon_after)
    with open_graph_at(moment) as store:
        return state(store, moment.name, families, moment.until, thresholds)


def _text(change: dict[str, Any]) -> dict[str, str]:
    return {**{key: value or "" for key, value in change.items()}, "when": date(change["at"])}
