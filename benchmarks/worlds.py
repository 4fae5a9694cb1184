"""What several benchmarks need: snapshots, graphs and recordings of worlds, each made once."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.families import Size, World
from benchmarks.measuring import Taken, measure, say
from benchmarks.recording import RecordingStore
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.ingest.load import load
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter


class Workshop:
    """A folder of worlds; what is there already is used again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def snapshot(self, size: Size) -> Path:
        """Return the snapshot of a world."""
        return self._made(_name("snapshot", size), lambda path: _snapshot(size, path))

    def graph(self, size: Size) -> Path:
        """Return the embedded graph of a world."""
        return self._made(_name("graph", size), lambda path: _graph(self.snapshot(size), path))

    def keep_graph(self, size: Size, graph: Path) -> None:
        """Take a graph that was loaded from a world's snapshot as the world's graph."""
        graph.replace(self.folder / _name("graph", size))

    def recording(self, size: Size) -> Path:
        """Return the recording of a world's tables."""
        return self._made(
            _name("recording", size), lambda path: _recording(self.snapshot(size), path)
        )

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return what `make` makes at a path of this name, unless it is there."""
        return self._made(name, make)

    def _made(self, name: str, make: Callable[[Path], object]) -> Path:
        path = self.folder / name
        if not path.exists():
            say(f"  making {name} …")
            begin = time.perf_counter()
            aside = self.folder / f"unfinished-{name}"
            _remove(aside)
            make(aside)
            aside.rename(path)
            say(f"  made {name} in {time.perf_counter() - begin:.0f} s")
        return path


@contextmanager
def workshop(kept: Path | None) -> Iterator[Workshop]:
    """Make worlds in the folder `kept`, which stays, or in one that is removed at the end."""
    folder = kept or Path(tempfile.mkdtemp(prefix="hubtrace-benchmarks-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield Workshop(folder.resolve())
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def write_snapshot(size: dict[str, Any], path: str) -> Taken:
    """Write the snapshot of a world; making its records is part of the time."""
    begin = time.perf_counter()
    projects = 0
    with SnapshotWriter(Path(path)) as writer:
        for family, readings in World(Size(**size)).families():
            for reading in readings:
                writer.write_project(reading, "git")
            writer.write_family(family)
            projects += len(readings)
    return Taken(time.perf_counter() - begin, {"projects": projects})


def write_graph(snapshot: str, path: str) -> Taken:
    """Load a snapshot into a new graph."""
    begin = time.perf_counter()
    load(Snapshot(Path(snapshot)), EmbeddedStore(path))
    return Taken(time.perf_counter() - begin)


def write_recording(snapshot: str, path: str) -> Taken:
    """Record the tables that the loader puts into a graph."""
    begin = time.perf_counter()
    folder = Path(path)
    store = RecordingStore(folder.with_suffix(".kgl"), folder)
    load(Snapshot(Path(snapshot)), store)
    _remove(folder.with_suffix(".kgl"))
    return Taken(time.perf_counter() - begin)


def _snapshot(size: Size, path: Path) -> None:
    measure(
        write_snapshot,
        {"size": asdict(size), "path": str(path)},
    )


def _graph(snapshot: Path, path: Path) -> None:
    measure(write_graph, {"snapshot": str(snapshot), "path": str(path)})


def _recording(snapshot: Path, path: Path) -> None:
    measure(write_recording, {"snapshot": str(snapshot), "path": str(path)})


def _name(kind: str, size: Size) -> str:
    paths = "-paths" if size.paths else ""
    return f"{kind}-{size.families}-{size.commits}-{size.variants}{paths}"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
