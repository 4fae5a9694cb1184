"""Where no server can be had, a run says so in one line; where one is demanded, it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_WHICH = ["tests/graph/test_conformance.py", "-k", "bolt", "-p", "no:cacheprovider", "-n", "0"]


def _run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the conformance tests of the Bolt store where there is no Docker, Java or Maven."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    for name in ("NEO4J_URI", "HUBTRACE_BOLT_SERVER", "HUBTRACE_REQUIRE_NEO4J"):
        kept.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *_WHICH],
        cwd=_ROOT,
        env={**kept, "PATH": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.faults  # two more runs of pytest, of half a minute
def test_a_missing_server_is_one_line_and_green(tmp_path: Path) -> None:
    done = _run(tmp_path)
    skips = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert done.returncode == 0, done.stdout
    assert len(skips) == 1
    assert skips[0].endswith("no Neo4j: no Java")


@pytest.mark.faults
def test_a_demanded_server_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    done = _run(tmp_path, HUBTRACE_REQUIRE_NEO4J="1", PYTEST_ADDOPTS="-x")
    assert done.returncode == 1
    assert "no Neo4j: no Java (HUBTRACE_REQUIRE_NEO4J is set)" in done.stdout
