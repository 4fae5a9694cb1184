"""A kill at any moment of ingest or load: the same command finishes with the same graph."""

import random
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph import open_store
from hubtrace.ingest.snapshot import Snapshot
from tests.effort import SEED
from tests.faults.killed import KILLED, events, run, run_for, run_fork
from tests.graphs import Contents, contents
from tests.ingest.worlds import World, git

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


_UNTIL = ("--until", "2022-01-01")
_WRITERS: dict[str, tuple[str, ...]] = {
    "load": ("load", "s", "--graph", "out.kgl"),
    "copy": ("copy", "g.kgl", "out.kgl"),
    "tag": ("tag", "--graph", "out.kgl", *_UNTIL),
    "compact": ("snapshot", "compact", "out"),
    "redact": ("snapshot", "compact", "out", "--redact"),
    "tables": ("export", "tables", "out", "--graph", "g.kgl", *_UNTIL),
    "shards": ("export", "neo4j-import", "out", "--graph", "g.kgl"),
    "graphml": ("export", "graphml", "out.graphml", "--graph", "g.kgl"),
    "node-link": ("export", "node-link", "out.json", "--graph", "g.kgl"),
    "report": ("report", "--graph", "g.kgl", "-o", "out", *_UNTIL, "-f", "parquet", "-f", "json"),
}
"""Everything that writes to disk beside `ingest`, to something called out."""
_MADE_AT = re.compile(rb'"made_at": \d+')
"""A report's own moment, which differs from run to run."""
_BY_THE_CLOCK = 10
"""Kills of each writer at times by chance: what the engine writes is no event of Python's."""


@pytest.fixture(scope="module")
def written(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a snapshot that was looked at several times, and its graph."""
    place = _keyed(tmp_path_factory.mktemp("written"))
    world = shutil.copytree(world, place / "world")
    for name in ("main", "later"):  # two looks, the second with one more branch
        git(world / "code.git", "update-ref", f"refs/heads/{name}", "refs/heads/main")
        _finish(_ingest(world, place))
    return place


def _in(folder: Path, command: Sequence[str], said: Path, **kill: Any) -> int | None:
    places = ("s", "g.kgl")
    arguments = [
        str(folder / one) if one in places or one.startswith("out") else one for one in command
    ]
    return run_fork(arguments, said, **kill)


def _begun(written: Path, folder: Path, command: Sequence[str]) -> None:
    """Lay out what a command reads, and what it replaces."""
    folder.mkdir()
    (folder / "g.kgl").symlink_to(written / "g.kgl")
    (folder / "s").symlink_to(written / "s")
    if command[0] == "snapshot":
        shutil.copytree(written / "s", folder / "out")
    elif command[0] == "tag":
        shutil.copy(written / "g.kgl", folder / "out.kgl")


def _state(folder: Path) -> dict[str, object]:
    """Return all that the outputs hold: graphs and snapshots by their contents."""
    held: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or "/out" not in str(path):
            continue
        name = str(path.relative_to(folder))
        if path.suffix == ".kgl":
            with open_store(str(path)) as store:
                held[name] = contents(store, without=DIFFERS | {"assessed_at"})
        elif not (folder / "out" / "snapshot.json").exists():
            held[name] = _MADE_AT.sub(b"", path.read_bytes())
    if (folder / "out" / "snapshot.json").exists():
        snapshot = Snapshot(folder / "out")
        assert snapshot.verify() == []
        held["snapshot"] = [
            (one.observations, one.events, one.answers, one.commits().to_pylist())
            for one in snapshot.projects()
        ]
    return held


@pytest.mark.faults
@pytest.mark.parametrize("writer", _WRITERS)
def test_a_kill_of_each_writer_leaves_the_old_or_the_new(
    written: Path, tmp_path: Path, writer: str
) -> None:
    command, said = _WRITERS[writer], tmp_path / "said"
    _begun(written, tmp_path / "whole", command)
    old = _state(tmp_path / "whole")
    began = time.monotonic()
    assert _in(tmp_path / "whole", command, said) == 0, said.read_text()
    whole = time.monotonic() - began
    count, new = int(said.read_text().rpartition("events: ")[2]), _state(tmp_path / "whole")
    kills, clock = 0, random.Random(writer + SEED)
    moments: list[dict[str, Any]] = [{"kill_at_event": n + 1} for n in range(count)]
    moments += [{"kill_after": clock.uniform(0, whole)} for _ in range(_BY_THE_CLOCK)]
    for number, moment in enumerate(moments):
        folder = tmp_path / str(number)
        _begun(written, folder, command)
        kills += _in(folder, command, said, **moment) == KILLED
        for name, held in _visible(folder).items():
            assert held in (old.get(name), new.get(name)), f"{writer} {moment}: {name}"
        again = _in(folder, command, said)
        if again:  # a folder that was whole before the kill is not written to
            assert "it is not empty" in said.read_text(), f"{writer} {moment}: {said.read_text()}"
        assert _visible(folder) == new
        shutil.rmtree(folder)
    print(f"{kills} kills of {writer}")


def _visible(folder: Path) -> dict[str, object]:
    """Return the state without locks and temporary files, which a kill leaves beside a target."""
    return {
        name: held
        for name, held in _state(folder).items()
        if not any(part.startswith(".") for part in Path(name).parts) and ".writer" not in name
    }
