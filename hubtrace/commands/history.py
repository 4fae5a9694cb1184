"""`hubtrace history`: the events of a project: what changed between two fetches."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hubtrace.graph.format import count
from hubtrace.options import GRAPH, Graph, OutputFormat
from hubtrace.output import Format, date, print_json, print_rows
from hubtrace.progress import say

COLUMNS = ("date", "project", "kind", "subject", "before", "after")
_SCHEMA = "hubtrace.history/1"
_KNOWN = """
MATCH (n) WHERE (n:Family OR n:Repository OR n:Variant)
  AND (n.name = $target OR n.key = $target OR n.key = toLower($target))
RETURN count(n)
"""


def history(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A family, or a project by name or URL.")
    ],
    graph: Graph = GRAPH,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List renames, deletions, rewritten history and the like, and the commits that vanished.

    Hubs forget; hubtrace does not. An event is dated by when it was observed.

    Example:  hubtrace history 01-ai/Yi --format json
    """
    from hubtrace.graph import open_store
    from hubtrace.queries.catalogue import ask
    from hubtrace.queries.resolve import find_project

    with open_store(graph) as store:
        name = target
        if not store.run(_KNOWN, target=target).evaluate():
            name = find_project(store, target).key
        events = ask(store, "history", target=name).data()
        vanished = ask(store, "vanished_commits", target=name).data()
    if format_ is Format.JSON:
        print_json({"schema": _SCHEMA, "target": target, "events": events, "vanished": vanished})
        return
    print_rows([_row(event) for event in events], COLUMNS, format_, _SCHEMA)
    say(f"{count(len(events), 'event')}, {count(len(vanished), 'vanished commit')} kept")


def _row(event: Mapping[str, Any]) -> dict[str, str]:
    return {
        "date": date(event["observed_at"]),
        "project": event["name"] or event["project"],
        "kind": event["kind"].replace("_", " "),
        "subject": event["subject"],
        "before": event["before"] or "",
        "after": event["after"] or "",
    }
