"""The world of audits, made once for every store."""

from collections.abc import Iterator

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.store import GraphStore
from tests.queries.audit.worlds import provenance
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
