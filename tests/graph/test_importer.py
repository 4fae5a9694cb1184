"""Neo4j's own importer takes the exported files, and a server then serves the same graph."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pyarrow as pa
import pytest

from hubtrace.exports.neo4j_import import COMMAND_FILE, SCHEMA_FILE, export_neo4j_import
from hubtrace.graph import open_store
from hubtrace.graph.errors import GraphMissing
from hubtrace.graph.store import GraphStore
from hubtrace.ingest.load import load
from tests.graph.test_copying import fill
from tests.graphs import Contents, contents
from tests.ingest.load.test_load import small_family
from tests.neo4j.server import FromMaven
from tests.stores import SharedServer, open_bolt

pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Override the fixture of the same name: these tests wait for a server to start."""


@pytest.fixture
def stopped(shared_server: SharedServer) -> Iterator[FromMaven]:
    """A server of the tests' version that was never started, and has no database yet."""
    if not isinstance(shared_server.get(), FromMaven):
        pytest.skip("only the servers from Maven's jars come with the importer")
    server = FromMaven(started=False)
    yield server
    server.stop()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[GraphStore]:
    with open_store(str(tmp_path / "graph.kgl")) as store:
        yield store


def _imported(
    embedded: GraphStore, server: FromMaven, folder: Path, patch: pytest.MonkeyPatch
) -> GraphStore:
    """Export, run the written script, start the server, and open its database."""
    nodes, relationships = export_neo4j_import(embedded, folder)
    path = f"{server.admin_program().parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", folder / COMMAND_FILE],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert f"{nodes} nodes" in done.stdout
    assert f"{relationships} relationships" in done.stdout
    server.start()
    return open_bolt(server, patch)


@pytest.mark.faults  # a minute: the importer and the server are two more Javas
def test_a_hostile_graph_is_imported_unchanged_and_up_to_date(
    embedded: GraphStore, stopped: FromMaven, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(embedded)
    with embedded.write() as writer:
        # Longer than the 4 MiB that the importer reads at once.
        writer.put_nodes("Commit", pa.table({"sha": ["long"], "subject": ["x" * 5_000_000]}))
    snapshot = small_family(tmp_path / "snapshot")
    load(snapshot, embedded)
    with _imported(embedded, stopped, tmp_path / "import", monkeypatch) as imported:
        with pytest.raises(GraphMissing):
            imported.run("MATCH (n) RETURN n")
        run_script(stopped, tmp_path / "import" / SCHEMA_FILE)
        assert_same(contents(imported), contents(embedded))
        again = load(snapshot, imported)
        assert (again.new_families, again.new_projects) == (0, 0)
        assert_same(contents(imported), contents(embedded))


def run_script(server: FromMaven, script: Path) -> None:
    """Run the statements of a file, as cypher-shell does."""
    auth = (server.user, server.password)
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver, driver.session() as session:
        for line in script.read_text().splitlines():
            if not line.startswith("//"):
                session.run(line.removesuffix(";")).consume()


def assert_same(found: Contents, wanted: Contents) -> None:
    """Claim that two graphs are the same; only what differs is shown."""
    assert found[0] ^ wanted[0] == set()
    assert found[1] ^ wanted[1] == set()
