"""What only the Bolt store can get wrong: addresses, passwords, servers that refuse or go away."""

import os
import socket
from dataclasses import replace
from threading import Thread
from typing import Any

import neo4j
import neo4j.exceptions
import pyarrow as pa
import pytest

from hubtrace.graph import BOLT_SCHEMES, open_store
from hubtrace.graph.bolt import ServerAddress, check_version, translated
from hubtrace.graph.errors import GraphError, GraphMissing, GraphTooNew, QueryFailed, WriteRefused
from hubtrace.graph.model import MODEL
from hubtrace.graph.question import Limits, ask
from hubtrace.graph.schema import stamp
from hubtrace.graph.store import GraphStore
from tests.neo4j.server import Server
from tests.stores import open_bolt

CANARY = "c4n4ry"
pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Override the fixture of the same name: these tests wait for a server to come back."""


@pytest.fixture
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE", "HUBTRACE_QUERY_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


def _with_login(server: Server, user: str, password: str) -> str:
    return server.uri.replace("://", f"://{user}:{password}@")


def _families(*names: str) -> pa.Table:
    return pa.table({"name": list(names)})


# Addresses


@pytest.mark.usefixtures("_no_environment")
@pytest.mark.parametrize("scheme", BOLT_SCHEMES)
def test_user_and_password_are_no_part_of_what_is_shown(scheme: str) -> None:
    address = ServerAddress.parse(f"{scheme}://ann:{CANARY}%2F%40@db.example:7687?database=models")
    assert (address.user, address.password, address.database) == ("ann", f"{CANARY}/@", "models")
    assert address.url == f"{scheme}://db.example:7687"
    assert CANARY not in repr(address)
    assert CANARY not in open_store(f"{scheme}://ann:{CANARY}@db.example").url


@pytest.mark.usefixtures("_no_environment")
def test_what_the_address_leaves_out_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEO4J_USERNAME", "ann")
    monkeypatch.setenv("NEO4J_PASSWORD", CANARY)
    monkeypatch.setenv("NEO4J_DATABASE", "models")
    address = ServerAddress.parse("neo4j://db.example")
    assert (address.user, address.password, address.database) == ("ann", CANARY, "models")
    assert ServerAddress.parse("neo4j://bob:x@db.example?database=other").database == "other"


@pytest.mark.parametrize(
    "url",
    [
        f"bolt://ann:{CANARY}/x@db.example",
        f"bolt://ann:x/{CANARY}@db.example",
        f"bolt://ann:{CANARY}#x@db.example",
        f"bolt://ann:7687#{CANARY}@db.example",
        f"bolt://ann:{CANARY}?x@db.example",
        f"bolt://ann:7687?{CANARY}@db.example",
        f"bolt://ann:7687?{CANARY}=1",
        f"bolt://ann:[{CANARY}@db.example",
        f"bolt://ann:{CANARY}@db.example:port",
        f"bolt://ann:{CANARY}@:7687",
        f"bolt://ann:{CANARY}@db.example:99999",
        f"bolt://ann:{CANARY}@db.example/path",
    ],
)
def test_a_broken_address_is_refused_and_never_echoed(url: str) -> None:
    with pytest.raises(GraphError) as caught:
        open_store(url)
    assert CANARY not in str(caught.value)


# Servers that refuse


def test_no_server_is_one_sentence(free_port: int) -> None:
    address = f"bolt://127.0.0.1:{free_port}"
    with open_store(f"bolt://ann:{CANARY}@127.0.0.1:{free_port}") as store:
        for ask in (store.exists, lambda: store.run("RETURN 1"), store.write().__enter__):
            with pytest.raises(GraphError, match=f"no server answers at {address}") as caught:
                ask()
            one_clear_line(caught.value)


def test_a_server_of_another_kind_is_one_sentence() -> None:
    with _WebServer() as port, open_store(f"bolt://ann:{CANARY}@127.0.0.1:{port}") as store:
        with pytest.raises(GraphError, match=f"127.0.0.1:{port}") as caught:
            store.exists()
        one_clear_line(caught.value)


def test_a_wrong_password_is_one_sentence(server: Server) -> None:
    with open_store(_with_login(server, "neo4j", CANARY)) as store:
        with pytest.raises(GraphError, match="refused user neo4j; set NEO4J_USERNAME") as caught:
            store.run("RETURN 1")
        one_clear_line(caught.value)


def test_a_database_that_is_not_there_is_one_sentence(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "database", "nowhere", raising=False)
    with (
        open_bolt(server, monkeypatch) as store,
        pytest.raises(GraphError, match=r"has no database nowhere$"),
    ):
        store.exists()


@pytest.mark.parametrize("agent", ["Neo4j/4.4.40", "Neo4j/3.5.1"])
def test_a_server_that_is_too_old_is_one_sentence(agent: str) -> None:
    with pytest.raises(GraphError, match=rf"{agent}; hubtrace needs Neo4j 5 or newer"):
        check_version(agent)


@pytest.mark.parametrize("agent", ["Neo4j/5.26.0", "Neo4j/5.26-aura", "Neo4j/2025.10.1", "Other"])
def test_servers_of_today_are_taken(agent: str) -> None:
    check_version(agent)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("Neo.ClientError.Statement.AccessMode", WriteRefused, "opened for reading"),
        ("Neo.ClientError.Security.Forbidden", GraphError, "user ann may not"),
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", GraphError, "is read-only"),
        ("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", GraphError, "is read-only"),
        ("Neo.ClientError.Security.Unauthorized", GraphError, "refused user ann"),
        ("Neo.ClientError.Security.AuthenticationRateLimit", GraphError, "too many wrong"),
        ("Neo.ClientError.Database.DatabaseNotFound", GraphError, "has no database models"),
        ("Neo.ClientError.Security.CredentialsExpired", GraphError, "new password"),
        ("Neo.ClientError.Statement.SyntaxError", QueryFailed, "words of the server"),
        ("Neo.TransientError.General.MemoryPoolOutOfMemoryError", QueryFailed, "takes more memory"),
        ("Neo.TransientError.General.DatabaseUnavailable", GraphError, "words of the"),
    ],
)
def test_what_a_server_refuses_is_one_sentence(code: str, kind: type[Any], words: str) -> None:
    error = neo4j.exceptions.Neo4jError._hydrate_neo4j(
        code=code, message="words of the server\nmore"
    )
    with pytest.raises(kind, match=words), translated("bolt://h", "ann", "models"):
        raise error


def test_a_question_that_takes_too_long_is_ended(
    bolt: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bolt.write():
        pass
    monkeypatch.setenv("HUBTRACE_QUERY_TIMEOUT", "0.2")
    with pytest.raises(QueryFailed, match="longer than HUBTRACE_QUERY_TIMEOUT"):
        bolt.run("UNWIND range(1, 1000000000) AS n RETURN sum(n % 7)")


# The graph


def test_what_a_server_let_write_is_taken_back(
    bolt: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every server that speaks Bolt refuses it in read mode, as Neo4j does."""
    with bolt.write():
        pass
    monkeypatch.setattr("neo4j.READ_ACCESS", neo4j.WRITE_ACCESS)
    monkeypatch.setattr("neo4j.Session.execute_read", neo4j.Session.execute_write)
    with pytest.raises(WriteRefused, match="opened for reading"):
        bolt.run("CREATE (:Family {name: 'f'})")
    assert bolt.run("MATCH (n) RETURN count(n)").evaluate() == 0


