"""ArcadeDB instead of Neo4j: another server that speaks Bolt, as a package from PyPI.

    make arcadedb               run the tests of the Bolt store on it
    pytest -p tests.neo4j.arcadedb …    the same by hand, with HUBTRACE_BOLT_SERVER=arcadedb

The package brings its own Java, and it logs into the working directory.
"""

import importlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.neo4j.artifacts import Unavailable, free_port

_PACKAGE = "arcadedb_embedded"
_DATABASE = "hubtrace"
_ROOT = Path(__file__).parents[2]
_NO_COLUMNS = "it does not tell the columns of an answer without rows"

DIFFERENCES = {
    "test_rows_come_as_dictionaries_values_frames_tables_and_graphs[bolt]": _NO_COLUMNS,
    "test_no_families_at_all_have_no_rows_but_columns[bolt]": _NO_COLUMNS,
    "test_columns_and_values_are_those_that_the_header_declares[bolt-assessments]": _NO_COLUMNS,
    **{
        f"test_columns_and_values_are_those_that_the_header_declares[bolt-{name}]": _NO_COLUMNS
        for name in ("commit_places", "trace_blob", "trace_commit", "trace_references")
    },
    "test_a_question_that_takes_too_long_is_ended": "it limits the length of a range instead",
}
"""Tests that it cannot pass, and why: the one list of skips."""


class FromArcadeDB:
    """A server in a process of its own, in a folder that goes with it."""

    user = "root"
    database: str | None = _DATABASE

    def __init__(self) -> None:
        if importlib.util.find_spec(_PACKAGE) is None:
            raise Unavailable("ArcadeDB is not installed; its dependency group is `arcadedb`")
        self.password = secrets.token_hex(16)
        port = free_port()
        self.uri = f"bolt://127.0.0.1:{port}"
        self._home = Path(tempfile.mkdtemp(prefix="hubtrace-arcadedb-"))
        with (self._home / "out").open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(port), str(free_port())],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self._home,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
            )
        assert self._process.stdin
        self._process.stdin.write(f"{self.password}\n".encode())
        self._process.stdin.flush()

    def running(self) -> bool:
        """Return True while its process lives."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self._home, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what it cannot pass."""
    for item in items:
        if item.name in DIFFERENCES:
            item.add_marker(pytest.mark.skip(reason=f"ArcadeDB: {DIFFERENCES[item.name]}"))


def _serve(bolt_port: int, http_port: int) -> None:
    """Serve an empty database until standard input ends; the password is its first line."""
    arcadedb = importlib.import_module(_PACKAGE)
    server = arcadedb.ArcadeDBServer(
        root_path="root",
        root_password=sys.stdin.readline().strip(),
        config={
            "http_port": http_port,
            "bolt_port": bolt_port,
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        },
        jvm_kwargs={"heap_size": "1g"},
    )
    server.start()
    server.create_database(_DATABASE)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
