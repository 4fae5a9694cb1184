"""Questions about the past: the graph as it was, from the snapshot that it was loaded from.

Facts that a later look brought (who else holds a file, what a family consists of, which branch was
rewritten) do not change an answer of before (docs/decisions/0053-a-question-about-the-past.md).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hubtrace.graph import open_store
from hubtrace.graph.errors import SnapshotError
from hubtrace.graph.store import GraphStore
from hubtrace.progress import progress

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
    families: Collection[str],
    snapshot: Path,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[GraphStore]:
    """Yield the graph as it was at `until`, for a question about some variants, by their keys.

    It is `store` itself if nothing was looked at since, and where not all snapshots that it was
    loaded from are at hand: at `snapshot`, or in the folder of the graph. The latter is a warning,
    for answers that do not say it themselves, as an audit does.
    """
    past = _past(store, until, variants, families, snapshot, warn)
    if not past:
        yield store
        return
    with loaded(past) as then:
        yield then


@contextmanager
def loaded(snapshots: "Iterable[Snapshot]") -> Iterator[GraphStore]:
    """Yield a temporary graph of what snapshots hold."""
    from hubtrace.ingest.load import load

    with (
        TemporaryDirectory(prefix="hubtrace-") as folder,
        open_store(str(Path(folder) / "graph.kgl")) as store,
    ):
        with progress() as show:
            for snapshot in snapshots:
                load(snapshot, store, show)
        yield store


def _past(
    store: GraphStore,
    until: int | None,
    variants: Collection[str],
    families: Collection[str],
    snapshot: Path,
    warn: Callable[[str], None],
) -> "list[Snapshot]":
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
    moment = max((known_from(one, variants, families, until) for one in found), default=latest)
    return [PastSnapshot(one, moment) for one in found] if moment < latest else []


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
