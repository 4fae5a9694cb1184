"""The world of audits, made once for every store."""

from collections.abc import Iterator

import pytest

from graph.store import GraphStore, open_store
from tests.queries.audit.worlds import provenance
from tests.stores import STORES, SharedServer, open_bolt

_WORLD = "the world of audits"


@pytest.fixture(scope="session")
def _embedded_provenance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    with open_store(str(tmp_path_factory.mktemp("provenance") / "graph.kgl")) as made:
        provenance().write(made)
        yield made


@pytest.fixture(params=STORES)
def audited(
    request: pytest.FixtureRequest, shared_server: SharedServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GraphStore]:
    """The world of audits; nobody writes to it."""
    if request.param == "embedded":
        yield request.getfixturevalue("_embedded_provenance")
        return
    server = shared_server.get()
    if shared_server.holds != _WORLD:
        shared_server.empty()
    with open_bolt(server, monkeypatch) as made:
        if shared_server.holds != _WORLD:
            provenance().write(made)
            shared_server.holds = _WORLD
        yield made
