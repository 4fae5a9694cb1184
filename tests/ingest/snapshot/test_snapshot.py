"""A snapshot holds what was seen, whatever happens while it is written."""

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hubtrace.graph.errors import SnapshotCorrupt, SnapshotError, SnapshotLocked, SourceError
from hubtrace.ingest.change_types.rules import version as rules
from hubtrace.ingest.records import Commit, Event, Family, Observation, Release, Text, Upstream
from hubtrace.ingest.snapshot import ProjectHistory, Snapshot, SnapshotWriter
from hubtrace.ingest.snapshot.format import without_email
from hubtrace.ingest.snapshot.writer import snapshot_hash
from hubtrace.ingest.source import Cursor
from tests.ingest.host_data import VARIANT_DATA, with_data
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, commit, reading, sha

FAMILY = Family("f", (Upstream(REPOSITORY.key, ("src",)),), (VARIANT.key,), {"lag": "x"}, NOW)
A, B, C = commit("a", paths=["x"]), commit("b", "a", paths=["y", "z"]), commit("c", "b")


def _files(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


def _shas(path: Path) -> list[str]:
    project = Snapshot(path).project(REPOSITORY.key)
    assert project is not None
    shas: list[str] = project.commits(["sha"])["sha"].to_pylist()
    return shas


def test_what_was_written_is_read(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        written = writer.write_project(reading(REPOSITORY, [A, B], main="b", v1="a"), "git")
        writer.write_family(FAMILY)
    assert (written.commits, written.changed, written.events) == (2, True, ())
    snapshot = Snapshot(tmp_path / "s")
    assert snapshot.families() == [FAMILY]
    project = snapshot.project(REPOSITORY.key)
    assert project is not None
    assert project.project == REPOSITORY
    assert project.last == reading(REPOSITORY, [], main="b", v1="a").observation
    assert project.commits().select(["sha", "parents", "authored_at", "subject"]).to_pylist() == [
        {"sha": sha("a"), "parents": [], "authored_at": 1_000, "subject": "Do a"},
        {"sha": sha("b"), "parents": [sha("a")], "authored_at": 1_000, "subject": "Do b"},
    ]
    assert project.changes()["path"].to_pylist() == ["x", "y", "z"]
    assert snapshot.verify() == []
    assert snapshot.project("https://github.com/nobody/here") is None


def test_looks_gather_into_few_generations_and_nothing_is_lost(tmp_path: Path) -> None:
    """Each look reads what all before it left: joined, so that many cost little more than few."""
    looks = 34
    before: ProjectHistory | None = None
    with SnapshotWriter(tmp_path) as writer:
        for number in range(looks):
            made = commit(f"c{number}", *([f"c{number - 1}"] if number else []), paths=["x"])
            told = with_data(
                reading(VARIANT, [made], main=f"c{number}"),
                replace(VARIANT_DATA, cut=(str(number),)),
                at=NOW + number,
            )
            written = writer.write_project(told, "live")
            assert (written.commits, written.events) == (1, ())
            held = writer.snapshot.project(VARIANT.key)
            assert held is not None
            assert len(held.pointer.generations) < 17
            if number == 15 and before is not None:  # this look joined what a reader may be reading
                assert before.commits().num_rows == 15
            before = held
    assert before is not None
    assert [seen.observed_at for seen in before.observations] == [NOW + n for n in range(looks)]
    assert [answer.details.cut for answer in before.answers] == [(str(n),) for n in range(looks)]
    assert before.commits(["sha"])["sha"].to_pylist() == [sha(f"c{n}") for n in range(looks)]
    assert before.change_types(rules()) is not None
    assert Snapshot(tmp_path).verify() == []


def test_reading_on_adds_only_what_is_new(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        assert writer.cursor(REPOSITORY.key) == Cursor()
        writer.write_project(reading(REPOSITORY, [A, B], main="b"), "git")
        seen = reading(REPOSITORY, [], main="b").observation
        assert writer.cursor(REPOSITORY.key) == Cursor((sha("b"),), seen)
        # A source that has lost its cache gives old commits again.
        written = writer.write_project(reading(REPOSITORY, [A, B, C], main="c"), "git")
    assert written.commits == 1
    assert _shas(tmp_path) == [sha("a"), sha("b"), sha("c")]


def test_an_unchanged_project_gets_no_generation_but_the_new_moment(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
        again = reading(REPOSITORY, [], main="a", observed_at=NOW + 5)
        assert not writer.write_project(again, "git").changed
    (project,) = Snapshot(tmp_path).projects()
    assert len(project.pointer.generations) == 1
    assert project.pointer.observed_at == NOW + 5
    assert project.last.observed_at == NOW


def test_rewritten_deleted_and_moved_refs_are_recorded(tmp_path: Path) -> None:
    after = reading(REPOSITORY, [C], main="c", v1="b", observed_at=NOW + 1)
    orphan = replace(C, parents=())
    with SnapshotWriter(tmp_path) as writer:
        before = reading(REPOSITORY, [A, B], main="b", gone="a", v1="a", v2="a")
        writer.write_project(before, "git")
        written = writer.write_project(replace(after, commits=iter([orphan])), "git")
    at = NOW + 1
    assert written.events == (
        Event("branch_deleted", at, "refs/heads/gone", sha("a"), None),
        Event("history_rewritten", at, "refs/heads/main", sha("b"), sha("c")),
        Event("tag_moved", at, "refs/tags/v1", sha("a"), sha("b")),
        Event("tag_deleted", at, "refs/tags/v2", sha("a"), None),
    )
    (project,) = Snapshot(tmp_path).projects()
    assert project.events == written.events


def test_moving_forward_is_no_event(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
        written = writer.write_project(reading(REPOSITORY, [B, C], main="c", new="b"), "git")
    assert written.events == ()


def test_compacting_keeps_everything(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A, B], main="b", gone="a"), "git")
        writer.write_project(reading(REPOSITORY, [C], main="c", observed_at=NOW + 1), "git")
        (before,) = Snapshot(tmp_path).projects()
        kept = before.commits(), before.changes(), before.observations, before.events
        assert writer.compact() == 1
        assert writer.compact() == 0
    (after,) = Snapshot(tmp_path).projects()
    assert (after.commits(), after.changes(), after.observations, after.events) == kept
    assert sorted(path.name for path in after.folder.iterdir()) == ["3", "current.json"]
    assert Snapshot(tmp_path).verify() == []


def test_a_source_that_fails_half_way_leaves_the_project_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[Commit]:
        yield B
        raise SourceError("the connection was dropped")

    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
        before = _files(tmp_path)
        half = replace(reading(REPOSITORY, [], main="b"), commits=broken())
        with pytest.raises(SourceError, match="dropped"):
            writer.write_project(half, "git")
        assert _files(tmp_path) == before


@pytest.mark.parametrize("leftover", ["2.partial/commits.parquet", "2/project.json", ".current.1"])
def test_what_a_kill_left_is_not_read_and_is_removed(tmp_path: Path, leftover: str) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
    (project,) = Snapshot(tmp_path).projects()
    path = project.folder / leftover
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"half")
    assert _shas(tmp_path) == [sha("a")]
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [B], main="b"), "git")
    assert _shas(tmp_path) == [sha("a"), sha("b")]
    assert not path.exists() or path.read_bytes() != b"half"


