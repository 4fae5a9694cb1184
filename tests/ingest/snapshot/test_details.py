"""What hosts tell is kept: the last of it whole, its changes as events, its names as aliases."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.errors import SnapshotCorrupt
from hubtrace.graph.text import to_text
from hubtrace.ingest.records import Event, Family, Text, TreeFile
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.snapshot.format import from_json
from hubtrace.ingest.source import ProjectData
from hubtrace.ingest.sources.live import gone_reading
from tests.ingest.host_data import REPOSITORY_DATA, VARIANT_DATA, with_data
from tests.ingest.readings import NOW, REPOSITORY, VARIANT, commit, reading

BODY: dict[str, Any] = {"name": "f", "upstreams": [], "variants": []}


def upstream() -> ProjectData:
    return with_data(reading(REPOSITORY, [commit("a")], main="a"), REPOSITORY_DATA)


def downstream() -> ProjectData:
    return with_data(reading(VARIANT, [commit("b")], main="b"), VARIANT_DATA)


LATER = with_data(reading(REPOSITORY, [], main="a"), REPOSITORY_DATA, at=NOW + 9)


def test_what_was_told_comes_back_as_it_was(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(upstream(), "github")
        writer.write_project(downstream(), "huggingface")
        cursor = writer.cursor(REPOSITORY.key)
    snapshot = Snapshot(tmp_path)
    assert {p.project.key: p.details for p in snapshot.projects()} == {
        REPOSITORY.key: REPOSITORY_DATA,
        VARIANT.key: VARIANT_DATA,
    }
    assert snapshot.verify() == []
    assert (cursor.details, cursor.validators) == (REPOSITORY_DATA, {"etag": '"1"'})


def test_a_source_that_asks_no_host_leaves_what_was_told(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(upstream(), "github")
        later = reading(REPOSITORY, [commit("c", "a")], main="c", observed_at=NOW + 1)
        assert writer.write_project(later, "git").commits == 1
        assert writer.cursor(REPOSITORY.key).details == REPOSITORY_DATA
        writer.compact()
        assert writer.cursor(REPOSITORY.key).details == REPOSITORY_DATA


def test_other_download_counts_alone_change_nothing(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(downstream(), "huggingface")
        again = with_data(reading(VARIANT, [], main="b"), VARIANT_DATA, downloads=11, likes=2)
        assert not writer.write_project(again, "huggingface").changed
        tagged = with_data(reading(VARIANT, [], main="b"), VARIANT_DATA, downloads=11, task="other")
        assert writer.write_project(tagged, "huggingface").changed
        details = writer.cursor(VARIANT.key).details
    assert details is not None
    assert (details.facts.task, details.facts.downloads) == ("other", 11)


def test_what_happens_on_the_host_is_an_event(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"name": "p/r", "archived": True, "gated": "manual"}
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(upstream(), "github")
        moved = with_data(LATER, REPOSITORY_DATA, licence=None, **changes)
        url = "https://github.com/p/r"
        written = writer.write_project(
            replace(moved, project=replace(REPOSITORY, name="p/r", url=url)), "github"
        )
        assert set(written.events) == {
            Event("transferred", NOW + 9, "", "o/r", "p/r"),
            Event("archived", NOW + 9, "", None, None),
            Event("gated", NOW + 9, "", None, "manual"),
            Event("licence_changed", NOW + 9, "", "mit", None),
        }
        assert writer.key_of_alias(url) == REPOSITORY.key
        assert writer.key_of_alias("github.com#17") == REPOSITORY.key
        assert writer.key_of_alias("github.com#18") is None
    with SnapshotWriter(tmp_path) as writer:
        assert writer.key_of_alias(url) == REPOSITORY.key


def test_what_is_gone_stays_and_can_return(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(upstream(), "github")
        cursor = writer.cursor(REPOSITORY.key)
        gone = gone_reading(REPOSITORY, "not_found", NOW + 1, cursor)
        assert writer.write_project(gone, "github").events == (
            Event("gone", NOW + 1, "", None, "not_found"),
        )
        cursor = writer.cursor(REPOSITORY.key)
        still = gone_reading(REPOSITORY, "not_found", NOW + 2, cursor)
        assert not writer.write_project(still, "github").changed
        (history,) = writer.snapshot.projects()
        assert history.commits().num_rows == 1
        assert history.last.refs == upstream().observation.refs
        assert writer.write_project(LATER, "github").events == (
            Event("returned", NOW + 9, "", "not_found", None),
        )


def test_another_project_under_the_same_name_is_told_apart(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(upstream(), "github")
        other = with_data(LATER, REPOSITORY_DATA, host_id="18")
        events = writer.write_project(other, "github").events
    assert events == (Event("replaced", NOW + 9, "", "17", "18"),)


def test_logins_that_the_host_told_name_the_contributors(tmp_path: Path) -> None:
    commits = [commit("a"), commit("b", "a")]
    one = replace(reading(REPOSITORY, commits, main="b"), logins={commit("b").sha: "Ada-L"})
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(one, "github")
        (history,) = writer.snapshot.projects()
    known = history.commits(["sha", "contributor"]).to_pylist()
    keys = {row["sha"]: row["contributor"] for row in known}
    assert keys[commit("b").sha] == "github.com:ada-l"
    assert keys[commit("a").sha].startswith("hmac:")


def test_half_surrogates_of_a_host_and_escaped_bytes_come_back(tmp_path: Path) -> None:
    text = "\ud800 alone, \udcff too, and a byte of git: " + to_text(b"\xff")
    cards = (Text("card", "README.md", None, text),)
    odd = replace(VARIANT_DATA, texts=cards, cut=(text,))
    with SnapshotWriter(tmp_path) as writer:
        writer.write_project(with_data(reading(VARIANT, [], main="b"), odd), "huggingface")
    (history,) = Snapshot(tmp_path).projects()
    assert history.details == odd
    assert Snapshot(tmp_path).verify() == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({**BODY, "published": {}, "later": 1}, None),
        ({**BODY, "upstreams": [{"paths": []}]}, r"`project` - at `\$\.upstreams\[0\]`"),
        ({**BODY, "variants": "v"}, r"Expected `array`, got `str` - at `\$\.variants`"),
    ],
    ids=["more", "missing", "other"],
)
def test_json_is_checked_by_its_types_and_more_is_left_out(
    body: dict[str, Any], problem: str | None
) -> None:
    if problem is None:
        assert from_json(body, Family, Path("f.json")) == Family("f", (), ())
        return
    with pytest.raises(SnapshotCorrupt, match=rf"^f\.json does not fit the format: .*{problem}"):
        from_json(body, Family, Path("f.json"))


def test_compacting_keeps_all_that_a_host_said(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path) as writer:
        for number, task in enumerate(("one", "two", "three")):
            files = (TreeFile(f"{task}.bin", str(number) * 40, 3, str(number) * 64, 3),)
            said = replace(VARIANT_DATA, files=files)
            again = with_data(reading(VARIANT, [], main="b"), said, at=NOW + number, task=task)
            writer.write_project(again, "huggingface")
            if number:
                assert writer.compact() == 1
        history = writer.snapshot.project(VARIANT.key)
    assert history is not None
    assert len(history.pointer.generations) == 1
    told = [
        (seen.observed_at, said.facts.task, said.files[0].path) for seen, said in history.answers
    ]
    assert told == [
        (NOW, "one", "one.bin"),
        (NOW + 1, "two", "two.bin"),
        (NOW + 2, "three", "three.bin"),
    ]
    assert history.details == history.answers[-1].details
    assert Snapshot(tmp_path).verify() == []
