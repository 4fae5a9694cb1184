"""One small world for all tests of the benchmarks."""

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.families import Size
from benchmarks.worlds import Workshop, write_graph, write_recording, write_snapshot

SIZE = Size(25, 2_000, 60)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A folder for worlds."""
    return Workshop(tmp_path_factory.mktemp("worlds"))


@pytest.fixture(scope="session")
def snapshot(workshop: Workshop) -> Path:
    """The snapshot of the small world."""
    path = workshop.folder / "snapshot"
    write_snapshot(asdict(SIZE), str(path))
    return path


@pytest.fixture(scope="session")
def graph(workshop: Workshop, snapshot: Path) -> Path:
    """The graph of the small world."""
    path = workshop.folder / "graph.kgl"
    write_graph(str(snapshot), str(path))
    return path


@pytest.fixture(scope="session")
def recording(workshop: Workshop, snapshot: Path) -> Path:
    """What the loader put into the graph of the small world."""
    path = workshop.folder / "recording"
    write_recording(str(snapshot), str(path))
    return path
