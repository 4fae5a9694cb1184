"""Another moment to compare with: a date, a graph, a snapshot, or one of them `@DATE`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from graph.errors import HubtraceError
from hubtrace.progress import progress

if TYPE_CHECKING:
    from graph.store import GraphStore

_AT = re.compile(r"(?P<place>.*)@(?P<date>\d{4}-\d{2}-\d{2}[^/\\@]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Moment:
    """A graph or a snapshot, and the time it is asked for."""

    name: str
    """As it was given."""
    place: str
    until: int | None
    """None: when each family was last observed."""


def parse_moment(text: str) -> Moment:
    """Return what `PLACE` or `PLACE@DATE` names; a date means its last second, in UTC.

    Raises:
        HubtraceError: the date is none.
    """
    match = _AT.fullmatch(text)
    if match is None or Path(text).exists():
        return Moment(text, text, None)
    until = as_date(match["date"])
    if until is None:
        raise HubtraceError(f"{text!r}: {match['date']!r} is no date; give one like 2024-10-06")
    return Moment(text, match["place"], until)


def as_date(text: str) -> int | None:
    """Return epoch seconds for an ISO date or time; None if the text is neither."""
    from queries.values import epoch_seconds

    try:
        return epoch_seconds(text)
    except ValueError:
        return None


@contextmanager
def opened(moment: Moment) -> "Iterator[GraphStore]":
    """Open the graph of a moment; a snapshot is loaded into one that is thrown away.

    Raises:
        HubtraceError: there is no such graph or snapshot.
    """
    from graph.store import open_store
    from ingest.load import load
    from ingest.snapshot import Snapshot

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
