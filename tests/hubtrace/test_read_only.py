"""A server that lets nobody write: every question is answered as ever, every writer refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from tests.graphs import contents
from tests.hubtrace.conftest import Call
from tests.neo4j.artifacts import Unavailable
from tests.neo4j.server import FromMaven

# It starts a server of its own twice. Neo4j Community has no roles: the database is read-only.
pytestmark = pytest.mark.faults

READERS: tuple[tuple[str, ...], ...] = (
    ("patterns",),
    ("flags",),
    ("audit", "acme/model"),
    ("audit", "acme/model", "--format", "cyclonedx"),
    ("why", "acme/model"),
    ("trace", "acme/model:f"),
    ("history",),
    ("check",),
    ("check", "acme/model", "--fail-on", "all"),
    ("query", "families"),
    ("query", "--cypher", "MATCH (n) RETURN count(n)"),
    ("schema",),
)
COPIES: tuple[tuple[str, ...], ...] = (
    ("report", "-o", "report.html"),
    ("export", "graphml", "out.graphml"),
    ("export", "neo4j-import", "out"),
)
WRITERS: tuple[tuple[str, ...], ...] = (
    ("tag",),
    ("query", "--write", "--cypher", "CREATE (:Family {name: 'x'})"),
    ("query", "--cypher", "CREATE (:Family {name: 'x'})"),
)


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Override the fixture of the same name: these tests wait for a server to come back."""


@pytest.fixture
def read_only(call: Call, ingested: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that was made read-only after a graph had been loaded into it."""
    try:
        server = FromMaven()
    except Unavailable as error:
        pytest.skip(str(error))
    try:
        monkeypatch.setenv("NEO4J_USERNAME", server.user)
        monkeypatch.setenv("NEO4J_PASSWORD", server.password)
        assert call("load", "hubtrace-snapshot", "--graph", server.uri).code == 0
        server.end()
        with (server.home / "conf" / "neo4j.conf").open("a") as settings:
            settings.write("server.databases.default_to_read_only=true\n")
        server.start()
        yield server.uri
    finally:
        server.stop()


def test_readers_answer_and_writers_are_refused(call: Call, read_only: str, world: Path) -> None:
    for reader in READERS:
        here, there = call(*reader, "--graph", "hubtrace.kgl"), call(*reader, "--graph", read_only)
        assert (there.code, there.out) == (here.code, here.out), reader
    for copy in COPIES:
        assert call(*copy, "--graph", read_only).code == 0, copy
    assert call("load", "hubtrace-snapshot", "--graph", read_only).code == 0, "nothing is new"
    more = ("ingest", "--family", "more", "--upstream", f"acme/more={world / 'code'}")
    for writer in (*WRITERS, more, ("load", "hubtrace-snapshot")):
        refused = call(*writer, "--graph", read_only)
        assert refused.code == 2, writer
        assert refused.out == ""
        *_, last = refused.err.splitlines()
        assert last.startswith("hubtrace: "), refused.err
        assert "is read-only" in last or "a query only reads" in last
        assert "Traceback" not in refused.err
    assert call("copy", "hubtrace.kgl", read_only).code == 2
    assert call("copy", read_only, "copied.kgl").code == 0
    with open_store("copied.kgl") as copied, open_store("hubtrace.kgl") as original:
        assert contents(copied) == contents(original)
