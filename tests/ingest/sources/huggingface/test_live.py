"""The life of a model, from fetch to fetch: read by git or without, kept in a snapshot."""

from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import NEW_COMMITS_UNREAD
from hubtrace.graph.urls import Hosts, Project, Side, key_of, origin_of, variant_url
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.snapshot.writer import Written
from hubtrace.ingest.source import ProjectGone
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.live import LiveSource
from tests.hubs import faults
from tests.hubs.huggingface import HuggingFaceHub, Model, pointer
from tests.ingest.sources.huggingface.conftest import NAME, TOKEN, Clock, host
from tests.ingest.worlds import blob_id

PROJECT = Project(key_of(variant_url(NAME)), Side.DOWNSTREAM, NAME, variant_url(NAME))


class Keeper:
    """A snapshot of the Hub's model, and one way to read it."""

    def __init__(self, hub: HuggingFaceHub, clock: Clock, folder: Path) -> None:
        self.hub, self.clock, self.folder = hub, clock, folder
        self.warnings: list[str] = []

    def fetch(self, *, git: bool = True, token: str | None = TOKEN) -> Written:
        """Read the model as one run does, a day after the last, and keep what came in."""
        self.clock.now += 86_400
        tokens = {origin_of(self.hub.url): token} if token else {}
        source = LiveSource(
            {Side.DOWNSTREAM: host(self.hub, self.clock, token)},
            GitSource(self.folder / "clones", tokens=tokens) if git else None,
            web=Hosts(),
            clock=lambda: self.clock.now,
        )
        self.hub.forget()
        with SnapshotWriter(self.folder / "snapshot") as writer:
            reading = source.read(PROJECT, PROJECT.url, writer.cursor(PROJECT.key))
            written = writer.write_project(reading, "live")
            self.warnings = reading.warnings
            kept = writer.snapshot.project(PROJECT.key)
        assert kept is not None
        self.kept = kept
        return written


@pytest.fixture
def keeper(hub: HuggingFaceHub, model: Model, clock: Clock, tmp_path: Path) -> Keeper:
    return Keeper(hub, clock, tmp_path / "kept")


def events(written: Written) -> list[tuple[str, str | None, str | None]]:
    return [(event.kind, event.before, event.after) for event in written.events]


def test_git_reads_every_ref_with_paths_and_no_large_file(keeper: Keeper, model: Model) -> None:
    assert keeper.fetch().commits == 3
    changes = {row["path"]: row["blob"] for row in keeper.kept.changes().to_pylist()}
    assert changes["w/model.bin"] == blob_id(pointer(b"w" * 5_000))
    assert keeper.hub.counts()["resolve"] == 1  # the card
    assert (keeper.warnings, keeper.kept.last.ancestry) == ([], True)


def test_an_unchanged_model_is_not_cloned_again(keeper: Keeper) -> None:
    keeper.fetch()
    assert keeper.hub.counts()["git"] > 0
    again = keeper.fetch()
    assert (again.commits, again.changed, again.events) == (0, False, ())
    assert keeper.hub.counts() == {"model": 1, "refs": 1, "discussions": 1}
    states = [entry for entry in keeper.hub.log if entry.kind != "discussions"]
    assert {entry.status for entry in states} == {304}


def test_what_is_squashed_stays(keeper: Keeper, model: Model) -> None:
    keeper.fetch()
    old = model.git.tips["refs/heads/main"]
    new = model.git.commit({b"README.md": b"# One\n"}, parents=[], message=b"Super-squash\n")
    written = keeper.fetch()
    assert events(written) == [("history_rewritten", old, new)]
    assert {old, new} <= set(keeper.kept.commits(["sha"])["sha"].to_pylist())


