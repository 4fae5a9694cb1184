"""A kill at any moment of an ingestion from the hubs: the same command finishes the same graph."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.ingest.snapshot import Snapshot
from tests.faults.killed import KILLED, events, run, run_for
from tests.faults.test_kill import DIFFERS
from tests.graphs import Contents, contents
from tests.hubs.demonstration import Demonstration
from tests.hubtrace.live import ALL, let_in


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with (
        pytest.MonkeyPatch.context() as environment,
        Demonstration(tmp_path_factory.mktemp("world")) as running,
    ):
        let_in(running, environment)
        yield running


def _ingest(place: Path, *more: str) -> list[str]:
    options = {"--snapshot": place / "s", "--graph": place / "g.kgl", "--cache": place / "cache"}
    return ["ingest", *ALL, *(str(part) for option in options.items() for part in option), *more]


def _graph(place: Path) -> Contents:
    """Return the graph, without what carries the snapshot's own key."""
    with open_store(str(place / "g.kgl")) as store:
        nodes, relationships = contents(store, without=DIFFERS | {"gone_at"})
    own = ("Contributor", "Snapshot")
    return (
        {node for node in nodes if node[0] not in own},
        {r for r in relationships if r[0] not in ("AUTHORED_BY", "SAME_PERSON")},
    )


@pytest.fixture(scope="module")
def undisturbed(
    world: Demonstration, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, Contents]:
    place = tmp_path_factory.mktemp("undisturbed")
    return events(_ingest(place)), _graph(place)


def _finish(place: Path, undisturbed: tuple[int, Contents]) -> None:
    done = run(_ingest(place))
    assert done.returncode == 0, done.stderr
    assert _graph(place) == undisturbed[1]
    assert Snapshot(place / "s").verify() == []
    assert not list((place / "s").rglob("*.partial"))


@pytest.mark.faults
def test_three_kills_in_a_row(
    world: Demonstration, tmp_path: Path, undisturbed: tuple[int, Contents]
) -> None:
    """The short campaign."""
    for moment in random.Random(3).sample(range(1, undisturbed[0]), 3):
        killed = run(_ingest(tmp_path), kill_at_event=moment)
        assert killed.returncode in (0, KILLED), killed.stderr
        if (tmp_path / "s" / "snapshot.json").exists():
            assert Snapshot(tmp_path / "s").verify() == []
    _finish(tmp_path, undisturbed)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(5))
def test_fifty_kills(
    world: Demonstration, tmp_path: Path, undisturbed: tuple[int, Contents], seed: int
) -> None:
    """Ten kills each, by the clock and by what is done: fifty together."""
    dice = random.Random(seed)
    began = time.monotonic()
    assert run(_ingest(tmp_path / "timing")).returncode == 0
    whole = time.monotonic() - began
    for number in range(10):
        if number % 2:
            run_for(_ingest(tmp_path), dice.uniform(0, whole))
        else:
            run(_ingest(tmp_path), kill_at_event=dice.randint(1, undisturbed[0]))
    _finish(tmp_path, undisturbed)


def test_ctrl_c_finishes_the_write_in_hand(
    world: Demonstration, tmp_path: Path, undisturbed: tuple[int, Contents]
) -> None:
    command = [sys.executable, "-m", "hubtrace", *_ingest(tmp_path, "--workers", "1")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob("s/projects/*/current.json")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted; run the same command again to continue" in said
    assert "Traceback" not in said
    snapshot = Snapshot(tmp_path / "s")
    assert snapshot.verify() == []
    assert 0 < len(list(snapshot.projects())) < 16
    assert not list((tmp_path / "s").rglob("*.partial"))
    _finish(tmp_path, undisturbed)
