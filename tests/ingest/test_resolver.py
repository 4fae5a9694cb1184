"""A project keeps its key through renames, and its name gives no key to whoever takes it."""

from dataclasses import replace
from pathlib import Path

import pytest

from hubtrace.graph.identity import Hosts, ProjectRef, Side, host_key
from hubtrace.ingest.records import Event, HostData, Observation, ProjectMetadata
from hubtrace.ingest.resolver import Resolver
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import Cursor, Fetched, ProjectData, ProjectGone

UP = Side.UPSTREAM
OLD, NEW = "https://github.com/o/old", "https://github.com/o/new"


class _GitHub:
    """Names and where they lead: to a present name and the host's own id."""

    def __init__(self, **names: tuple[str, str]) -> None:
        self.names = {f"o/{name}": leads_to for name, leads_to in names.items()}

    def fetch(self, _side: Side, name: str, _cursor: Cursor) -> Fetched:
        if name not in self.names:
            raise ProjectGone(name, "not_found")
        present, host_id = self.names[name]
        return Fetched(HostData(ProjectMetadata(host_id, present)), (), None, {})


def _hold(writer: SnapshotWriter, name: str, host_id: str, key: str | None = None) -> None:
    project = Hosts().project(UP, name)
    project = replace(project, key=key or project.key)
    details = HostData(ProjectMetadata(host_id, name))
    writer.write_project(
        ProjectData(project, Observation(1, None, ()), iter(()), details=details), "x"
    )


@pytest.fixture
def writer(tmp_path: Path) -> SnapshotWriter:
    return SnapshotWriter(tmp_path / "s")


def _find(writer: SnapshotWriter, github: _GitHub, name: str, *, linked: bool = False) -> str:
    finder = Resolver(github.fetch, writer, Hosts())
    found = (finder.find_linked if linked else finder.find)(ProjectRef(UP, name))
    return found.project.key


def test_a_project_that_nobody_saw_is_known_by_its_present_name(writer: SnapshotWriter) -> None:
    github = _GitHub(old=("o/new", "1"), new=("o/new", "1"))
    finder = Resolver(github.fetch, writer, Hosts())
    by_old, by_new = finder.find(ProjectRef(UP, "o/old")), finder.find(ProjectRef(UP, "o/new"))
    assert by_old.project == by_new.project
    assert (by_old.project.key, by_old.aliases) == (NEW, (OLD,))


def test_a_rename_keeps_the_key_by_either_name(writer: SnapshotWriter) -> None:
    _hold(writer, "o/old", "1")
    github = _GitHub(old=("o/new", "1"), new=("o/new", "1"))
    for name in ("o/old", "o/new"):
        assert _find(writer, github, name) == OLD
    assert writer.key_of_alias(host_key(UP, "1")) == OLD


def test_a_name_that_somebody_took_over_is_theirs_for_who_asks(writer: SnapshotWriter) -> None:
    _hold(writer, "o/old", "1")
    _hold(writer, "o/new", "1", key=OLD)  # renamed, then renamed again and the name taken
    _hold(writer, "o/newer", "1", key=OLD)
    github = _GitHub(new=("o/new", "2"), newer=("o/newer", "1"))
    assert _find(writer, github, "o/newer") == OLD
    assert _find(writer, github, "o/new") == NEW
    assert _find(writer, github, "o/new", linked=True) == OLD


def test_what_is_gone_is_as_it_was_last(writer: SnapshotWriter) -> None:
    _hold(writer, "o/old", "1")
    found = Resolver(_GitHub().fetch, writer, Hosts()).find(ProjectRef(UP, "o/old"))
    assert (found.project.key, found.details.gone) == (OLD, "not_found")
    with pytest.raises(ProjectGone):
        _find(writer, _GitHub(), "o/never")


def test_a_project_that_was_gone_when_first_asked_for_shows_nothing(
    writer: SnapshotWriter,
) -> None:
    _hold(writer, "o/old", "")
    with pytest.raises(ProjectGone):
        _find(writer, _GitHub(), "o/old")
    assert _find(writer, _GitHub(old=("o/old", "3")), "o/old") == OLD


def _keys(writer: SnapshotWriter, github: _GitHub, *names: str) -> list[str]:
    resolver = Resolver(github.fetch, writer, Hosts())
    found = [resolver.find(ProjectRef(UP, name)) for name in names]
    return [one.project.key for one in resolver.set_apart(found)]


@pytest.mark.parametrize("linked", [False, True])
def test_a_name_that_changed_hands_unseen_keeps_its_key(
    writer: SnapshotWriter, linked: bool
) -> None:
    _hold(writer, "o/old", "1")
    assert _find(writer, _GitHub(old=("o/old", "2")), "o/old", linked=linked) == OLD


def test_a_former_name_that_a_stranger_took_is_another_project(writer: SnapshotWriter) -> None:
    _hold(writer, "o/old", "1")
    _hold(writer, "o/new", "1", key=OLD)
    github = _GitHub(old=("o/old", "2"), new=("o/new", "1"))
    assert _find(writer, github, "o/old") == f"{OLD}#2"
    assert _find(writer, github, "o/new") == OLD
    assert _find(writer, github, "o/old", linked=True) == OLD
    _hold(writer, "o/old", "2", key=f"{OLD}#2")
    assert _find(writer, github, "o/old") == f"{OLD}#2"
    stranger = writer.snapshot.project(f"{OLD}#2")
    assert stranger is not None
    assert stranger.events == (Event("replaced", 1, "", "1", "2"),)


@pytest.mark.parametrize("names", [("o/old", "o/new"), ("o/new", "o/old")])
def test_of_two_that_come_at_once_the_one_with_the_id_keeps_the_key(
    writer: SnapshotWriter, names: tuple[str, str]
) -> None:
    _hold(writer, "o/old", "1")
    github = _GitHub(old=("o/old", "2"), new=("o/new", "1"))
    keys = dict(zip(names, _keys(writer, github, *names), strict=True))
    assert keys == {"o/new": OLD, "o/old": f"{OLD}#2"}


def test_a_replaced_project_seen_elsewhere_is_found_by_its_id(writer: SnapshotWriter) -> None:
    _hold(writer, "o/old", "1")
    _hold(writer, "o/old", "2")
    github = _GitHub(old=("o/old", "2"), new=("o/new", "1"), newer=("o/newer", "1"))
    assert _find(writer, github, "o/new") == NEW
    _hold(writer, "o/new", "1")
    assert _find(writer, github, "o/newer") == NEW
    assert _find(writer, github, "o/old") == OLD


def test_an_old_name_that_leads_nowhere_is_still_the_project(writer: SnapshotWriter) -> None:
    _hold(writer, "o/old", "1")
    _hold(writer, "o/new", "1", key=OLD)
    found = Resolver(_GitHub(new=("o/new", "1")).fetch, writer, Hosts()).find(
        ProjectRef(UP, "o/old")
    )
    assert (found.project.key, found.details.gone) == (OLD, None)


def test_an_id_that_is_seen_for_the_first_time_replaces_nothing(writer: SnapshotWriter) -> None:
    for details in (None, HostData(ProjectMetadata("", "o/old"), gone="not_found")):
        reading = ProjectData(Hosts().project(UP, "o/old"), Observation(1, None, ()), iter(()))
        writer.write_project(replace(reading, details=details), "git")
    _hold(writer, "o/old", "1")
    held = writer.snapshot.project(OLD)
    assert held is not None
    assert "replaced" not in [event.kind for event in held.events]
