"""`hubtrace history`: the events of a project: what changed between two fetches."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hubtrace.graph import open_store
from hubtrace.graph.format import count
from hubtrace.options import GRAPH, Graph, OutputFormat, table_options
from hubtrace.output import Format, Table, date
from hubtrace.progress import say

TABLE = Table[Mapping[str, Any]](
    "hubtrace.history/1",
    {
        "date": lambda event: date(event["observed_at"]),
        "project": lambda event: event["name"] or event["project"],
        "kind": lambda event: event["kind"].replace("_", " "),
        "subject": lambda event: event["subject"],
        "before": lambda event: event["before"] or "",
        "after": lambda event: event["after"] or "",
    },
    summed_up=True,
)


@table_options
def history(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A family, or a project by name or URL.")
    ],
    graph: Graph = GRAPH,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """List renames, deletions, rewritten history and the like, and the commits that vanished.

    Hubs forget; hubtrace does not. An event is dated by when it was observed.

    Example:  hubtrace history QwenLM/Qwen-VL --format json
    """
    from hubtrace.queries.catalogue import HistoryDocument, ask, family_names
    from hubtrace.queries.lookup import find_project

    with open_store(graph) as store:
        families = family_names(store)
        name = target if target in families else find_project(store, target, None, families).key
        events = ask(store, "history", target=name).data()
        vanished = ask(store, "vanished_commits", target=name).data()
    TABLE.print(events, format_, HistoryDocument(target, tuple(events), tuple(vanished)))
    if format_ is not Format.JSON:
        say(f"{count(len(events), 'event')}, {count(len(vanished), 'vanished commit')} kept")
