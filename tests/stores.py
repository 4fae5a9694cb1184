"""Every store that the conformance suite runs on. A new store joins with one entry.

`embedded` needs nothing. `mapped` is the same with a copy of the graph for questions, as a large
one has. `bolt` needs a Neo4j server, which is started once; where none can be had
its tests are skipped with the reason, or fail if `HUBTRACE_REQUIRE_NEO4J` is set. All of them run
in one worker, one after the other, because Neo4j Community has one database.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import neo4j
import pytest

from hubtrace.graph import open_store
from hubtrace.graph.embedded import EmbeddedStore
from hubtrace.graph.schema import stamps
from hubtrace.graph.store import GraphStore
from tests.neo4j.artifacts import Unavailable
from tests.neo4j.server import Given, Server, start

STORES = [
    pytest.param("embedded"),
    pytest.param("mapped"),
    pytest.param("bolt", marks=pytest.mark.xdist_group("neo4j")),
]

NO_SERVER = "no Neo4j: "
"""How the reason for a skip begins where no server can be had."""


class SharedServer:
    """The Neo4j of this test run: started when first asked for, or the reason why there is none."""

    def __init__(self) -> None:
        self.server: Server | None = None
        self.reason: str | None = None
        self.holds: str | None = None
        """A name for what its database holds, so that a world is written once."""

    def get(self) -> Server:
        """Return the server; skip the test, or fail it, where there is none."""
        if self.server is None and self.reason is None:
            try:
                self.server = start()
            except Unavailable as reason:
                self.reason = f"{NO_SERVER}{reason}"
        if self.server is None:
            if os.environ.get("HUBTRACE_REQUIRE_NEO4J"):
                pytest.fail(f"{self.reason} (HUBTRACE_REQUIRE_NEO4J is set)")
            pytest.skip(str(self.reason))
        return self.server

    def empty(self) -> None:
        """Remove every node, and the stamp that marks the database as a graph."""
        server = self.get()
        auth = (server.user, server.password)
        with (
            neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver,
            driver.session(database=server.database) as session,
        ):
            session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS")
            for name in session.run(stamps()).value():
                session.run(f"DROP INDEX {name}")
        self.holds = None

    def stop(self) -> None:
        """Stop the server, if one was started; leave a given one as empty as it was."""
        if self.server is not None:
            if isinstance(self.server, Given):
                self.empty()
            self.server.stop()


@contextmanager
def opened(name: str, folder: Path, shared: SharedServer) -> Iterator[GraphStore]:
    """Open an empty store of this name."""
    if name == "bolt":
        shared.empty()
        server = shared.get()
        with pytest.MonkeyPatch.context() as patch, open_bolt(server, patch) as store:
            yield store
    else:
        path = folder / "graph.kgl"
        with EmbeddedStore(path) if name == "embedded" else EmbeddedStore(path, 0) as store:
            yield store


@contextmanager
def holding(
    world: str, write: Callable[[GraphStore], object], shared: SharedServer
) -> Iterator[GraphStore]:
    """Open the server's database with a world in it; that is written if another one is there."""
    server = shared.get()
    if shared.holds != world:
        shared.empty()
    with pytest.MonkeyPatch.context() as patch, open_bolt(server, patch) as store:
        if shared.holds != world:
            write(store)
            shared.holds = world
        yield store


def open_bolt(server: Server, patch: pytest.MonkeyPatch) -> GraphStore:
    """Open the server's database as it is; user and password go through the environment."""
    patch.setenv("NEO4J_USERNAME", server.user)
    patch.setenv("NEO4J_PASSWORD", server.password)
    patch.setenv("NEO4J_DATABASE", server.database or "")
    return open_store(server.uri)
