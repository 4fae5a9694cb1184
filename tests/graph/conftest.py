"""A Bolt store on an empty database, for what only that store can get wrong."""

from collections.abc import Iterator

import pytest

from hubtrace.graph.store import GraphStore
from tests.neo4j.server import Server
from tests.stores import SharedServer, open_bolt


@pytest.fixture
def server(shared_server: SharedServer) -> Server:
    """The server, with an empty database."""
    shared_server.empty()
    return shared_server.get()


@pytest.fixture
def bolt(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[GraphStore]:
    """A store on the empty database."""
    with open_bolt(server, monkeypatch) as store:
        yield store


@pytest.fixture
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few thousand rows are many transactions."""
    monkeypatch.setattr("hubtrace.graph.bolt.ROWS_PER_TRANSACTION", 500)
