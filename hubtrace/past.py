"""Questions about the past: the graph as it was, from the snapshot that it was loaded from.

Facts that a later look brought (who else holds a file, what a family consists of, which branch was
rewritten) do not change an answer of before (docs/decisions/0053-a-question-about-the-past.md).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hubtrace.graph import open_store
from hubtrace.graph.errors import SnapshotError
from hubtrace.graph.store import GraphStore
from hubtrace.progress import Progress, progress, say

if TYPE_CHECKING:
    from hubtrace.ingest.snapshot import Snapshot

_LAST_LOOK = """
MATCH (p:Repository|Variant)
RETURN max(p.observed_at) AS observed_at, max(p.failed_at) AS failed_at
"""
_SNAPSHOTS = "MATCH (s:Snapshot) RETURN s.key"
_NOT_AT_HAND = (
    "warning: what was found after this moment can be in the answer: the snapshot is not at hand; "
    "name it with --snapshot"
)


@contextmanager
def graph_at(
    store: GraphStore,
    until: int | None,
    variants: Collection[str],
    families: Collection[str] | None,
    snapshot: Path,
    warn: Callable[[str], None] = lambda _: None,
    show: Progress | None = None,
) -> Iterator[GraphStore]:
    """Yield the graph as it was at `until`, for a question about variants, by their keys.

    Without variants it is about families (None: all). What was not known yet is as first read.
    It is `store` itself if nothing was looked at since, and where not all snapshots that it was
    loaded from are at hand: at `snapshot`, or in the folder of the graph. The latter is a warning,
    for answers that do not say it themselves, as an audit does. `show` is told of the progress; by
    default a terminal is.
    """
    past = _past(store, until, variants, families, snapshot, warn)
    if not past:
        yield store
        return
    with loaded(past, show) as then:
        then.deadline = store.deadline
        yield then


@contextmanager
def open_at(
    graph: str, until: int | None, families: Collection[str] | None, snapshot: Path
) -> Iterator[GraphStore]:
    """Open a graph as it was at `until`, for a question about families, by default all."""
    with (
        open_store(graph) as now,
        graph_at(now, until, (), families, snapshot, say) as store,
    ):
        yield store


@contextmanager
def loaded_at(
    place: Path, until: int | None, families: Collection[str] | None
) -> Iterator[GraphStore]:
    """Load a snapshot as it was at `until`, for a question about families, by default all."""
    from hubtrace.ingest.snapshot import Snapshot
    from hubtrace.ingest.snapshot.past import PastSnapshot

    whole = Snapshot(place)
    with loaded([whole if until is None else PastSnapshot(whole, until, families)]) as store:
        yield store


@contextmanager
def loaded(snapshots: "Iterable[Snapshot]", show: Progress | None = None) -> Iterator[GraphStore]:
    """Yield a temporary graph of what snapshots hold."""
    from hubtrace.ingest.load import load

    with (
        TemporaryDirectory(prefix="hubtrace-") as folder,
        open_store(str(Path(folder) / "graph.kgl")) as store,
    ):
        with nullcontext(show) if show else progress() as report:
            for snapshot in snapshots:
                load(snapshot, store, report)
        yield store


def _past(
    store: GraphStore,
    until: int | None,
    variants: Collection[str],
    families: Collection[str] | None,
    snapshot: Path,
    warn: Callable[[str], None],
) -> "Sequence[Snapshot]":
    """Return what the graph was loaded from, as it was; nothing if the graph itself will do."""
    if until is None:
        return []
    (row,) = store.run(_LAST_LOOK).data()
    latest = max(row["observed_at"] or 0, row["failed_at"] or 0)
    if latest <= until:
        return []
    from hubtrace.ingest.snapshot.past import PastSnapshot, known_from

    found = _snapshots({key for (key,) in store.run(_SNAPSHOTS).rows()}, store.url, snapshot)
    if not found:
        warn(_NOT_AT_HAND)
    if variants:
        moments = (known_from(one, variants, families or (), until) for one in found)
        until, families = max(moments, default=latest), ()
    past = [PastSnapshot(one, until, families) for one in found]
    return past if any(one.differs() for one in past) else []


def _snapshots(ids: set[str], graph: str, snapshot: Path) -> "list[Snapshot]":
    """Return the snapshots of these ids; none unless all of them are found."""
    from hubtrace.ingest.snapshot import Snapshot

    beside = Path(graph).parent if "://" not in graph else Path()
    places = [snapshot, *sorted(header.parent for header in beside.glob("*/snapshot.json"))]
    found: dict[str, Snapshot] = {}
    for place in places:
        try:
            one = Snapshot(place)
        except SnapshotError:
            continue
        if one.id in ids:
            found.setdefault(one.id, one)
    return list(found.values()) if found.keys() == ids else []