def test_a_graph_of_a_newer_version_is_refused(bolt: GraphStore) -> None:
    with bolt.write() as writer:
        writer.run(stamp(replace(MODEL, version=MODEL.version + 1)))
    bolt.close()
    with pytest.raises(GraphTooNew, match="newer hubtrace"):
        bolt.run("MATCH (n) RETURN n")
    with pytest.raises(GraphTooNew, match="newer hubtrace"), bolt.write():
        pass


def test_a_first_block_that_fails_makes_no_graph(bolt: GraphStore) -> None:
    def fail() -> None:
        with bolt.write() as writer:
            writer.put_nodes("Family", _families("f"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    with pytest.raises(GraphMissing):
        bolt.run("MATCH (n) RETURN n")


def test_a_block_that_asks_and_then_fails_publishes_nothing(bolt: GraphStore) -> None:
    with bolt.write():
        pass

    def fail() -> None:
        with bolt.write() as writer:
            writer.put_nodes("Family", _families("f"))
            assert writer.ask("MATCH (f:Family) RETURN count(f)").evaluate() == 1
            writer.run("MATCH (f:Family) SET f.observed_at = 1")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert bolt.run("MATCH (n) RETURN count(n)").evaluate() == 0


def test_a_value_that_cannot_be_sent_is_named_in_both_ways(bolt: GraphStore) -> None:
    with bolt.write():
        pass
    for value in (object(), 2**64, "\ud800"):
        with pytest.raises(QueryFailed, match=r"\$odd"), bolt.write() as writer:
            writer.run("RETURN $odd, $fine", odd=value, fine=1)
        with pytest.raises(QueryFailed, match=r"\$odd"):
            bolt.run("RETURN $odd, $fine", odd=value, fine=1)


def test_a_mebibyte_is_a_subject_but_no_key(bolt: GraphStore) -> None:
    long = "x" * 2**20
    with bolt.write() as writer:
        writer.put_nodes("Commit", pa.table({"sha": ["a"], "subject": [long]}))
    assert bolt.run("MATCH (c:Commit) RETURN c.subject").evaluate() == long
    with pytest.raises(GraphError) as caught, bolt.write() as writer:
        writer.put_nodes("Commit", pa.table({"sha": [long]}))
    one_clear_line(caught.value)


def test_another_store_sees_what_was_written(
    bolt: GraphStore, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_bolt(server, monkeypatch) as other:
        assert not other.exists()
        with bolt.write() as writer:
            writer.put_nodes("Family", _families("f"))
        assert other.run("MATCH (f:Family) RETURN f.name").evaluate() == "f"


@pytest.mark.usefixtures("small_transactions")
def test_a_block_larger_than_a_transaction_is_whole(bolt: GraphStore) -> None:
    names = [str(number) for number in range(2_500)]
    for _ in range(2):
        with bolt.write() as writer:
            writer.put_nodes("Commit", pa.table({"sha": names}))
            rows = pa.table({"start": names[1:], "end": names[:-1]})
            writer.put_relationships("PARENT", "Commit", "Commit", rows)
    assert bolt.run("MATCH (c:Commit) RETURN count(c)").evaluate() == 2_500
    assert bolt.run("MATCH ()-[r:PARENT]->() RETURN count(r)").evaluate() == 2_499


def one_clear_line(error: BaseException) -> None:
    """Claim that a person can read it, and that no password is in it."""
    text = str(error)
    assert text, "no words at all"
    assert "\n" not in text
    assert len(text) < 400
    for secret in (CANARY, os.environ.get("NEO4J_PASSWORD") or CANARY):
        assert secret not in text


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _WebServer:
    """Answers anything as a web server does."""

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._answer, daemon=True).start()
        port: int = self._listener.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _answer(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.recv(1_000)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.faults  # twenty seconds: the server fills its memory
def test_a_question_that_takes_too_much_memory_is_one_sentence(bolt: GraphStore) -> None:
    with bolt.write() as writer:
        writer.put_nodes("Family", _families("f"))
    with pytest.raises(QueryFailed, match=r"takes more memory than .* allows") as ended:
        ask(bolt, "UNWIND range(1, 9000000) AS x RETURN size(collect(x))", {}, Limits())
    assert "\n" not in str(ended.value)
