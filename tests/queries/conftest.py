"""Graphs that several tests ask, made once for every store."""

from collections.abc import Iterator
from importlib.resources import as_file, files

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.store import GraphStore
from hubtrace.ingest.load import load
from hubtrace.ingest.pipeline import ingest_study
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from tests.queries.worlds import hand_made
from tests.stores import STORES, SharedServer, holding


@pytest.fixture(scope="session")
def _embedded_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    with open_store(str(tmp_path_factory.mktemp("world") / "graph.kgl")) as made:
        hand_made().write(made)
        yield made


@pytest.fixture(scope="session")
def _mapped_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    with EmbeddedStore(tmp_path_factory.mktemp("world") / "graph.kgl", mapped_from=0) as made:
        hand_made().write(made)
        yield made


@pytest.fixture(params=STORES)
def shared_store(
    request: pytest.FixtureRequest, shared_server: SharedServer
) -> Iterator[GraphStore]:
    """The hand-made world; nobody writes to it."""
    if request.param != "bolt":
        yield request.getfixturevalue(f"_{request.param}_world")
        return
    with holding("the hand-made world", hand_made().write, shared_server) as made:
        yield made


@pytest.fixture(scope="session")
def study_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    """The 43 families of the sample, ingested and loaded as a person would; nobody writes to it."""
    folder = tmp_path_factory.mktemp("study")
    sample = files("hubtrace") / "sample"
    with as_file(sample) as path:
        ingest_study(path, lambda: SnapshotWriter(folder / "snapshot"), lambda *_: None)
    with open_store(str(folder / "graph.kgl")) as made:
        load(Snapshot(folder / "snapshot"), made)
        yield made
