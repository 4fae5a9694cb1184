"""Options that several commands share, and how their texts become values."""

import os
from pathlib import Path
from typing import Annotated

import typer

from graph.errors import HubtraceError
from hubtrace.output import Format

Graph = Annotated[
    str,
    typer.Option(
        "--graph",
        envvar="HUBTRACE_GRAPH",
        metavar="URL",
        help="The graph: a file, or a server like neo4j://host:7687.",
    ),
]
GRAPH = "hubtrace.kgl"

SnapshotDir = Annotated[
    Path, typer.Option("--snapshot", metavar="DIR", help="The snapshot that `ingest` writes.")
]
SNAPSHOT = Path("hubtrace-snapshot")

Cache = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", envvar="HUBTRACE_CACHE", help="Where clones are kept."),
]

OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")]

Until = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Ask for this moment, e.g. 2024-10-06 (to its end) or 2024-10-06T12:00Z. "
        "Default: when each family was last observed.",
    ),
]
Families = Annotated[
    list[str] | None, typer.Argument(metavar="[FAMILY]...", help="Default: all families.")
]


PeriodDays = Annotated[int, typer.Option(metavar="DAYS", help="Length of a period.")]
RarePeriods = Annotated[
    int,
    typer.Option(metavar="N", help="R: no variant is active in more periods than these."),
]
FrequentPeriods = Annotated[
    int,
    typer.Option(metavar="N", help="F: some variant shares so many periods in a row."),
]
AbandonAfter = Annotated[
    int,
    typer.Option(
        "--abandon-after", metavar="DAYS", help="Silence after which something counts as abandoned."
    ),
]


def default_cache() -> Path:
    """Return where clones are kept if nobody says where."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "hubtrace" / "git"


def parse_until(text: str | None) -> int | None:
    """Return epoch seconds for an ISO date or time; a date means its last second, in UTC.

    Raises:
        HubtraceError: it is neither.
    """
    from queries.values import epoch_seconds

    if text is None:
        return None
    try:
        return epoch_seconds(text)
    except ValueError:
        raise HubtraceError(
            f"--until: {text!r} is no date; give one like 2024-10-06 or 2024-10-06T12:00Z"
        ) from None
