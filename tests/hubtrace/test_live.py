"""The whole way on the loopback hubs: from names to a graph that equals the described world."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.ingest.discovery import Bounds
from tests.hubs.demonstration import Demonstration
from tests.hubs.described import FAMILIES, described, in_graph
from tests.hubtrace.conftest import Call
from tests.hubtrace.live import GITHUB_TOKEN, HUB_TOKEN, let_in, requests, whole

_LISTS = {"readme", "contents", "blobs", "tree", "resolve", "file", "paper", "commits", "git"}
"""What is asked for only where something has changed."""

AURORA = "borealis-ai/aurora-v1"
_MEMBERSHIP = """
MATCH (v:Variant)-[l:LINKS_TO]->(r:Repository) WHERE l.role = 'upstream' RETURN r.name, v.name
"""
"""What the graph says of membership, by content and commits too."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    with Demonstration(tmp_path / "world") as world:
        let_in(world, monkeypatch)
        yield world


def test_the_graph_equals_the_world(call: Call, world: Demonstration) -> None:
    answer = whole(call)
    assert "read 16 projects of 3 families" in answer.err
    nodes, edges = described(world)
    with open_store("hubtrace.kgl") as store:
        found_nodes, found_edges = in_graph(store)
        rests = store.run(_MEMBERSHIP).rows()
    assert found_nodes == nodes
    assert found_edges == edges
    members = {(name, member) for name in FAMILIES for member in FAMILIES[name]}
    assert set(rests) == members | {("dusk/lost", "dusk/lost-1b")}  # which is gone


def test_a_second_time_nothing_is_read_again(call: Call, world: Demonstration) -> None:
    whole(call)
    requests(world)
    again = whole(call)
    assert "0 new commits, 16 projects unchanged" in again.err
    assert "0 of 3 families and 0 of 16 projects were new or changed" in again.err
    asked = {logged.kind: logged.status for logged in world.github.log + world.hub.log}
    counted = requests(world)
    assert counted.pop("resolve") == 1  # the card of a gated model: it may have been opened
    assert not _LISTS & counted.keys(), counted
    # One conditional request per list, one for a repository that is gone, and the owners' lists.
    assert counted["branches"] == counted["tags"] == counted["releases"] == counted["pulls"] == 3
    assert counted["repository"] == 3 + 1
    assert counted["model"] == counted["refs"] == 12
    assert counted["models"] == 3
    assert {asked[kind] for kind in ("branches", "tags", "releases", "pulls", "refs")} == {304}


def test_a_first_time_costs_a_fixed_number_of_requests(call: Call, world: Demonstration) -> None:
    many = world.repository("acme-lab/atlas")
    for number in range(230):
        many.git.commit({b"log": b"%d" % number}, at=1_620_000_000 + number)
    whole(call, "--no-git", "--workers", 1)
    counted = requests(world)
    assert "git" not in counted
    assert counted["repository"] == 3 + 1 + 1  # one that is gone, one redirect
    for kind in ("branches", "tags", "releases", "pulls", "readme"):
        assert counted[kind] == 3, kind
    commits = 3 + 2 + 1  # pages of 100 for a history of 230 commits, and one for each other ref
    assert counted["commits"] <= 12 + 2 * commits + 3