def test_every_changed_byte_is_found_and_named(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A, B], main="b"), "git")
        writer.write_family(FAMILY)
    files = [f for f in tmp_path.rglob("*") if f.suffix in (".parquet", ".json")]
    assert len(files) == 8
    for file in files:
        if file.name in ("manifest.json", "snapshot.json"):
            continue
        content = file.read_bytes()
        for position in (0, len(content) // 2, len(content) - 1):
            changed = bytearray(content)
            changed[position] ^= 1
            file.write_bytes(changed)
            (problem,) = Snapshot(tmp_path).verify()
            assert str(file) in problem
        file.write_bytes(content)
    (tmp_path / "snapshot.json").write_text("{}")
    with pytest.raises(SnapshotCorrupt, match=r"snapshot\.json"):
        Snapshot(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
    (file,) = tmp_path.rglob("commits.parquet")
    file.unlink()
    (problem,) = Snapshot(tmp_path).verify()
    assert str(file) in problem


def test_a_snapshot_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    from hubtrace.ingest.snapshot.format import write_sealed

    write_sealed(tmp_path / "snapshot.json", {"format": 99, "id": "x"})
    with pytest.raises(SnapshotError, match="newer hubtrace"):
        Snapshot(tmp_path)
    with pytest.raises(SnapshotError, match="newer hubtrace"):
        SnapshotWriter(tmp_path)


def test_a_second_writer_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    with (
        SnapshotWriter(tmp_path),
        pytest.raises(SnapshotLocked, match=f"by process {os.getpid()}"),
    ):
        SnapshotWriter(tmp_path)


def test_a_folder_of_others_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SnapshotError, match="not a snapshot, and not empty"):
        SnapshotWriter(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_writer_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s"):
        pass
    assert not (tmp_path / "s").exists()
    with pytest.raises(SnapshotError, match="no snapshot at"):
        Snapshot(tmp_path / "s")


def test_email_addresses_are_nowhere_in_a_snapshot(tmp_path: Path) -> None:
    authors = [
        replace(A, author_name="ada@example.org", author_email="ada@example.org"),
        replace(B, author_name="Ada <ada@example.org>", author_email="ADA@example.org"),
        replace(C, author_email="7+ada-l@users.noreply.github.com"),
    ]
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, authors, main="c"), "git")
    (project,) = Snapshot(tmp_path).projects()
    rows = project.commits(["author", "contributor"]).to_pylist()
    assert [row["author"] for row in rows] == ["", "Ada", "Ada"]
    assert rows[0]["contributor"] == rows[1]["contributor"]
    assert rows[0]["contributor"].startswith("hmac:")
    assert rows[2]["contributor"] == "github.com:ada-l"
    # Parquet compresses, so what it holds is looked for in its rows, not in its bytes.
    held = repr(project.commits().to_pylist()).encode() + b"".join(_files(tmp_path).values())
    assert b"example.org" not in held
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_addresses_in_prose_are_left_out_and_those_of_earlier_versions_by_compacting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Text("card", "README.md", None, "Mail bob@example.org")
    release = Release("v1", "For bob@example.org", None)
    details = replace(VARIANT_DATA, texts=(card,), releases=(release,))
    told = with_data(reading(VARIANT, [A], main="a"), details)
    told = replace(told, commits=iter([replace(A, subject="Thank bob@example.org")]))
    without = ["Mail (e-mail)", "For (e-mail)", "Thank (e-mail)"]

    def texts(project: ProjectHistory | None) -> list[str]:
        assert project is not None
        told = [answer.details for answer in project.answers]
        answers = [text.text for details in told for text in details.texts]
        answers += [release.name for details in told for release in details.releases]
        return [*answers, *project.commits(["subject"])["subject"].to_pylist()]

    with SnapshotWriter(tmp_path / "new") as writer:
        writer.write_project(told, "live")
        assert texts(writer.snapshot.project(VARIANT.key)) == without
    # What an earlier version wrote: nothing matches, so nothing is left out.
    monkeypatch.setattr("hubtrace.graph.text._PROSE", re.compile("(?!)"))
    told = replace(told, commits=iter([replace(A, subject="Thank bob@example.org")]))
    with SnapshotWriter(tmp_path / "old") as writer:
        writer.write_project(told, "live")
    monkeypatch.undo()
    with SnapshotWriter(tmp_path / "old") as writer:
        writer.compact()
        assert "bob@example.org" in texts(writer.snapshot.project(VARIANT.key))[0]
        assert writer.compact(redact=True) == 1
        assert texts(writer.snapshot.project(VARIANT.key)) == without
    assert Snapshot(tmp_path / "old").verify() == []


