"""An audit as of T is the same before and after later looks, whatever was found (decision 0053)."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph.format import timestamp
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.live import LiveSource
from tests.hubs.worlds import START, World
from tests.hubtrace.conftest import Call

DAY = 86_400
MAIN = "refs/heads/main"
KINDS = ("commit", "commit", "back", "branch", "merge", "force", "squash", "delete", "reset")


class Sides:
    """A repository and a model, changed at random, and looked at now and then."""

    def __init__(self, folder: Path, call: Call, clock: Callable[[int], None], seed: int) -> None:
        self.code, self.model = World(folder / "code"), World(folder / "model")
        self._call, self._clock, self.random = call, clock, random.Random(seed)
        self.day = 0

    def change(self, world: World, kind: str) -> None:
        """Do one thing to one side."""
        self.day += self.random.choice((1, 3, 20))
        at = START + DAY * (self.day - (self.random.choice((5, 30)) if kind == "back" else 0))
        path = self.random.choice((b"a.py", b"b.py", b"c/d.py"))
        files = {path: b"the content %d of a file\n" % self.random.randrange(6) * 9}
        message = b"change"
        if world is self.model and self.code.commits and self.random.random() < 0.3:
            message = b"built from acme/code@" + self.random.choice(self.code.commits).encode()
        topics = sorted(name for name in world.tips if name != MAIN)
        if not world.commits or kind in ("commit", "back"):
            world.commit(files, at=at, message=message)
        elif kind == "branch":
            name = f"refs/heads/t{len(world.commits)}"
            parents = [self.random.choice(world.commits)]
            world.commit(files, ref=name, parents=parents, at=at, message=message)
        elif kind == "merge" and topics and MAIN in world.tips:
            parents = [world.tips[MAIN], world.tips[self.random.choice(topics)]]
            world.commit(files, parents=parents, at=at, message=b"merge")
        elif kind == "force":
            world.commit(files, parents=[self.random.choice(world.commits)], at=at)
        elif kind == "squash":
            world.commit(files, parents=[], at=at, message=b"squash")
        elif kind == "delete" and topics:
            world.branch(self.random.choice(topics), None)
        elif kind == "reset":
            world.branch(MAIN, self.random.choice(world.commits))

    def look(self, *more: str) -> None:
        """Read both sides, a day later."""
        self.day += 1
        self._clock(START + self.day * DAY)
        code, model = f"acme/code={self.code.path}", f"acme/model={self.model.path}"
        family = "--family", "fam", "--upstream", code, "--variant", model
        assert self._call("ingest", *(more or family)).code == 0

    def audit(self, revision: str, until: int) -> Any:
        """Return the whole audit but the digest of the snapshot, which compaction changes."""
        model, at = f"acme/model@{revision}", timestamp(START + until * DAY)
        found = json.loads(self._call("audit", model, "--until", at, "--format", "json").out)
        del found["method"]["snapshots"]
        return found

    def answers(self, looks: list[list[tuple[bool, str]]], between: Callable[[int], None]) -> None:
        """Change and look in turns; what was answered is answered after each further look."""
        asked: dict[tuple[str, int], Any] = {}
        for number, changes in enumerate(looks):
            for is_model, kind in (*changes, (True, "commit")):
                self.change(self.model if is_model else self.code, kind)
            self.look()
            between(number)
            for (revision, day), answer in asked.items():
                assert self.audit(revision, day) == answer, (revision, day, number)
            revision = self.random.choice(self.model.commits)
            asked[revision, self.day] = self.audit(revision, self.day)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the time at which sources are read."""

    def set_clock(now: int) -> None:
        for source in (LiveSource, GitSource):
            defaults: dict[str, Any] = source.__init__.__kwdefaults__ or {}
            monkeypatch.setitem(defaults, "clock", lambda: now)

    return set_clock


CHANGES = st.lists(st.tuples(st.booleans(), st.sampled_from(KINDS)), min_size=1, max_size=5)


@pytest.mark.faults
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(looks=st.lists(CHANGES, min_size=2, max_size=4), seed=st.integers(0, 10**6))
def test_no_later_look_changes_an_audit(
    call: Call,
    set_clock: Callable[[int], None],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    looks: list[list[tuple[bool, str]]],
    seed: int,
) -> None:
    """Random histories on both sides, looked at several times, compacted now and then."""
    folder = tmp_path_factory.mktemp("sides")
    monkeypatch.chdir(folder)
    sides = Sides(folder, call, set_clock, seed)

    sides.answers(looks, lambda number: _compact(call) if number % 2 else None)


def test_a_rewritten_history_changes_no_audit_of_before(
    call: Call, set_clock: Callable[[int], None], tmp_path: Path
) -> None:
    """The short form of the property: a branch, a squash and a force-push, compacted."""
    sides = Sides(tmp_path, call, set_clock, 7)
    first = [(False, "commit"), (True, "commit"), (False, "branch")]
    sides.answers(
        [first, [(False, "squash"), (True, "force")]],
        lambda _: _compact(call),
    )


def _compact(call: Call) -> None:
    assert call("snapshot", "compact", "hubtrace-snapshot").code == 0