def test_a_list_that_is_cut_is_said_to_be(
    call: Call, world: Demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtrace.ingest.discovery.Bounds", partial(Bounds, models=2))
    answer = call("ingest", "github.com/acme-lab/atlas", "--no-load", "--format", "json")
    assert answer.code == 0, answer.err
    said = "the models of acme: only the first 2 are taken"
    assert f"cut: {said}" in answer.err
    assert said in json.loads(answer.out)["cut"]


def test_what_hubs_forget_is_kept(call: Call, world: Demonstration) -> None:
    whole(call)
    world.a_month_later()
    second = whole(call)
    for line in (
        "atlas-foundation/atlas: transferred (acme-lab/atlas → atlas-foundation/atlas)",
        "cirrus/nimbus: gone (not found)",
        "echo/silent: gone (not found)",
        "borealis/aurora-base: gone",
        "borealis/aurora-mini: renamed (borealis/aurora-small → borealis/aurora-mini)",
        "acme/atlas-7b: gated (auto)",
        "acme/atlas-7b-chat: history rewritten refs/heads/main",
    ):
        assert line in second.err
    body = call("history", "acme/atlas-7b-chat", "--format", "json").json()
    assert [event["kind"] for event in body["events"]] == ["history_rewritten"]
    assert len(body["vanished"]) == 2
    for old, new in (
        ("acme-lab/atlas", "atlas-foundation/atlas"),
        ("borealis/aurora-small", "borealis/aurora-mini"),
    ):
        events = call("history", new, "--format", "json").json()["events"]
        assert [(event["before"], event["after"]) for event in events] == [(old, new)]
    third = whole(call)
    assert "0 new commits, 16 projects unchanged" in third.err
    families = call("query", "families", "--format", "json").json()["rows"]
    assert {row["family"] for row in families} == set(FAMILIES)


def test_what_is_said_goes_before_what_is_found(call: Call, world: Demonstration) -> None:
    call("ingest", "acme/atlas-1b", "acme/atlas-7b", "--no-load")
    # Nothing but its family's repository speaks for the first: it is asked with it.
    alone = call("ingest", "acme/atlas-1b", "--no-load")
    assert "family acme-lab/atlas: 1 variant by readme_link" in alone.err
    said = call("ingest", "acme/atlas-7b", "--upstream", "github.com/borealis-ai/aurora-v1")
    assert said.code == 0, said.err
    with open_store("hubtrace.kgl") as store:
        found = store.run("MATCH (f:Family)-[:RELEASES]->(v) RETURN f.name, v.name").rows()
        upstream = store.run("MATCH (f:Family)-[:UPSTREAM]->(r) RETURN r.key ORDER BY r.key")
    assert set(found) == {("acme-lab/atlas", "acme/atlas-1b"), (AURORA, "acme/atlas-7b")}
    assert upstream.rows()[1] == ("https://github.com/borealis-ai/aurora",)


def test_content_alone_makes_a_member(call: Call, world: Demonstration) -> None:
    same = {b"notes/train.py": b"step 4"}  # as in acme-lab/atlas, and nowhere else
    world.model("echo/silent").git.commit(same, at=1_605_000_000)
    first = whole(call, "--format", "json")
    assert "family acme-lab/atlas: echo/silent too, by same_blob" in first.err
    (adopted,) = first.json()["adopted"]
    assert (adopted["variant"], adopted["method"]) == ("echo/silent", "same_blob")
    (row,) = (row for row in first.json()["families"] if row["family"] == "acme-lab/atlas")
    assert (row["variants"], "same_blob" in row["evidence"]) == (5, True)
    again = whole(call)
    assert "too, by" not in again.err
    assert "0 of 3 families and 0 of 16 projects were new or changed" in again.err
    with open_store("hubtrace.kgl") as store:
        found = store.run(
            "MATCH (f:Family)-[:RELEASES]->(v:Variant) WHERE v.name = 'echo/silent' RETURN f.name"
        )
    assert found.rows() == [("acme-lab/atlas",)]
    assert "echo/silent" not in call("flags").out


def test_no_token_is_written_or_printed(call: Call, world: Demonstration, tmp_path: Path) -> None:
    answers = [whole(call, "--format", "json"), call("doctor", "--format", "json")]
    printed = [answer.out + answer.err for answer in answers]
    kept = [file.read_bytes() for file in (tmp_path / "here").rglob("*") if file.is_file()]
    kept += [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    for token in (GITHUB_TOKEN, HUB_TOKEN):
        assert any(token in str(logged.headers) for logged in world.github.log + world.hub.log)
        assert not any(token in text for text in printed)
        assert not any(token.encode() in content for content in kept)


def test_what_came_in_is_told_to_programs(call: Call, world: Demonstration) -> None:
    body = json.loads(whole(call, "--format", "json").out)
    assert {row["family"]: row["variants"] for row in body["families"]} == {
        name: len(members) for name, members in FAMILIES.items()
    }
    roles = {reason["variant"]: reason["role"] for reason in body["reasons"]}
    assert roles["thebits/atlas-7b-gguf"] == "derived"
    assert roles["echo/silent"] is None
    assert roles["acme/atlas-1b"] == "upstream"