def test_a_model_that_is_renamed_hidden_and_deleted_keeps_its_key(
    keeper: Keeper, hub: HuggingFaceHub, model: Model
) -> None:
    keeper.fetch()
    hub.models.rename(NAME, "bob/two")
    assert events(keeper.fetch()) == [("transferred", NAME, "bob/two")]
    assert keeper.kept.project.key == PROJECT.key
    model.disabled = True
    assert events(keeper.fetch()) == [("gone", None, "disabled")]
    model.disabled, model.gated = False, "manual"
    model.readers.add("bob")
    assert events(keeper.fetch()) == [("returned", "disabled", None), ("gated", None, "manual")]
    hub.models.remove("bob/two")
    assert events(keeper.fetch()) == [("gone", None, "not_found")]
    assert keeper.kept.commits(["sha"]).num_rows == 3
    assert keeper.fetch().events == ()


def test_a_model_that_never_was_is_not_kept(keeper: Keeper, hub: HuggingFaceHub) -> None:
    hub.models.remove(NAME)
    with pytest.raises(ProjectGone):
        keeper.fetch()
    assert not (keeper.folder / "snapshot").exists()


def test_the_history_of_a_gated_model_is_read_although_its_files_are_not(
    keeper: Keeper, model: Model
) -> None:
    model.gated = "auto"
    assert keeper.fetch(token=None).commits == 2
    assert any("gated" in warning for warning in keeper.warnings)
    assert not keeper.kept.last.ancestry
    assert keeper.fetch(token=None).changed is False
    assert keeper.hub.counts() == {"model": 1, "refs": 1, "resolve": 1, "discussions": 1}
    model.readers.add("bob")
    assert keeper.fetch().commits == 1
    assert keeper.kept.last.ancestry
    details = keeper.kept.details
    assert details is not None
    assert len(details.texts) == 1


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/new", None])
def test_what_came_after_a_model_was_gated_is_said_not_to_be_read(
    keeper: Keeper, model: Model, ref: str | None
) -> None:
    def unread() -> bool:
        details = keeper.kept.details
        return details is not None and NEW_COMMITS_UNREAD in details.cut

    keeper.fetch()
    model.gated = "auto"
    if ref is not None:
        model.git.commit({b"README.md": b"# Elsewhere\n"}, ref=ref)
    for _ in range(2):
        keeper.fetch(token=None)
        assert unread() == (ref is not None)
    model.readers.add("bob")
    keeper.fetch()
    assert not unread()


def test_without_git_a_changed_model_costs_a_page_and_no_clone(
    keeper: Keeper, model: Model
) -> None:
    assert keeper.fetch(git=False).commits == 2
    assert keeper.hub.counts()["commits"] == 1
    assert keeper.fetch(git=False).changed is False
    assert keeper.hub.counts() == {"model": 1, "refs": 1, "discussions": 1}
    model.git.commit({b"y": b"y"})
    assert keeper.fetch(git=False).commits == 1
    assert keeper.hub.counts()["commits"] == 1
    assert "git" not in keeper.hub.counts()


def test_with_git_again_parents_and_side_branches_come_in(keeper: Keeper, model: Model) -> None:
    keeper.fetch(git=False)
    assert keeper.kept.commits(["parents"])["parents"].to_pylist() == [[], []]
    model.git.commit({b"y": b"y"})
    assert keeper.fetch().commits == 2  # the new one, and that of the pull request
    commits = {row["sha"]: row["parents"] for row in keeper.kept.commits().to_pylist()}
    first, second, on_pull_request, last = model.git.commits
    assert commits == {
        first: [],
        second: [first],
        on_pull_request: [first],
        last: [second],
    }
    assert keeper.fetch().changed is False


def test_a_failure_in_the_middle_leaves_all_as_it_was(
    keeper: Keeper, hub: HuggingFaceHub, model: Model
) -> None:
    keeper.fetch()
    model.git.commit({b"y": b"y"})
    for kind in ("model", "refs", "tree", "git"):
        hub.faults.inject(kind, faults.status(500))
        with pytest.raises(SourceError):
            keeper.fetch()
        hub.faults.clear()
    assert keeper.fetch().commits == 1
