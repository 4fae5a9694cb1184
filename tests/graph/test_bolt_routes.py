"""Every way to reach a server: routed or not, encrypted or not, with whom vouching for it."""

import pyarrow as pa
import pytest

from hubtrace.graph import open_store
from hubtrace.graph.errors import GraphError
from tests.neo4j.server import FromMaven, Server
from tests.stores import SharedServer, open_bolt

pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Override the fixture of the same name: the driver looks up where it is routed to."""


@pytest.fixture
def server(shared_server: SharedServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server with one family in it, and its password in the environment."""
    shared_server.empty()
    server = shared_server.get()
    with open_bolt(server, monkeypatch) as store, store.write() as writer:
        writer.put_nodes("Family", pa.table({"name": ["yi"]}))
    return server


@pytest.fixture
def encrypted(server: Server) -> FromMaven:
    """The server, if it takes encrypted connections."""
    if not isinstance(server, FromMaven) or server.certificate is None:
        pytest.skip("only a server of our own, with OpenSSL, has a certificate")
    return server


def _at(server: Server, scheme: str) -> str:
    return f"{scheme}://{server.uri.partition('://')[2]}"


def test_a_routed_address_writes_and_reads(server: Server) -> None:
    with open_store(_at(server, "neo4j")) as store:
        with store.write() as writer:
            writer.put_nodes("Family", pa.table({"name": ["routed"]}))
        asked = store.run("MATCH (f:Family) RETURN f.name AS name ORDER BY name")
        assert [name for (name,) in asked.rows()] == ["routed", "yi"]


@pytest.mark.parametrize("scheme", ["bolt+ssc", "neo4j+ssc"])
def test_a_certificate_that_nobody_vouches_for_is_taken_if_asked_to(
    encrypted: FromMaven, scheme: str
) -> None:
    with open_store(_at(encrypted, scheme)) as store:
        assert store.run("MATCH (f:Family) RETURN f.name AS name").evaluate() == "yi"


@pytest.mark.parametrize("scheme", ["bolt+s", "neo4j+s"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    encrypted: FromMaven, scheme: str
) -> None:
    with open_store(_at(encrypted, scheme)) as store, pytest.raises(GraphError) as caught:
        store.run("MATCH (f:Family) RETURN f.name")
    assert "\n" not in str(caught.value)
    assert "is not trusted: self-signed certificate" in str(caught.value)


@pytest.mark.parametrize("scheme", ["neo4j", "neo4j+ssc"])
def test_a_wrong_password_is_told_by_every_route(
    encrypted: FromMaven, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "c4n4ry")
    with open_store(_at(encrypted, scheme)) as store, pytest.raises(GraphError) as caught:
        store.run("MATCH (f:Family) RETURN f.name")
    assert "refused user neo4j" in str(caught.value)
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["bolt+s", "neo4j+s"])
def test_a_certificate_of_a_known_authority_is_taken(
    encrypted: FromMaven, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(encrypted.certificate))
    with open_store(_at(encrypted, scheme)) as store:
        assert store.run("MATCH (f:Family) RETURN f.name AS name").evaluate() == "yi"
