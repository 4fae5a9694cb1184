"""A disk that is full: one sentence, exit code 2, nothing half-written, and the rerun finishes."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hubtrace.ingest.snapshot import Snapshot

SAMPLE = Path(__file__).parents[2] / "hubtrace" / "sample"


def _limited(arguments: list[str], bytes_per_file: int | None) -> subprocess.CompletedProcess[str]:
    """Run `hubtrace`; no file that it writes may grow beyond the limit, as on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if bytes_per_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_per_file, bytes_per_file))

    command = [sys.executable, "-m", "hubtrace", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)


@pytest.mark.parametrize(
    "limit", [1_000, *(pytest.param(limit, marks=pytest.mark.faults) for limit in (10, 20_000))]
)
def test_a_disk_that_fills_while_the_snapshot_is_written(tmp_path: Path, limit: int) -> None:
    place, graph = tmp_path / "s", tmp_path / "g.kgl"
    arguments = ["ingest", "--from-study", str(SAMPLE), "--snapshot", str(place)]
    arguments += ["--graph", str(graph)]
    full = _limited(arguments, limit)
    assert full.returncode == 2, full.stderr
    assert f"cannot write {place}" in full.stderr
    assert "Traceback" not in full.stderr
    assert not graph.exists()
    assert not list(tmp_path.rglob("*.partial"))
    if (place / "snapshot.json").exists():
        assert Snapshot(place).verify() == []
    done = _limited(arguments, None)
    assert done.returncode == 0, done.stderr
    assert len(Snapshot(place).families()) == 43


def test_a_disk_that_fills_while_the_graph_is_written(tmp_path: Path) -> None:
    place, graph = tmp_path / "s", tmp_path / "g.kgl"
    arguments = ["ingest", "--from-study", str(SAMPLE), "--snapshot", str(place)]
    arguments += ["--graph", str(graph)]
    full = _limited(arguments, 400_000)
    assert full.returncode == 2, full.stderr
    assert f"cannot write {graph}" in full.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]
    assert _limited(arguments, None).returncode == 0
