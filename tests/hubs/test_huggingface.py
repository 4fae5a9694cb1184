"""The loopback Hub, as huggingface_hub's own calls and parsers, and the real git, find it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder
from huggingface_hub.utils import build_hf_headers, get_session, parse_ratelimit_headers

from tests.hubs.huggingface import HuggingFaceHub, Model, User, pointer
from tests.hubs.huggingface.server import CDN
from tests.ingest.worlds import blob_id, git

WEIGHTS = b"w" * 5_000
CARD = b"---\nlicense: apache-2.0\nbase_model: ada/base\n---\n# One\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HuggingFaceHub]:
    with HuggingFaceHub(tmp_path) as running:
        yield running


@pytest.fixture
def model(hub: HuggingFaceHub) -> Model:
    """A model with a card, weights in LFS, a folder, a pull request, a convert ref and a tag."""
    made = hub.add(
        "ada/one",
        downloads=7,
        likes=3,
        library="transformers",
        task="text-generation",
        licence="apache-2.0",
        base_models={"ada/base": "finetune"},
        arxiv=["2501.00001"],
    )
    ada = b"Ada <ada@users.noreply.huggingface.co>"
    first = made.git.commit(
        {b"README.md": CARD, b"w/model.bin": pointer(WEIGHTS)}, message=b"Add\n\nAll.\n", author=ada
    )
    made.git.commit({b"config.json": b"{}"})
    made.git.commit({b"x": b"x"}, ref="refs/pr/1", parents=[first])
    made.git.branch("refs/convert/parquet", first)
    made.git.tag("v1", first, annotated=True)
    return made


def api(hub: HuggingFaceHub, token: str | bool = False) -> HfApi:
    return HfApi(endpoint=hub.url, token=token)


def test_facts_are_parsed_whole_or_as_asked_for(hub: HuggingFaceHub, model: Model) -> None:
    info = api(hub).model_info("ada/one")
    assert (info.id, info.sha, info.downloads, info.private) == (
        "ada/one",
        model.git.tips["refs/heads/main"],
        7,
        False,
    )
    assert info.card_data is not None
    assert info.card_data.base_model == "ada/base"
    assert info.siblings is not None
    assert [file.rfilename for file in info.siblings] == ["README.md", "config.json", "w/model.bin"]
    few = api(hub).model_info("ada/one", expand=["baseModels", "gated", "tags"])
    assert (few.sha, few.gated, vars(few)["_id"]) == (None, False, model.object_id)
    models = [{"_id": "0" * 24, "id": "ada/base"}]
    assert vars(few)["base_models"] == {"relation": "finetune", "models": models}
    assert {"base_model:finetune:ada/base", "arxiv:2501.00001"} <= set(few.tags or ())


def test_lists_are_filtered_sorted_and_come_in_pages(hub: HuggingFaceHub, model: Model) -> None:
    hub.add("ada/base", downloads=100)
    hub.add("bob/one", downloads=9, task="text-generation")
    hub.add("ada/secret", private=True)
    hub.page["models"] = 1

    def names(**query: str) -> list[str]:
        listed = api(hub).list_models(sort="downloads", **query)  # type: ignore[arg-type]  # strings
        return [info.id for info in listed]

    assert names() == ["ada/base", "bob/one", "ada/one"]
    assert hub.counts() == {"models": 3}
    assert names(author="ada") == ["ada/base", "ada/one"]
    assert names(search="ONE") == ["bob/one", "ada/one"]
    assert names(pipeline_tag="text-generation", author="bob") == ["bob/one"]
    assert names(filter="base_model:ada/base") == names(filter="arxiv:2501.00001") == ["ada/one"]
    assert names(filter="base_model:quantized:ada/base") == []
    assert len(list(api(hub).list_models(limit=2))) == 2


def test_commits_come_in_pages_with_their_number(hub: HuggingFaceHub, model: Model) -> None:
    hub.page["commits"] = 1
    commits = api(hub).list_repo_commits("ada/one")
    assert [(c.commit_id, c.authors, c.title, c.message.strip()) for c in commits] == [
        (model.git.commits[1], ["Ada Lovelace"], "A commit", ""),
        (model.git.commits[0], ["ada"], "Add", "All."),
    ]
    assert hub.counts() == {"commits": 2}
    on_pull_request = api(hub).list_repo_commits("ada/one", revision="refs/pr/1")
    assert [c.commit_id for c in on_pull_request] == [model.git.commits[2], model.git.commits[0]]
    told = get_session().get(f"{hub.url}/api/models/ada/one/commits/main?limit=1")
    assert told.headers["X-Total-Count"] == "2"


def test_refs_come_in_groups(hub: HuggingFaceHub, model: Model) -> None:
    first, second, third = model.git.commits
    refs = api(hub).list_repo_refs("ada/one", include_pull_requests=True)
    assert [(b.name, b.ref, b.target_commit) for b in refs.branches] == [
        ("main", "refs/heads/main", second)
    ]
    assert [(c.ref, c.target_commit) for c in refs.converts] == [("refs/convert/parquet", first)]
    assert [(t.name, t.target_commit) for t in refs.tags] == [("v1", first)]
    assert refs.pull_requests is not None
    assert [(p.ref, p.target_commit) for p in refs.pull_requests] == [("refs/pr/1", third)]
    assert api(hub).list_repo_refs("ada/one").pull_requests is None


def test_trees_have_blob_ids_and_large_files_by_their_hash(
    hub: HuggingFaceHub, model: Model
) -> None:
    hub.page["tree"] = 2
    tree = {item.path: item for item in api(hub).list_repo_tree("ada/one", recursive=True)}
    card, weights = tree["README.md"], tree["w/model.bin"]
    assert isinstance(card, RepoFile)
    assert isinstance(weights, RepoFile)
    assert (card.size, card.blob_id, card.lfs) == (len(CARD), blob_id(CARD), None)
    assert weights.lfs is not None
    assert (weights.size, weights.blob_id) == (5_000, blob_id(pointer(WEIGHTS)))
    assert weights.lfs.pointer_size == len(pointer(WEIGHTS))
    assert isinstance(tree["w"], RepoFolder)
    assert hub.counts() == {"tree": 2}
    flat = api(hub).list_repo_tree("ada/one", expand=True, revision="refs/pr/1")
    told = {item.path: item.last_commit for item in flat}
    assert set(told) == {"README.md", "w", "x"}
    assert told["x"] is not None
    assert told["x"].oid == model.git.commits[2]
    inside = api(hub).list_repo_tree("ada/one", "w", revision="v1")
    assert [item.path for item in inside] == ["w/model.bin"]
    infos = api(hub).get_paths_info("ada/one", ["config.json", "w", "none"], expand=True)
    assert [type(info) for info in infos] == [RepoFile, RepoFolder]


def test_files_are_a_redirect_away_and_large_ones_on_another_host(
    hub: HuggingFaceHub, model: Model, tmp_path: Path
) -> None:
    path = api(hub).hf_hub_download("ada/one", "README.md", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == CARD
    url = hf_hub_url("ada/one", "w/model.bin", endpoint=hub.url)
    about = get_hf_file_metadata(url, token=False)
    assert (about.size, about.commit_hash) == (5_000, model.head)
    assert about.location.startswith(CDN)


def test_papers_and_accounts(hub: HuggingFaceHub, model: Model) -> None:
    hub.papers["2501.00001"] = {"githubRepo": "https://github.com/ada/one", "githubStars": 4}
    paper = api(hub).paper_info("2501.00001")
    assert (paper.github_repo, paper.github_stars) == ("https://github.com/ada/one", 4)
    assert [linked.id for linked in paper.linked_models or ()] == ["ada/one"]
    with pytest.raises(HfHubHTTPError, match="404"):
        api(hub).paper_info("2501.00002")
    hub.users["hf_bob"] = User("bob", "write")
    told = api(hub, "hf_bob").whoami()
    assert (told["name"], told["auth"]["accessToken"]["role"]) == ("bob", "write")
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        api(hub, "hf_nobody").whoami()


def test_what_is_not_shown_is_refused_as_the_hub_refuses_it(
    hub: HuggingFaceHub, model: Model
) -> None:
    hub.users["hf_bob"] = User("bob")
    with pytest.raises(RepositoryNotFoundError):
        api(hub).model_info("ada/none")
    with pytest.raises(RevisionNotFoundError):
        api(hub).model_info("ada/one", revision="none")
    with pytest.raises(EntryNotFoundError):
        api(hub).hf_hub_download("ada/one", "none")
    model.gated = "manual"
    assert api(hub).model_info("ada/one").gated == "manual"
    for token, status in ((False, 401), ("hf_bob", 403)):
        url = hf_hub_url("ada/one", "README.md", endpoint=hub.url)
        answer = get_session().get(url, headers=build_hf_headers(token=token))
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, "GatedRepo")
        with pytest.raises(GatedRepoError):
            get_hf_file_metadata(url, token=token)
    model.readers.add("bob")
    assert get_hf_file_metadata(url, token="hf_bob").size == len(CARD)
    model.private = True
    with pytest.raises(RepositoryNotFoundError):
        api(hub).model_info("ada/one")
    assert api(hub, "hf_bob").model_info("ada/one").private
    model.private, model.disabled = False, True
    with pytest.raises(DisabledRepoError):
        api(hub).model_info("ada/one")


def test_a_renamed_model_is_found_under_its_new_name(hub: HuggingFaceHub, model: Model) -> None:
    hub.models.rename("ada/one", "bob/two")
    assert api(hub).model_info("ada/one").id == "bob/two"
    assert len(api(hub).list_repo_commits("ada/one")) == 2
    assert len(api(hub).get_paths_info("ada/one", ["config.json"])) == 1
    assert [entry.status for entry in hub.log] == [307, 200] * 3


def test_a_limit_is_told_with_every_answer_and_then_kept(hub: HuggingFaceHub, model: Model) -> None:
    hub.left = 1
    url = f"{hub.url}/api/models/ada/one"
    told = [parse_ratelimit_headers(get_session().get(url).headers) for _ in range(2)]
    assert [limit.remaining for limit in told if limit] == [0, 0]
    assert [entry.status for entry in hub.log] == [200, 429]
    assert told[0] is not None
    assert (told[0].limit, told[0].window_seconds) == (500, 300)


def test_an_answer_that_is_known_is_not_sent_again(hub: HuggingFaceHub, model: Model) -> None:
    url = f"{hub.url}/api/models/ada/one/refs"
    etag = get_session().get(url).headers["ETag"]
    again = get_session().get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    model.git.commit({b"y": b"y"})
    assert get_session().get(url, headers={"If-None-Match": etag}).status_code == 200


def test_git_reads_all_refs_and_pointers_with_and_without_the_suffix(
    hub: HuggingFaceHub, model: Model, tmp_path: Path
) -> None:
    listed = git(tmp_path, "ls-remote", f"{hub.url}/ada/one").decode()
    assert {"refs/heads/main", "refs/pr/1", "refs/convert/parquet", "refs/tags/v1"} <= set(
        listed.split()
    )
    git(tmp_path, "clone", "--quiet", f"{hub.url}/ada/one.git", "clone")
    assert (tmp_path / "clone/w/model.bin").read_bytes() == pointer(WEIGHTS)
    model.gated = "auto"
    refused = subprocess.run(
        ["git", "ls-remote", f"{hub.url}/ada/one"],
        env={"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    assert refused.returncode != 0
    hub.users["hf_bob"] = User("bob")
    model.readers.add("bob")
    with_token = f"{hub.url}/ada/one".replace("://", "://bob:hf_bob@")
    assert git(tmp_path, "ls-remote", with_token).decode() == listed
