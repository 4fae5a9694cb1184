"""Projects are read in threads and written by one; what fails does not stop the others."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Hosts, Project, Side
from hubtrace.ingest.families import FamilyTarget, Target
from hubtrace.ingest.pipeline import ingest_families
from hubtrace.ingest.records import Commit, Observation, Ref, RefKind
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.source import Cursor, ProjectData
from hubtrace.ingest.workers import CancelToken

MANY = 12_000


def _sha(name: str, number: int) -> str:
    return f"{abs(hash((name, number))):040x}"[-40:]


class _Projects:
    """A source of projects with as many commits as their names say."""

    def __init__(self, *, wait_for: int = 1) -> None:
        self.together = threading.Barrier(wait_for)
        self.most = 0
        self._reading = 0
        self._lock = threading.Lock()

    def read(self, project: Project, location: str, cursor: Cursor) -> ProjectData:
        with self._lock:
            self._reading += 1
            self.most = max(self.most, self._reading)
        try:
            if "broken" in project.name:
                raise SourceError("it is broken")
            self.together.wait(10)
        finally:
            with self._lock:
                self._reading -= 1
        number = int(project.name.rpartition("-")[2])
        head = Ref("refs/heads/main", RefKind.BRANCH, _sha(project.name, 0))
        observed = Observation(7, head.name, (head,))
        return ProjectData(project, observed, self._commits(project.name, number))

    def _commits(self, name: str, number: int) -> Iterator[Commit]:
        for place in range(number):
            parents = (_sha(name, place + 1),) if place + 1 < number else ()
            yield Commit(_sha(name, place), parents, "A", "a@example.org", 5, 5, "s")


def _target(side: Side, name: str) -> Target:
    project = Hosts().project(side, name)
    return Target(project, project.url)


def _family(name: str, *variants: str, found: bool = False) -> FamilyTarget:
    upstream = (_target(Side.UPSTREAM, "o/code-3"),)
    return FamilyTarget(
        name, upstream, tuple(_target(Side.DOWNSTREAM, v) for v in variants), found=found
    )


def test_several_are_read_at_a_time_and_told_in_the_order_asked_for(tmp_path: Path) -> None:
    source = _Projects(wait_for=4)
    names = [f"o/model-{number}" for number in range(1, 8)]
    with SnapshotWriter(tmp_path / "s") as writer:
        result = ingest_families([_family("f", *names)], source, writer, workers=4)
    assert [project.name for project in result.projects] == ["o/code-3", *names]
    assert [written.commits for written in result.projects.values()] == [3, *range(1, 8)]
    assert source.most == 4
    assert Snapshot(tmp_path / "s").verify() == []


def test_one_that_fails_stops_no_other_and_a_stated_family_waits_for_it(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        stated, found = (
            _family("stated", "o/model-1", "o/broken-2"),
            _family("found", "o/model-2", "o/broken-2", found=True),
        )
        result = ingest_families([stated, found], _Projects(), writer)
        assert {project.name for project in result.failures} == {"o/broken-2"}
        assert result.families == ["found"]
        (family,) = writer.snapshot.families()
    assert family.variants == ("https://huggingface.co/o/model-2",)
    assert family.found


def test_a_long_history_is_written_whole(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        result = ingest_families([_family("f", f"o/model-{MANY}")], _Projects(), writer)
    assert result.commits == MANY + 3


def test_what_was_said_goes_before_what_was_found(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        source = _Projects()
        ingest_families([_family("found", "o/model-1", "o/model-2", found=True)], source, writer)
        ingest_families([_family("stated", "o/model-1")], source, writer)
        ingest_families([_family("found", "o/model-1", "o/model-3", found=True)], source, writer)
        members = {family.name: family.variants for family in writer.snapshot.families()}
    hub = "https://huggingface.co/o/model-"
    assert members == {"stated": (f"{hub}1",), "found": (f"{hub}2", f"{hub}3")}


def test_ctrl_c_waits_for_the_write_in_hand(tmp_path: Path) -> None:
    stop, received = CancelToken(), []

    def show(what: str, done: int, total: int | None) -> None:
        received.append(what)
        if done:
            stop.cancel()  # as the handler of the signal does, while a project is written

    with SnapshotWriter(tmp_path / "s") as writer:
        family = _family("f", "o/model-1", "o/model-2")
        with pytest.raises(KeyboardInterrupt):
            ingest_families([family], _Projects(), writer, show, workers=1, stop=stop)
        assert [history.project.name for history in writer.snapshot.projects()] == ["o/code-3"]
        assert writer.snapshot.families() == []
    assert Snapshot(tmp_path / "s").verify() == []
    assert received


def test_ctrl_c_ends_a_thread_that_reads_and_whoever_waits() -> None:
    stop = CancelToken()
    with pytest.raises(KeyboardInterrupt):
        stop.cancel()
    ended: list[bool] = []

    def read() -> None:
        try:
            stop.reading(lambda *_: None)("cloning", 1, None)
        except KeyboardInterrupt:
            ended.append(True)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert ended == [True]
    stop.reading(lambda *_: None)("reading what is written", 1, None)  # in the main thread
    with pytest.raises(KeyboardInterrupt):
        stop.waiting(lambda *_: None)("waiting for a rate limit", 1, None)


def test_other_names_and_validators_are_remembered(tmp_path: Path) -> None:
    project = Hosts().project(Side.DOWNSTREAM, "o/model-1")
    old = "https://huggingface.co/o/old"
    target = Target(project, project.url, aliases=(old,), validators={"other:o/x": "1"})
    with SnapshotWriter(tmp_path / "s") as writer:
        ingest_families([], _Projects(), writer, alone=[target])
        assert writer.key_of_alias(old) == project.key
        assert writer.cursor(project.key).validators == {"other:o/x": "1"}
        again = replace(target, aliases=(), validators={})
        ingest_families([], _Projects(), writer, alone=[again])
        assert writer.key_of_alias(old) == project.key
