"""Options that several commands share, and how their texts become values."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.graph.errors import HubtraceError
from hubtrace.output import Format
from hubtrace.progress import progress

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore


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
    from hubtrace.queries.catalogue import epoch_seconds

    if text is None:
        return None
    try:
        return epoch_seconds(text)
    except ValueError:
        raise HubtraceError(
            f"--until: {text!r} is no date; give one like 2024-10-06 or 2024-10-06T12:00Z"
        ) from None


_AT = re.compile(r"(?P<place>.*)@(?P<date>\d{4}-\d{2}-\d{2}[^/\\@]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GraphAt:
    """A graph or a snapshot, and the time it is asked for."""

    name: str
    """As it was given."""
    place: str
    until: int | None
    """None: when each family was last observed."""


def parse_moment(text: str) -> GraphAt:
    """Return what `PLACE` or `PLACE@DATE` names; a date means its last second, in UTC.

    Raises:
        HubtraceError: the date is none.
    """
    match = _AT.fullmatch(text)
    if match is None or Path(text).exists():
        return GraphAt(text, text, None)
    until = as_date(match["date"])
    if until is None:
        raise HubtraceError(f"{text!r}: {match['date']!r} is no date; give one like 2024-10-06")
    return GraphAt(text, match["place"], until)


def as_date(text: str) -> int | None:
    """Return epoch seconds for an ISO date or time; None if the text is neither."""
    from hubtrace.queries.catalogue import epoch_seconds

    try:
        return epoch_seconds(text)
    except ValueError:
        return None


@contextmanager
def open_graph_at(moment: GraphAt) -> "Iterator[GraphStore]":
    """Open the graph of a moment; a snapshot is loaded into one that is thrown away.

    Raises:
        HubtraceError: there is no such graph or snapshot.
    """
    from hubtrace.graph.store import open_store
    from hubtrace.ingest.load import load
    from hubtrace.ingest.snapshot import Snapshot

    if not Path(moment.place).is_dir():
        with open_store(moment.place) as store:
            yield store
        return
    with (
        TemporaryDirectory(prefix="hubtrace-") as folder,
        open_store(str(Path(folder) / "graph.kgl")) as store,
    ):
        with progress() as show:
            load(Snapshot(Path(moment.place)), store, show)
        yield store
