"""What goes wrong on a hub ends in a retry, or in one line that the same command mends."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from tests.hubs.demonstration import Demonstration
from tests.hubs.described import described, in_graph
from tests.hubs.faults import Fault, endless, huge, redirect, reset, status, truncate
from tests.hubs.wire import Logged
from tests.hubtrace.conftest import Call
from tests.hubtrace.live import ALL, let_in, requests, whole

_ELSEWHERE = "http://elsewhere.example.org/x"
_MEGABYTES = 450
"""Of the whole of hubtrace with both clients and the engine. Measured: 202 undisturbed, 296 with a
model of 100,000 files, 200 with the others."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    monkeypatch.setattr("hubtrace.hub_settings.time.sleep", lambda _: None)
    with Demonstration(tmp_path / "world") as world:
        let_in(world, monkeypatch)
        yield world


def _equals(world: Demonstration) -> bool:
    with open_store("hubtrace.kgl") as store:
        return in_graph(store) == described(world)


def test_what_fails_once_is_asked_again(call: Call, world: Demonstration) -> None:
    kinds = {logged.kind for logged in _log(call, world)} - {"git", "lost"}
    for fault in (status(502), reset(), truncate()):
        for kind in kinds:
            for hub in (world.github, world.hub):
                hub.faults.inject(kind, fault, times=1)
    whole(call, "--snapshot", "again")
    assert _equals(world)


def _log(call: Call, world: Demonstration) -> list[Logged]:
    whole(call, "--no-load")
    return [*world.github.log, *world.hub.log]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("git", status(502)), pytest.param("refs", status(500), marks=pytest.mark.faults)],
    ids=["git", "refs"],
)
def test_what_fails_for_good_is_mended_by_the_same_command(
    call: Call, world: Demonstration, kind: str, fault: Fault
) -> None:
    world.hub.faults.inject(kind, fault)
    broken = call("ingest", *ALL)
    assert broken.code == 2
    failed = [line for line in broken.err.splitlines() if line.startswith("failed: ")]
    assert len(failed) >= 11
    assert "run the same command again to retry" in broken.err
    assert "Traceback" not in broken.err
    world.hub.faults.clear()
    whole(call)
    assert _equals(world)


def test_what_is_too_long_is_cut_and_said_to_be(call: Call, world: Demonstration) -> None:
    world.hub.faults.inject("file", huge())
    answer = call("ingest", "acme/atlas-7b", "--no-load", "--format", "json")
    assert answer.code == 0, answer.err
    assert "cut: acme/atlas-7b: only the beginning of README.md is kept" in answer.err
    assert answer.json()["cut"] == ["acme/atlas-7b: only the beginning of README.md is kept"]


def test_another_host_is_not_asked(call: Call, world: Demonstration) -> None:
    world.github.faults.inject("tags", redirect(_ELSEWHERE))
    answer = call("ingest", "github.com/acme-lab/atlas")
    assert answer.code == 2
    (failed,) = (line for line in answer.err.splitlines() if line.startswith("failed: "))
    assert "acme-lab/atlas" in failed
    assert "elsewhere.example.org" in failed


@pytest.mark.faults
@pytest.mark.parametrize("trouble", ["card", "pages", "redirect", "tree"])
def test_memory_and_time_stay_bounded(world: Demonstration, tmp_path: Path, trouble: str) -> None:
    if trouble == "card":
        world.hub.faults.inject("file", huge())
        world.github.faults.inject("readme", huge())
    elif trouble == "pages":
        for kind in ("tags", "branches", "releases", "pulls"):
            world.github.faults.inject(kind, endless())
    elif trouble == "redirect":
        world.hub.faults.inject("resolve", redirect(_ELSEWHERE))
        world.github.faults.inject("tags", redirect(_ELSEWHERE))
    else:
        many = {b"f/%d" % number: b"x" for number in range(100_000)}
        world.model("acme/atlas-7b").git.commit(many, at=1_610_000_000)
    done = subprocess.run(
        [sys.executable, "-m", "hubtrace", "ingest", "acme/atlas-7b"],
        cwd=tmp_path,
        env={**os.environ, "HUBTRACE_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert "cut: " in done.stderr or "failed: " in done.stderr
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert used < _MEGABYTES, f"{used:.0f} MB"
    assert sum(requests(world).values()) < 11_000
