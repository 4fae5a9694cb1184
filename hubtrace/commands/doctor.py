"""`hubtrace doctor`: whether everything is there that hubtrace needs."""

from typing import TYPE_CHECKING

import typer

from graph.errors import HubtraceError
from graph.text import count
from hubtrace.health import Finding, State, look_at_hubs, look_here
from hubtrace.hubs import GitHubUrl, HubEndpoint, open_hubs
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Cache,
    Graph,
    OutputFormat,
    SnapshotDir,
    default_cache,
)
from hubtrace.output import Format, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = ("check", "state", "detail")
_SCHEMA = "hubtrace.doctor/1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    github_url: GitHubUrl = None,
    hf_endpoint: HubEndpoint = None,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    cache: Cache = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Look at programs, tokens, hubs, the snapshot and the graph; exit code 1 if one has a problem.

    Tokens are told by where they were found and what they may do, never by their text.

    Example:  hubtrace doctor --format json
    """
    findings = [*look_here(graph, snapshot, cache or default_cache())]
    findings += _hubs(github_url, hf_endpoint)
    problems = sum(finding.state is State.PROBLEM for finding in findings)
    rows = [{"check": f.check, "state": str(f.state), "detail": f.detail} for f in findings]
    print_rows(rows, COLUMNS, format_, _SCHEMA, "findings", {"problems": problems})
    say("everything works" if not problems else count(problems, "problem"))
    if problems:
        raise typer.Exit(1)


def _hubs(github_url: str | None, hf_endpoint: str | None) -> "Iterator[Finding]":
    try:
        # Not to wait for a hub that is away or overloaded: that is what is to be told.
        with open_hubs(github_url, hf_endpoint, lambda *_: None, patient=False) as hubs:
            yield from look_at_hubs(hubs)
    except HubtraceError as error:
        yield Finding("hubs", State.PROBLEM, str(error))
