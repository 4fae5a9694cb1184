"""Servers that are killed, and connections that are cut, while a graph is written."""

from pathlib import Path
from threading import Thread

import neo4j
import pyarrow as pa
import pytest

from hubtrace.graph import open_store
from hubtrace.graph.bolt import BoltStore
from hubtrace.graph.errors import GraphError
from hubtrace.graph.store import GraphStore
from tests.graph.test_bolt import one_clear_line
from tests.graphs import contents
from tests.neo4j.proxy import Proxy
from tests.neo4j.server import FromMaven, Server

pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Override the fixture of the same name: these tests wait for a server to come back."""


def _families(*names: str) -> pa.Table:
    return pa.table({"name": list(names)})


def _load(store: GraphStore, commits: int = 5_000) -> None:
    names = [str(number) for number in range(commits)]
    with store.write() as writer:
        writer.put_nodes("Repository", pa.table({"key": ["r"]}))
        writer.put_nodes("Commit", pa.table({"sha": names, "authored_at": list(range(commits))}))
        rows = pa.table({"start": names[1:], "end": names[:-1], "position": [0] * (commits - 1)})
        writer.put_relationships("PARENT", "Commit", "Commit", rows)
        rows = pa.table({"start": ["r"] * commits, "end": names, "at": list(range(commits))})
        writer.put_relationships("HAS_COMMIT", "Repository", "Commit", rows)


@pytest.mark.faults  # it starts a server, kills it and starts it again
@pytest.mark.usefixtures("small_transactions")
def test_a_server_killed_in_the_middle_of_a_load(
    bolt: GraphStore, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtrace.graph.bolt._PATIENCE", 2.0)
    if not isinstance(server, FromMaven):
        pytest.skip("only a server that is ours can be killed")
    with open_store(str(tmp_path / "expected.kgl")) as expected:
        _load(expected)
        wanted = contents(expected)
    with bolt.write() as writer:
        writer.put_nodes("Family", _families("before"))
    killer = Thread(target=_kill_when_some_are_in, args=(server, 1_500))
    killer.start()
    with pytest.raises(GraphError, match=r"no server answers|was lost") as caught:
        _load(bolt)
    killer.join()
    one_clear_line(caught.value)
    server.start()
    there = bolt.run("MATCH (c:Commit) RETURN count(c)").evaluate()
    assert there > 0, "the kill came too early to show anything"
    _load(bolt)
    with bolt.write() as writer:
        writer.run("MATCH (f:Family) DELETE f")
    assert contents(bolt) == wanted


def _kill_when_some_are_in(server: FromMaven, enough: int) -> None:
    auth = (server.user, server.password)
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver, driver.session() as session:
        for _ in range(100_000):
            if session.run("MATCH (c:Commit) RETURN count(c)").value()[0] >= enough:
                break
        server.kill()


@pytest.mark.parametrize("cuts", [1, 2])
def test_a_connection_that_is_cut_is_made_again(server: Server, cuts: int) -> None:
    with Proxy(server.uri) as proxy, BoltStore(_login(server, proxy.uri)) as store:
        with store.write() as writer:
            writer.put_nodes("Family", _families("f"))
        proxy.cut_after(bytes_=2_000, times=cuts)
        with store.write() as writer:
            writer.put_nodes("Family", _families(*(f"{number:064}" for number in range(5_000))))
        assert store.run("MATCH (f:Family) RETURN count(f)").evaluate() == 5_001
        assert proxy.cuts == cuts


def test_a_connection_that_stays_cut_is_one_sentence(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtrace.graph.bolt._PATIENCE", 1.0)
    with Proxy(server.uri) as proxy, BoltStore(_login(server, proxy.uri)) as store:
        with store.write():
            pass
        proxy.close()
        with pytest.raises(GraphError, match=r"no server answers|was lost") as caught:
            store.run("MATCH (n) RETURN n")
        one_clear_line(caught.value)


def _login(server: Server, uri: str) -> str:
    return uri.replace("://", f"://{server.user}:{server.password}@")
