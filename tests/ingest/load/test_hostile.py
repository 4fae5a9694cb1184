"""What hubs hold is data: messages, paths and branch names come out of a load as they went in."""

from dataclasses import replace
from pathlib import Path

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import to_bytes, to_text
from hubtrace.ingest.load import load
from hubtrace.ingest.records import Family, PathChange, Ref, RefKind, Text, Upstream
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.queries.catalogue import ask
from tests.graph.test_conformance import HOSTILE
from tests.ingest.host_data import VARIANT_DATA, with_data
from tests.ingest.readings import REPOSITORY, VARIANT, commit, reading, sha

TEXTS = [*HOSTILE, "${jndi:ldap://x}", "{{7*7}}", "MERGE (n) SET n.key = $key"]
RAW = b"caf\xe9 \xff\x00 `'\"})-[:X]->(\x1b[2J"


@pytest.mark.parametrize("text", [*TEXTS, to_text(RAW)], ids=lambda text: ascii(text[:16]))
def test_a_message_a_path_and_a_branch_are_found_unchanged(
    store: GraphStore, tmp_path: Path, text: str
) -> None:
    told = reading(REPOSITORY, [], main="a")
    branch = Ref(f"refs/heads/{text}", RefKind.BRANCH, sha("b"))
    commits = [
        replace(commit("a"), subject=text, author_name=text),
        replace(commit("b", "a", at=5), changes=(PathChange("A", text, sha("x"), "100644"),)),
    ]
    observed = replace(told.observation, refs=(*told.observation.refs, branch))
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(replace(told, observation=observed, commits=iter(commits)), "git")
        writer.write_project(reading(VARIANT, [commit("v")], main="v"), "git")
        scope = Upstream(REPOSITORY.key, (text,))
        writer.write_family(Family("f", (scope,), (VARIANT.key,)))
        loaded = load(writer.snapshot, store)
    assert loaded.commits == 3
    found = store.run(
        "MATCH (r:Repository)-[:HAS_COMMIT]->(c:Commit {subject: $text}) RETURN c.author", text=text
    )
    assert [author for (author,) in found.rows()] == [text]
    named = store.run("MATCH (b:Branch {name: $name}) RETURN b.head", name=f"refs/heads/{text}")
    assert named.rows() == [(sha("b"),)]
    scoped = "MATCH (f:Family)-[u:UPSTREAM]->() MATCH (f)-[:IN_SCOPE]->(c) RETURN u.paths, c.sha"
    assert store.run(scoped).rows() == [([text], sha("b"))]
    statuses = {row["branch"]: row["status"] for row in ask(store, "branch_status").data()}
    assert f"refs/heads/{text}" in statuses
    labels = "MATCH (n) RETURN count(n)"
    before = store.run(labels).evaluate()
    with SnapshotWriter(tmp_path / "s") as writer:
        again = load(writer.snapshot, store)
    assert (again.new_projects, store.run(labels).evaluate()) == (0, before)


def test_bytes_that_are_no_text_come_back_to_the_byte(store: GraphStore, tmp_path: Path) -> None:
    odd = replace(commit("a"), subject=to_text(RAW))
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(reading(REPOSITORY, [odd], main="a"), "git")
        load(writer.snapshot, store)
    assert to_bytes(store.run("MATCH (c:Commit) RETURN c.subject").evaluate()) == RAW


def test_a_card_that_breaks_its_parser_does_not_end_a_load(
    store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise AssertionError("unknown status keyword in marked section")

    card = Text("card", "README.md", None, "Code: https://github.com/o/r")
    told = with_data(
        reading(VARIANT, [commit("v")], main="v"), replace(VARIANT_DATA, texts=(card,))
    )
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.write_project(reading(REPOSITORY, [commit("a")], main="a"), "git")
        writer.write_project(told, "live")
        writer.write_family(Family("f", (Upstream(REPOSITORY.key),), (VARIANT.key,)))
        monkeypatch.setattr("markdown_it.MarkdownIt.parse", breaks)
        loaded = load(writer.snapshot, store)
    assert (loaded.projects, loaded.commits) == (2, 2)
    why = "is unreadable (AssertionError); what it says is not evidence"
    assert loaded.warnings == (f"o/v: README.md {why}",)
