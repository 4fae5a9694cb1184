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
        help="State at this time, e.g. 2024-10-06 (to its end) or 2024-10-06T12:00Z. "
        "Default: when each family was last observed.",
    ),
]
Families = Annotated[
    list[str] | None, typer.Argument(metavar="[FAMILY]...", help="Default: all families.")
]


PeriodDays = Annotated[int, typer.Option(metavar="DAYS", help="Length of a period.")]
RarePeriods = Annotated[
    int,
    typer.Option(metavar="N", help="Pattern R: periods in which a variant may be active at most."),
]
FrequentPeriods = Annotated[
    int,
    typer.Option(
        metavar="N", help="Pattern F: consecutive periods a variant must share with upstream."
    ),
]
AbandonAfter = Annotated[
    int,
    typer.Option(
        "--abandon-after",
        metavar="DAYS",
        help="Days without a commit after which something is abandoned.",
    ),
]


def default_cache() -> Path:
    """Return where clones are kept by default."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "hubtrace" / "git"


def as_date(text: str) -> int | None:
    """Return epoch seconds for an ISO date (its last second, UTC) or time; None for other text."""
    from hubtrace.queries.catalogue import epoch_seconds

    try:
        return epoch_seconds(text)
    except ValueError:
        return None


def parse_until(text: str | None) -> int | None:
    """Return what `--until` names in epoch seconds, as `as_date` does; None if it is not given.

    Raises:
        HubtraceError: it is neither a date nor a time.
    """
    until = as_date(text) if text is not None else None
    if text is not None and until is None:
        raise HubtraceError(
            f"--until: invalid date {text!r} (example: 2024-10-06 or 2024-10-06T12:00Z)"
        )
    return until


_AT = re.compile(r"(?P<place>.*)@(?P<date>\d{4}-\d{2}-\d{2}[^/\\@]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GraphAt:
    """A graph or a snapshot, and the time to query it at."""

    name: str
    """As it was given."""
    place: str
    until: int | None
    """None: when each family was last observed."""


def parse_moment(text: str) -> GraphAt:
    """Return what `PLACE` or `PLACE@DATE` names; a date means its last second, in UTC.

    Raises:
        HubtraceError: the date is invalid.
    """
    match = _AT.fullmatch(text)
    if match is None or Path(text).exists():
        return GraphAt(text, text, None)
    until = as_date(match["date"])
    if until is None:
        raise HubtraceError(f"{text!r}: invalid date {match['date']!r} (example: 2024-10-06)")
    return GraphAt(text, match["place"], until)


@contextmanager
def open_graph_at(moment: GraphAt) -> "Iterator[GraphStore]":
    """Open the graph; a snapshot is loaded into a temporary one.

    Raises:
        HubtraceError: there is no such graph or snapshot.
    """
    from hubtrace.graph import open_store
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
