"""The world of audits, made once for every store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.store import GraphStore
from tests.queries.audit.worlds import provenance
from tests.queries.worlds import World
from tests.stores import STORES, SharedServer, holding


@pytest.fixture(scope="session")
def _embedded_provenance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    with open_store(str(tmp_path_factory.mktemp("provenance") / "graph.kgl")) as made:
        provenance().write(made)
        yield made


@pytest.fixture(scope="session")
def _mapped_provenance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    with EmbeddedStore(tmp_path_factory.mktemp("provenance") / "graph.kgl", mapped_from=0) as made:
        provenance().write(made)
        yield made


@pytest.fixture(params=STORES)
def audited(request: pytest.FixtureRequest, shared_server: SharedServer) -> Iterator[GraphStore]:
    """The world of audits; nobody writes to it."""
    if request.param != "bolt":
        yield request.getfixturevalue(f"_{request.param}_provenance")
        return
    with holding("the world of audits", provenance().write, shared_server) as made:
        yield made


@pytest.fixture
def made(tmp_path: Path) -> Callable[[World], GraphStore]:
    """Write worlds into stores of their own."""
    number = iter(range(10_000))

    def write(world: World) -> GraphStore:
        store = open_store(str(tmp_path / f"{next(number)}.kgl"))
        world.write(store)
        return store

    return write
