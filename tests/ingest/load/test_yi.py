"""Real data: the commits on the Hub whose titles name a commit of 01-ai/Yi, and that repository.

`../shared/data/labelled/hf.jsonl` holds the titles. `HUBTRACE_YI` names a clone of
https://github.com/01-ai/Yi (bare or not); nothing of it is copied into these tests.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.evidence import in_repository, references_in
from hubtrace.ingest.load import load
from hubtrace.ingest.records import Commit, HostData, ProjectMetadata, Text
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import Cursor
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.queries.catalogue import ask
from tests.ingest.readings import reading

LABELLED = Path(__file__).parents[4] / "shared" / "data" / "labelled" / "hf.jsonl"
YI = Project(
    "https://github.com/01-ai/yi", Side.UPSTREAM, "01-ai/Yi", "https://github.com/01-ai/Yi"
)
TITLE = re.compile(r"Auto Sync from git://github\.com/01-ai/Yi\.git/commit/([0-9a-f]{40})")


@pytest.fixture(scope="module")
def labelled() -> list[dict[str, Any]]:
    if not LABELLED.exists():
        pytest.skip("no ../shared/data/labelled/hf.jsonl beside the project")
    return [json.loads(line) for line in LABELLED.read_text().splitlines()]


@pytest.fixture(scope="module")
def clone() -> Path:
    if not os.environ.get("HUBTRACE_YI"):
        pytest.skip("HUBTRACE_YI names no clone of https://github.com/01-ai/Yi")
    return Path(os.environ["HUBTRACE_YI"])


def in_titles(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return (commit on the Hub, commit on GitHub) as the titles say, by a plain pattern."""
    matches = ((row["commit_id"], TITLE.fullmatch(row["title"])) for row in rows)
    return {(commit, match[1]) for commit, match in matches if match}


def test_exactly_the_titles_that_name_a_commit_are_found(labelled: list[dict[str, Any]]) -> None:
    found = {
        (row["commit_id"], reference.sha)
        for row in labelled
        for reference in references_in(f"{row['title']}\n\n{row['message']}")
        if reference.project == "https://github.com/01-ai/Yi"
    }
    assert found == in_titles(labelled)
    assert len(found) == 3


def variants(rows: list[dict[str, Any]]) -> Iterator[tuple[Project, list[Commit]]]:
    """Yield the variants of the titles, each with its labelled commits in a row."""
    for name in sorted({row["variant"] for row in rows}):
        url = f"https://huggingface.co/{name}"
        commits: list[Commit] = []
        for at, row in enumerate(row for row in rows if row["variant"] == name):
            message = f"{row['title']}\n\n{row['message']}"
            parents = tuple(commit.sha for commit in commits[-1:])
            named = references_in(message)
            made = Commit(row["commit_id"], parents, "", "", at, at, row["title"], references=named)
            commits.append(made)
        yield Project(url.lower(), Side.DOWNSTREAM, name, url), commits


def test_they_exist_in_the_history_and_are_joined_in_the_graph(
    store: GraphStore, tmp_path: Path, clone: Path, labelled: list[dict[str, Any]]
) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        source = GitSource(tmp_path / "cache")
        writer.write_project(source.read(YI, str(clone), Cursor()), "git")
        for project, commits in variants(labelled):
            writer.write_project(reading(project, commits), "test")
        load(writer.snapshot, store)
    rows = ask(store, "references").data()
    assert {(row["from_sha"], row["to_sha"]) for row in rows} == in_titles(labelled)
    assert {row["repository"] for row in rows} == {YI.key}
    found = ask(store, "evidence", repository="01-ai/Yi").data()
    assert {row["name"] for row in found if row["method"] == "commit_reference"} == {
        row["variant"] for row in labelled if TITLE.fullmatch(row["title"])
    }
    assert all(row["reason"] is None for row in found if row["method"] == "commit_reference")


def test_its_own_workflow_and_readme_name_its_variants(clone: Path) -> None:
    def text(path: str) -> str:
        shown = ["git", "-C", str(clone), "show", f"HEAD:{path}"]
        return subprocess.run(shown, capture_output=True, check=True).stdout.decode()

    workflow = ".github/workflows/sync_files.yml"
    texts = (
        Text("readme", "README.md", None, text("README.md")),
        Text("workflow", workflow, None, text(workflow)),
    )
    found = in_repository(
        "01-ai/Yi", replace(HostData(ProjectMetadata("1", "01-ai/Yi")), texts=texts)
    )
    published = {name for name, one in found if one.method == "ci_workflow"}
    sizes = ("6B", "6B-200K", "6B-Chat", "6B-Chat-4bits", "6B-Chat-8bits", "9B", "9B-200K", "34B")
    chats = ("34B-200K", "34B-Chat", "34B-Chat-4bits", "34B-Chat-8bits")
    assert published == {f"01-ai/Yi-{size}" for size in (*sizes, *chats)}
    sure = {name for name, one in found if one.method == "readme_link" and one.reason is None}
    assert sure == published | {"01-ai/Yi-VL-34B", "01-ai/Yi-VL-6B"}
