"""What a fetch tells, what it costs, and what a second one costs."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.urls import Hosts, Project, Side, key_of
from hubtrace.ingest.records import Asset, ProjectMetadata, PullHead, Ref, RefKind, Release, Text
from hubtrace.ingest.snapshot import SnapshotWriter
from hubtrace.ingest.source import Previous, ProjectGone
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.schemas import ListedRepository
from hubtrace.ingest.sources.live import LiveSource
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.ingest.sources.github.helpers import FIRST, UNCHANGED, again, fetch_twice, many_commits
from tests.ingest.worlds import START, blob_id


def test_a_look_tells_all_that_is_there(host: GitHubHost, repository: Repository) -> None:
    fetched = host.fetch("01-ai/yi", Previous())
    first, side, main = repository.git.commits
    assert fetched.details.facts == ProjectMetadata(
        host_id="2",
        name="01-ai/Yi",
        default_branch="refs/heads/main",
        created_at=START,
        pushed_at=repository.pushed_at,
        licence="apache-2.0",
        description="A model",
        homepage="https://01.ai",
        tags=("llm", "yi"),
        fork_of="base/Origin",
        likes=3,
    )
    assert fetched.refs == (
        Ref("refs/heads/main", RefKind.BRANCH, main),
        Ref("refs/heads/side", RefKind.BRANCH, side),
        Ref("refs/tags/v1", RefKind.TAG, first),
    )
    assert fetched.default_branch == "refs/heads/main"
    workflow = b"on: push"
    readme = b"# Yi \xff"
    assert fetched.details.texts == (
        Text("readme", "README.md", blob_id(readme), "# Yi \U0010feff"),
        Text("workflow", ".github/workflows/sync.yml", blob_id(workflow), workflow.decode()),
    )
    digest = "sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
    assert fetched.details.releases == (
        Release("v3", "", START, (Asset("old.bin", 1, None),)),
        Release("v1", "One", START + 5, (Asset("w.bin", 7, digest),)),
    )
    states = ("open", "closed", "merged")
    assert fetched.details.pulls == tuple(
        PullHead(n, s, side, "main") for n, s in enumerate(states, 1)
    )
    assert (fetched.details.gone, fetched.details.cut, fetched.warnings) == (None, (), ())


def test_a_first_look_costs_a_fixed_number_of_requests(host: GitHubHost, hub: GitHubHub) -> None:
    fetched = host.fetch("01-ai/Yi", Previous())
    assert hub.counts() == {**FIRST, "blobs": 1}
    assert sum(FIRST.values()) == 7
    assert not fetched.same_refs


def test_an_unchanged_repository_costs_one_free_request_per_list(
    host: GitHubHost, hub: GitHubHub
) -> None:
    fetched = host.fetch("01-ai/Yi", Previous())
    hub.forget()
    second = host.fetch("01-ai/Yi", again(fetched))
    assert hub.counts() == UNCHANGED
    assert {logged.status for logged in hub.log} == {304}
    assert second.same_refs
    assert second == replace(fetched, same_refs=True, warnings=())


CHANGES: list[tuple[str, dict[str, int]]] = [
    ("release", {}),
    ("pull", {}),
    ("tag", {}),
    ("branch", {}),
    ("star", {}),
    ("other file", {"readme": 1, "contents": 1}),
    ("readme", {"readme": 1, "contents": 1}),
    ("workflow", {"readme": 1, "contents": 1, "blobs": 1}),
]


@pytest.mark.parametrize(("what", "more"), CHANGES)
def test_what_has_changed_is_asked_for_and_nothing_else(
    host: GitHubHost, hub: GitHubHub, repository: Repository, what: str, more: dict[str, int]
) -> None:
    seen = again(host.fetch("01-ai/Yi", Previous()))
    _change(repository, what)
    hub.forget()
    fetched = host.fetch("01-ai/Yi", seen)
    assert hub.counts() == {**UNCHANGED, **more}
    fresh = host.fetch("01-ai/Yi", Previous())
    assert (fetched.details, fetched.refs) == (fresh.details, fresh.refs)
    assert fetched.same_refs == (what in ("release", "pull", "star"))


def _change(it: Repository, what: str) -> None:
    files: dict[str, dict[bytes, Any]] = {
        "other file": {b"c": b"3"},
        "readme": {b"README.md": b"# New"},
        "workflow": {b".github/workflows/b.yaml": b"on: pull_request"},
    }
    if what == "release":
        it.release("v4", assets={"new.bin": b"n"})
    elif what == "pull":
        latest = max(pull.updated_at for pull in it.pulls)
        it.pulls[0].state, it.pulls[0].updated_at = "merged", latest + 50
        it.pull(it.git.commits[0], at=latest + 60)
    elif what == "tag":
        it.git.tag("v9", it.git.commits[-2])
    elif what == "branch":
        there = "refs/heads/side" in it.git.tips
        it.git.branch("refs/heads/side", None if there else it.git.commits[0])
    elif what == "star":
        it.stars += 1
    elif what == "archive":
        it.archived = not it.archived
    elif what == "licence":
        it.licence = "mit" if it.licence is None else None
    elif what == "rewrite":
        it.git.branch("refs/heads/main", it.git.commits[0])
    elif what in files:
        it.git.commit(files[what])


@pytest.mark.parametrize("seed", range(2))
def test_a_look_at_what_changed_tells_what_a_first_look_tells(
    host: GitHubHost, repository: Repository, world: GitHubWorld, seed: int
) -> None:
    chance = random.Random(seed)
    fetched = host.fetch("01-ai/Yi", Previous())
    whats = [*(what for what, _ in CHANGES), "archive", "licence", "rename", "nothing", "rewrite"]
    for _ in range(10):
        for what in chance.sample(whats, chance.randrange(1, 4)):
            _change(repository, what)
            if what == "rename":
                world.rename(repository.name, f"01-ai/Yi-{chance.randrange(1_000)}")
        fetched = host.fetch("01-ai/Yi", again(fetched))
        fresh = host.fetch("01-ai/Yi", Previous())
        assert (fetched.details, fetched.refs) == (fresh.details, fresh.refs)
        assert fetched.default_branch == fresh.default_branch


def test_only_pull_requests_updated_since_are_read(
    host: GitHubHost, hub: GitHubHub, repository: Repository
) -> None:
    side = repository.git.commits[1]
    for number in range(4, 351):
        repository.pulls.append(type(repository.pulls[0])(number, side, "open", START + number))
    fetched = host.fetch("01-ai/Yi", Previous())
    assert hub.counts()["pulls"] == 4
    assert [pull.number for pull in fetched.details.pulls] == list(range(1, 351))
    repository.pulls[0].state, repository.pulls[0].updated_at = "closed", START + 1_000
    hub.forget()
    later = host.fetch("01-ai/Yi", again(fetched))
    assert hub.counts()["pulls"] == 1
    assert later.details.pulls == (PullHead(1, "closed", side, "main"), *fetched.details.pulls[1:])


def test_a_push_beyond_the_first_hundred_branches_is_seen(
    host: GitHubHost, hub: GitHubHub, repository: Repository
) -> None:
    first, side, _ = repository.git.commits
    for number in range(150):
        repository.git.branch(f"refs/heads/b{number:03}", first)
    fetched = host.fetch("01-ai/Yi", Previous())
    hub.forget()
    assert host.fetch("01-ai/Yi", again(fetched)).same_refs
    assert hub.counts() == UNCHANGED
    repository.git.branch("refs/heads/side", first)
    moved = host.fetch("01-ai/Yi", again(fetched))
    assert set(fetched.refs) - set(moved.refs) == {Ref("refs/heads/side", RefKind.BRANCH, side)}
    assert set(moved.refs) - set(fetched.refs) == {Ref("refs/heads/side", RefKind.BRANCH, first)}


def test_a_renamed_repository_is_found_under_its_new_name(
    host: GitHubHost, hub: GitHubHub, world: GitHubWorld
) -> None:
    fetched = host.fetch("01-ai/Yi", Previous())
    world.rename("01-ai/Yi", "other/Yi-2")
    hub.forget()
    moved = host.fetch("01-ai/Yi", again(fetched))
    assert moved.details.facts.name == "other/Yi-2"
    assert moved.details.facts.host_id == fetched.details.facts.host_id
    assert hub.counts()["repository"] == 2  # the old name, and where it leads
    assert all("/repos/other/Yi-2/" in entry.target for entry in hub.log[2:])


def test_another_repository_of_the_name_inherits_nothing(
    host: GitHubHost, world: GitHubWorld
) -> None:
    fetched = host.fetch("01-ai/Yi", Previous())
    world.rename("01-ai/Yi", "01-ai/Old-Yi")
    other = world.repository("01-ai/Yi")
    other.git.commit({b"x": b"y"})
    taken = host.fetch("01-ai/Yi", again(fetched))
    fresh = host.fetch("01-ai/Yi", Previous())
    assert (taken.details, taken.refs) == (fresh.details, fresh.refs)
    assert taken.details.pulls == ()


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "not_found"), (451, "blocked"), (403, "blocked")]
)
def test_what_is_gone_is_a_fact(
    host: GitHubHost, repository: Repository, status: int, reason: str
) -> None:
    repository.blocked = status
    with pytest.raises(ProjectGone) as gone:
        host.fetch("01-ai/Yi", Previous())
    assert gone.value.reason == reason


def test_an_empty_repository_and_one_without_texts_are_no_errors(
    host: GitHubHost, world: GitHubWorld, hub: GitHubHub
) -> None:
    world.repository("a/empty")
    bare = world.repository("a/bare")
    bare.git.commit({b"x": b"y"}, ref="refs/heads/trunk")
    bare.git.point_head("refs/heads/trunk")
    fetched = fetch_twice(host, "a/empty")
    assert (fetched.refs, fetched.default_branch, fetched.details.texts) == ((), None, ())
    assert list(host.history("a/empty", fetched, ())) == []
    fetched = fetch_twice(host, "a/bare")
    assert (fetched.default_branch, fetched.details.texts) == ("refs/heads/trunk", ())


def test_an_owner_has_repositories(host: GitHubHost, world: GitHubWorld) -> None:
    for number in range(120):
        world.repository(f"many/r{number}")
    assert len(list(host.repositories("MANY"))) == 120
    assert list(host.repositories("base")) == [
        ListedRepository("base/Origin", fork=False, archived=False)
    ]
    with pytest.raises(ProjectGone, match="nobody: not found"):
        list(host.repositories("nobody"))


@pytest.mark.parametrize("by_git", [True, False])
def test_a_second_ingest_of_an_unchanged_repository_sends_no_list_and_no_clone(
    host: GitHubHost, hub: GitHubHub, repository: Repository, tmp_path: Path, by_git: bool
) -> None:
    many_commits(repository.git, 250)
    web = Hosts(github=hub.url)
    url = web.url(Side.UPSTREAM, "01-ai/Yi")
    project = Project(key_of(url), Side.UPSTREAM, "01-ai/Yi", url)
    for round_number in range(2):
        git = GitSource(tmp_path / "cache") if by_git else None
        source = LiveSource({Side.UPSTREAM: host}, git, web=web)
        with SnapshotWriter(tmp_path / "snapshot") as writer:
            reading = source.read(project, url, writer.cursor(project.key))
            written = writer.write_project(reading, "github")
        if round_number == 0:
            assert written.commits == 253
            # 252 commits on the default branch; one more ref where the API is all there is.
            assert hub.counts()["commits"] == (3 if by_git else 4)
            assert (hub.counts()["git"] > 0) is by_git
            hub.forget()
    assert (written.commits, written.events, written.changed) == (0, (), False)
    assert hub.counts() == UNCHANGED
    assert {logged.status for logged in hub.log} == {304}


def test_scripts_that_a_publishing_workflow_runs_are_read(
    host: GitHubHost, repository: Repository
) -> None:
    lines = "python tools/push_to_hf.py && python made/later.py && echo python tools/other.py"
    lines += " && python a/folder.py"
    workflow = f"on: push\njobs: {{a: {{steps: [{{run: '{lines}'}}]}}}}"
    files = {b".github/workflows/push.yml": workflow.encode()}
    files |= {b"tools/push_to_hf.py": b"push()", b"tools/other.py": b"no", b"a/folder.py/x": b"x"}
    repository.git.commit(files)
    texts = host.fetch("01-ai/Yi", Previous()).details.texts
    found = [(text.path, text.text) for text in texts if text.kind == "script"]
    assert found == [("tools/push_to_hf.py", "push()")]


def test_the_readmes_that_the_readme_names_are_read(
    host: GitHubHost, repository: Repository
) -> None:
    places = (
        *("README_zh.md", "./docs/pretrained_models.md", "docs/README/", "docs/setup.md"),
        *("../README_up.md", "folder/README.md", "https://github.com/a/b/blob/main/README_ja.md"),
        *("https://github.com/01-ai/Yi/blob/main/.github/README.md", "README_gone.md"),
    )
    readme = " ".join(f"[x]({place})" for place in places)
    repository.git.commit(
        {
            b"README.md": readme.encode(),
            b"README_zh.md": b"zh",
            b"docs/pretrained_models.md": b"zoo",
            b"docs/setup.md": b"no",
            b"folder/README.md/file": b"a folder",
            b".github/README.md": b"own",
        }
    )
    texts = host.fetch("01-ai/Yi", Previous()).details.texts
    found = [(text.path, text.text) for text in texts if text.kind == "readme"][1:]
    assert found == [
        ("README_zh.md", "zh"),
        ("docs/pretrained_models.md", "zoo"),
        (".github/README.md", "own"),
    ]