def test_two_snapshots_do_not_share_their_hmac_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        with SnapshotWriter(tmp_path / name) as writer:
            writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
        (project,) = Snapshot(tmp_path / name).projects()
        keys.add(project.commits(["contributor"])["contributor"][0].as_py())
    assert len(keys) == 2


def test_names_without_addresses_are_left_alone() -> None:
    assert without_email("Ada @ Lovelace Ltd") == "Ada @ Lovelace Ltd"
    assert without_email("Ada") == "Ada"
    assert without_email("a" * 1_000_000 + " @") == "a" * 1_000_000 + " @"  # hours, if quadratic
    assert without_email("a" * 1_000_000 + "@example.org Ada") == "Ada"


def test_a_source_without_commits_or_parents_is_fine(tmp_path: Path) -> None:
    seen = Observation(NOW, None, (), ancestry=False)
    with SnapshotWriter(tmp_path) as writer:
        empty = replace(reading(REPOSITORY, [], default=None), observation=seen)
        assert writer.write_project(empty, "study").changed
    (project,) = Snapshot(tmp_path).projects()
    assert project.commits().num_rows == project.changes().num_rows == 0
    assert project.last == seen


def test_the_manifest_tells_what_is_held_and_the_hash_what_changed(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [A], main="a"), "git")
        writer.write_family(FAMILY)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["families"] == ["f"]
    held = manifest["projects"][REPOSITORY.key]
    assert held["heads"] == [sha("a")]
    assert held["generations"][0]["files"].keys() == {
        "changes.parquet",
        "commits.parquet",
        "project.json",
        "types.parquet",
    }
    before = snapshot_hash(Snapshot(tmp_path))
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(reading(REPOSITORY, [B], main="b"), "git")
    assert snapshot_hash(Snapshot(tmp_path)) != before


