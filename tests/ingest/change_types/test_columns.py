"""A whole history at once comes to what its commits come to one by one."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.graph.store import GraphStore
from hubtrace.ingest.change_types import Changed, classify
from hubtrace.ingest.change_types.classifier import COLUMNS, classify_history
from hubtrace.ingest.change_types.rules import version
from hubtrace.ingest.load import load
from hubtrace.ingest.records import Commit, PathChange
from hubtrace.ingest.snapshot import ProjectHistory, SnapshotWriter
from tests.effort import examples
from tests.ingest.load.test_load import _write
from tests.ingest.readings import REPOSITORY, VARIANT, reading, sha

PATHS = (
    "README.md",
    "train.py",
    "model.safetensors",
    "config.json",
    "",
    "a/\U0010fe80",
    "tests/x.py",
)
SUBJECTS = ("Update README.md", "fix bug", "Merge branch 'a' into b", "Bump x from 1 to 2", "", "é")

COMMITS = st.lists(
    st.tuples(
        st.sampled_from(SUBJECTS),
        st.sampled_from(["Ada", "dependabot[bot]", ""]),
        st.lists(
            st.tuples(st.sampled_from("AMDT"), st.sampled_from(PATHS)), max_size=4, unique=True
        ),
    ),
    max_size=6,
)


@settings(max_examples=examples(50))
@given(st.sampled_from(["upstream", "downstream"]), COMMITS)
def test_columns_are_what_each_commit_gets(
    side: str, commits: list[tuple[str, str, list[tuple[str, str]]]]
) -> None:
    rows = pa.table(
        {
            "sha": pa.array([str(n) for n in range(len(commits))], pa.string()),
            "subject": pa.array([subject for subject, _, _ in commits], pa.string()),
            "author": pa.array([author for _, author, _ in commits], pa.string()),
        }
    )
    changed = [(str(n), *c) for n, (_, _, changes) in enumerate(commits) for c in changes]
    changed.append(("of no commit that was read", "A", "x"))
    changes = pa.table(
        {
            name: pa.array([row[place] for row in changed], pa.string())
            for place, name in enumerate(("sha", "status", "path"))
        }
    )
    told = classify_history(side, rows, changes)
    assert told.schema == COLUMNS
    for row, (subject, author, files) in zip(told.to_pylist(), commits, strict=True):
        one = classify(side, subject, [Changed(p, status) for status, p in files], author or None)
        assert row["change_types"] == list(one.types)
        assert (row["change_rule"], row["areas"]) == (one.rule, list(one.areas))
        assert row["bot"] == (one.bot if author or subject else None)


def test_without_paths_nobody_knows_the_types() -> None:
    rows = pa.table({"sha": ["1", "2"], "subject": ["fix", None], "author": ["Ada", None]})
    assert classify_history("upstream", rows, None).to_pylist() == [
        {"change_types": None, "change_rule": None, "areas": None, "bot": False},
        {"change_types": None, "change_rule": None, "areas": None, "bot": None},
    ]


def test_the_graph_tells_what_commits_changed(store: GraphStore, tmp_path: Path) -> None:
    load(
        _write(
            tmp_path / "s",
            reading(REPOSITORY, [_commit("a", "Fix loss", "train.py")], main="a"),
            reading(VARIANT, [_commit("b", "Upload README.md", "README.md", "x.bin")], main="b"),
        ),
        store,
    )
    question = (
        "MATCH (p)-[h:HAS_COMMIT]->() "
        "RETURN p.name, h.change_types, h.change_rule, h.areas, h.bot ORDER BY p.name"
    )
    assert store.run(question).rows() == [
        ("o/r", ["training infrastructure"], "file:training-code", ["code"], False),
        (
            "o/v",
            ["sharing", "external documentation"],
            "rule:hub-upload",
            ["weights", "docs"],
            False,
        ),
    ]
    unwound = (
        "MATCH (p)-[h:HAS_COMMIT]->() UNWIND h.change_types AS type_ "
        "RETURN type_, count(*) AS n ORDER BY type_"
    )
    assert store.run(unwound).rows() == [
        ("external documentation", 1),
        ("sharing", 1),
        ("training infrastructure", 1),
    ]


def _commit(name: str, subject: str, *paths: str) -> Commit:
    changes = tuple(PathChange("M", path, sha(path[:20]), "100644") for path in paths)
    return Commit(sha(name), (), "Ada", "ada@example.org", 1000, 1000, subject, changes)


def test_other_rules_give_other_types_at_the_next_load(
    store: GraphStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = _write(
        tmp_path / "s",
        reading(REPOSITORY, [_commit("a", "Fix loss", "train.py")], main="a"),
        reading(VARIANT, [_commit("b", "Upload it", "x.bin")], main="b"),
    )
    load(snapshot, store)
    assert load(snapshot, store).new_projects == 0
    with store.write() as writer:
        writer.run("MATCH (p)-[h:HAS_COMMIT]->() SET h.change_rule = 'an older rule'")
    monkeypatch.setattr("hubtrace.ingest.load.plan.rules_digest", lambda: "of older tables")
    load(snapshot, store)
    rules = store.run("MATCH (p)-[h:HAS_COMMIT]->() RETURN h.change_rule AS r ORDER BY r").rows()
    assert rules == [("file:training-code",), ("rule:hub-upload",)]


def test_types_are_kept_with_the_commits_as_a_load_would_tell_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, later = _commit("a", "Fix loss of a@b.org", "train.py"), _commit("b", "Release it")
    path = tmp_path / "s"
    _write(path, reading(REPOSITORY, [first], main="a"))
    snapshot = _write(path, reading(REPOSITORY, [replace(later, parents=(sha("a"),))], main="b"))

    def kept(rules: str) -> tuple[pa.Table | None, ProjectHistory]:
        (project,) = snapshot.projects()
        return project.change_types(rules), project

    for _ in range(2):
        types, project = kept(version())
        assert types is not None
        assert types.equals(classify_history("upstream", project.commits(), project.changes()))
        assert types["change_rule"].to_pylist() == ["file:training-code", "words:metadata"]
        assert kept("other rules")[0] is None
        with SnapshotWriter(path) as writer:
            assert writer.compact() in (0, 1)
    monkeypatch.setattr("hubtrace.ingest.snapshot.writer.version", lambda: "of older code")
    with SnapshotWriter(path) as writer:
        writer.compact(redact=True)
    assert kept(version())[0] is None, "told by other rules than today's"
    assert kept("of older code")[0] is not None
