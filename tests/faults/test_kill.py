"""A kill at any moment of ingest or load: the same command finishes with the same graph."""

import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.ingest.snapshot import Snapshot
from tests.faults.killed import KILLED, events, run, run_for
from tests.graphs import Contents, contents
from tests.ingest.worlds import World

# The moment of looking and the snapshot's own key differ from run to run.
DIFFERS = frozenset(
    {"observed_at", "first_observed_at", "looks", "fingerprint", "copies_fingerprint"}
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two families: a repository with branches each, and two variants."""
    folder = tmp_path_factory.mktemp("world")
    for name in ("code", "model", "model-chat", "other", "other-model"):
        made = World(folder / f"{name}.git")
        for number in range(12):
            made.commit({f"file {number % 5}".encode(): b"%d" % number})
        made.commit({b"left": b"behind"}, ref="refs/heads/topic", parents=[made.commits[3]])
        made.tag("v1", made.commits[5], annotated=True)
    (folder / "families.csv").write_text(
        "family,side,location\n"
        "one,upstream,acme/code=code.git\n"
        "one,variant,acme/model=model.git\n"
        "one,variant,acme/model-chat=model-chat.git\n"
        "two,upstream,acme/other=other.git\n"
        "two,variant,acme/other-model=other-model.git\n"
    )
    return folder


def _ingest(world: Path, place: Path) -> list[str]:
    options = {
        "--families": world / "families.csv",
        "--snapshot": place / "s",
        "--graph": place / "g.kgl",
        "--cache": place / "cache",
    }
    return ["ingest", *(str(part) for option in options.items() for part in option)]


def _graph(place: Path) -> Contents:
    """Return the graph but for the node of its snapshot, whose id is made by chance."""
    with open_store(str(place / "g.kgl")) as store:
        nodes, relationships = contents(store, without=DIFFERS)
    return {node for node in nodes if node[0] != "Snapshot"}, relationships


def _keyed(place: Path) -> Path:
    """Give a snapshot to come the key of all the others, so that its contributors are theirs."""
    (place / "s").mkdir()
    (place / "s" / "secret.key").write_bytes(bytes(32))
    return place


def _finish(arguments: Sequence[str]) -> None:
    done = run(arguments)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Contents]:
    """Return how many events an undisturbed run has, and its graph."""
    place = _keyed(tmp_path_factory.mktemp("undisturbed"))
    return events(_ingest(world, place)), _graph(place)


def _kill_and_finish(
    world: Path, place: Path, undisturbed: tuple[int, Contents], moments: Sequence[int]
) -> None:
    for moment in moments:
        assert run(_ingest(world, place), kill_at_event=moment).returncode in (0, KILLED)
        if (place / "s" / "snapshot.json").exists():
            assert Snapshot(place / "s").verify() == []
    _finish(_ingest(world, place))
    nodes, relationships = _graph(place)
    assert nodes ^ undisturbed[1][0] == set()
    assert relationships ^ undisturbed[1][1] == set()
    assert Snapshot(place / "s").verify() == []
    assert not list((place / "s").rglob("*.partial"))


@pytest.mark.faults
@pytest.mark.parametrize("part", range(6))
def test_a_kill_somewhere(
    world: Path, tmp_path: Path, undisturbed: tuple[int, Contents], part: int
) -> None:
    """One moment out of each sixth of the run."""
    sixth = undisturbed[0] // 6
    moment = random.Random(part).randint(part * sixth + 1, (part + 1) * sixth)
    _kill_and_finish(world, _keyed(tmp_path), undisturbed, [moment])


def test_three_kills_in_a_row(
    world: Path, tmp_path: Path, undisturbed: tuple[int, Contents]
) -> None:
    """The short campaign."""
    moments = random.Random(7).sample(range(1, undisturbed[0]), 3)
    _kill_and_finish(world, _keyed(tmp_path), undisturbed, moments)


@pytest.mark.faults
@pytest.mark.parametrize("residue", range(8))
def test_a_kill_at_every_event(
    world: Path,
    tmp_path_factory: pytest.TempPathFactory,
    undisturbed: tuple[int, Contents],
    residue: int,
) -> None:
    for moment in range(1 + residue, undisturbed[0] + 1, 8):
        place = _keyed(tmp_path_factory.mktemp("place"))
        _kill_and_finish(world, place, undisturbed, [moment])


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(40))
def test_kills_by_the_clock(
    world: Path, tmp_path: Path, undisturbed: tuple[int, Contents], seed: int
) -> None:
    """Kill at random moments, the engine's own writes among them, until one run gets through."""
    clock = random.Random(seed)
    (tmp_path / "timing").mkdir()
    began = time.monotonic()
    _finish(_ingest(world, tmp_path / "timing"))
    whole = time.monotonic() - began
    _keyed(tmp_path)
    for _ in range(5):
        run_for(_ingest(world, tmp_path), clock.uniform(0, whole))
    _kill_and_finish(world, tmp_path, undisturbed, [])