def test_a_shallow_history_is_replaced_when_more_of_it_is_seen(tmp_path: Path) -> None:
    cut = reading(REPOSITORY, [replace(B, parents=())], main="b")
    cut = replace(cut, observation=replace(cut.observation, shallow=True))
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(cut, "git")
        assert writer.cursor(REPOSITORY.key) == Cursor(), "read from the start"
        written = writer.write_project(reading(REPOSITORY, [A, B, C], main="c"), "git")
        assert (written.commits, written.events) == (2, ())
        assert writer.cursor(REPOSITORY.key).heads == (sha("c"),)
        for _ in range(2):
            (project,) = Snapshot(tmp_path).projects()
            parents = dict(
                zip(*(project.commits()[c].to_pylist() for c in ("sha", "parents")), strict=True)
            )
            assert parents == {sha("a"): [], sha("b"): [sha("a")], sha("c"): [sha("b")]}
            assert sorted(project.changes()["path"].to_pylist()) == ["x", "y", "z"]
            for table, read in (
                (project.commits(), project.commits),
                (project.changes(), project.changes),
            ):
                for name in (
                    table.column_names
                ):  # the rows are told by `sha`, also where it is not asked for
                    assert read([name]).equals(table.select([name]))
            writer.compact()


def test_the_source_is_closed_even_if_writing_fails(tmp_path: Path) -> None:
    closed = []

    def commits() -> Iterator[Commit]:
        try:
            yield A
            yield replace(B, authored_at=2**80)
        finally:
            closed.append(True)

    with SnapshotWriter(tmp_path) as writer, pytest.raises(OverflowError):
        writer.write_project(replace(reading(REPOSITORY, [], main="b"), commits=commits()), "git")
    assert closed
