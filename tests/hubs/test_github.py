"""The loopback GitHub is like GitHub: by its published description, and as PyGithub reads it."""

import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from github import Auth, Github, GithubException
from jsonschema import Draft4Validator

from hubtrace.ingest.sources.git.runner import Git
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.ingest.worlds import git

DESCRIPTION = "HUBTRACE_GITHUB_OPENAPI"
"""The environment variable that names GitHub's description, `api.github.com.json`. It is in the
repository github/rest-api-description under `descriptions/api.github.com/`, and in the npm package
`@octokit/openapi` (`npm pack @octokit/openapi`) under `generated/`."""

NOW = 1_700_000_000


def described(root: Path) -> GitHubWorld:
    """A world in which every kind of body has something to show."""
    world = GitHubWorld(root)
    parent = world.repository("base/Origin", licence="mit")
    it = world.repository("01-ai/Yi", licence="other", topics=["llm"], fork_of=parent, stars=3)
    it.homepage, it.description = "https://01.ai", "A model"
    files = {b"README.md": b"# Yi", b".github/workflows/ci.yml": b"on: push", b"src/a.py": b"pass"}
    first = it.git.commit(files)
    side = it.git.commit({b"a": b"1"}, ref="refs/heads/side", parents=[first], author=b"Bo <b@x.y>")
    it.git.commit({b"b": b"2"}, parents=[first, side])
    it.git.tag("v1", first, annotated=True)
    it.release("v1", name="One", assets={"w.bin": b"weights"})
    it.release("v2", at=None, draft=True, assets={"old.bin": b"x"}, digests=False)
    for state in ("open", "closed", "merged"):
        it.pull(side, state)
    world.repository("01-ai/Empty", private=True)
    world.repository("01-ai/Old").blocked = 451
    world.repository("01-ai/Bad").blocked = 403
    moved = world.repository("01-ai/Before")
    moved.git.commit({b"x": b"y"})
    world.rename("01-ai/Before", "01-ai/After")
    return world


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHubHub]:
    with GitHubHub(described(tmp_path), clock=lambda: NOW) as running:
        running.allow("t0ken", "ada-l", scopes="repo, read:org")
        yield running


def ask(hub: GitHubHub, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    connection = HTTPConnection(hub.url.removeprefix("http://"), timeout=5)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/api/v3{path}", headers={**named, "Connection": "close"})
        with connection.getresponse() as answer:
            raw = answer.read()
            return answer.status, dict(answer.headers), json.loads(raw) if raw else None
    finally:
        connection.close()


BEARER = {"Authorization": "Bearer t0ken"}
REPO = "/repos/{owner}/{repo}"
PLACES = [
    (REPO, "/repos/01-ai/Yi"),
    (REPO, "/repos/base/origin"),
    (REPO, "/repos/01-ai/Empty"),
    (REPO, "/repos/01-ai/Before"),
    (REPO, "/repos/01-ai/None"),
    (f"{REPO}/branches", "/repos/01-ai/Yi/branches"),
    (f"{REPO}/tags", "/repos/01-ai/Yi/tags"),
    (f"{REPO}/releases", "/repos/01-ai/Yi/releases"),
    (f"{REPO}/pulls", "/repos/01-ai/Yi/pulls?state=all"),
    (f"{REPO}/readme", "/repos/01-ai/Yi/readme"),
    (f"{REPO}/contents/{{path}}", "/repos/01-ai/Yi/contents/.github/workflows"),
    (f"{REPO}/contents/{{path}}", "/repos/01-ai/Yi/contents/src/a.py"),
    (f"{REPO}/git/blobs/{{file_sha}}", "/repos/01-ai/Yi/git/blobs/{readme}"),
    (f"{REPO}/commits", "/repos/01-ai/Yi/commits"),
    (f"{REPO}/commits", "/repos/01-ai/Empty/commits"),
    ("/users/{username}/repos", "/users/01-ai/repos"),
    ("/orgs/{org}/repos", "/orgs/01-ai/repos"),
    ("/rate_limit", "/rate_limit"),
    ("/user", "/user"),
    ("/users/{username}", "/users/01-ai"),
]


@pytest.fixture(scope="session")
def description() -> Any:
    place = os.environ.get(DESCRIPTION)
    if not place:
        pytest.skip(f"{DESCRIPTION} names no description; {__name__} says how to get it")
    return json.loads(Path(place).read_text())


@pytest.mark.parametrize(("described", "path"), PLACES)
def test_bodies_are_as_github_describes_them(
    hub: GitHubHub, description: Any, described: str, path: str
) -> None:
    readme = ask(hub, "/repos/01-ai/Yi/readme", **BEARER)[2]["sha"]
    status, _, body = ask(hub, path.replace("{readme}", readme), **BEARER)
    response = description["paths"][described]["get"]["responses"][str(status)]
    if "$ref" in response:
        response = description["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    components = _nullable(description["components"])
    checker = Draft4Validator({**_nullable(schema), "components": components})
    assert [error.message for error in checker.iter_errors(body)] == []


def _nullable(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema: `nullable` becomes another type."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _nullable(value) for key, value in schema.items()}
    if plain.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


def test_pygithub_reads_every_body(hub: GitHubHub) -> None:
    with Github(
        auth=Auth.Token("t0ken"), base_url=hub.api, retry=0, seconds_between_requests=0
    ) as api:
        it = api.get_repo("01-ai/Yi")
        assert (it.id, it.full_name, it.parent.full_name) == (2, "01-ai/Yi", "base/Origin")
        assert (it.topics, it.license.key, it.stargazers_count) == (["llm"], "other", 3)
        assert [branch.name for branch in it.get_branches()] == ["main", "side"]
        assert [tag.commit.sha for tag in it.get_tags()] == [_sha(hub, "v1^{commit}")]
        draft, release = it.get_releases()
        assert (draft.draft, release.published_at.year) == (True, 2020)
        assert (release.assets[0].digest or "").startswith("sha256:")
        pulls = list(it.get_pulls(state="all", sort="updated"))
        assert [pull.state for pull in pulls] == ["closed", "closed", "open"]
        assert {pull.head.sha for pull in pulls} == {_sha(hub, "side")}
        assert it.get_readme().decoded_content == b"# Yi"
        (workflow,) = it.get_contents(".github/workflows")  # type: ignore[misc]  # a folder
        assert workflow.path == ".github/workflows/ci.yml"
        commits = list(it.get_commits(sha="main"))
        assert [commit.author and commit.author.login for commit in commits] == [
            "ada-l",
            None,
            "ada-l",
        ]
        assert len(commits[0].parents) == 2
        assert api.get_repo("01-ai/before").full_name == "01-ai/After"
        assert api.get_user().login == "ada-l"
        assert {found.name for found in api.get_user("01-ai").get_repos()} >= {"Yi", "Empty"}
        assert api.get_rate_limit().rate.limit == 5_000


def _sha(hub: GitHubHub, name: str) -> str:
    it = hub.world.find("01-ai/Yi")
    assert isinstance(it, Repository)
    return it.asked("rev-parse", name)


@pytest.mark.parametrize(
    ("name", "status"),
    [("01-ai/Old", 451), ("01-ai/Bad", 403), ("01-ai/None", 404), ("01-ai/Empty", 404)],
)
def test_what_may_not_be_seen_is_hidden(hub: GitHubHub, name: str, status: int) -> None:
    assert ask(hub, f"/repos/{name}")[0] == status


def test_an_unknown_token_and_an_empty_quota_are_refused(hub: GitHubHub) -> None:
    assert ask(hub, "/repos/01-ai/Yi", Authorization="Bearer no")[0] == 401
    hub.quotas.accounts["t0ken"].limit = 1
    status, headers, _ = ask(hub, "/repos/01-ai/Yi", **BEARER)
    assert (status, headers["X-RateLimit-Remaining"]) == (200, "0")
    assert headers["X-OAuth-Scopes"] == "repo, read:org"
    status, headers, body = ask(hub, "/repos/01-ai/Yi", **BEARER)
    assert (status, headers["X-RateLimit-Reset"]) == (403, str(NOW + 3600))
    assert body["message"].startswith("API rate limit exceeded")
    assert ask(hub, "/rate_limit", **BEARER)[2]["rate"]["remaining"] == 0


def test_what_has_not_changed_is_not_sent_and_not_counted(hub: GitHubHub) -> None:
    _, headers, _ = ask(hub, "/repos/01-ai/Yi/branches", **BEARER)
    same = {**BEARER, "If_None_Match": headers["ETag"]}
    status, again, body = ask(hub, "/repos/01-ai/Yi/branches", **same)
    assert (status, body) == (304, None)
    assert again["X-RateLimit-Remaining"] == headers["X-RateLimit-Remaining"]
    assert ask(hub, "/repos/01-ai/Yi/branches", If_None_Match=headers["ETag"])[0] == 200
    it = hub.world.find("01-ai/Yi")
    assert it is not None
    it.git.branch("refs/heads/new", it.git.commits[0])
    assert ask(hub, "/repos/01-ai/Yi/branches", **same)[0] == 200


def test_pages_link_to_each_other_by_the_repositorys_number(hub: GitHubHub) -> None:
    _, headers, body = ask(hub, "/repos/01-ai/Yi/pulls?state=all&per_page=1&page=2")
    assert len(body) == 1
    place = f"{hub.api}/repositories/2/pulls?state=all&per_page=1&page="
    assert headers["Link"] == (
        f'<{place}1>; rel="prev", <{place}1>; rel="first", '
        f'<{place}3>; rel="next", <{place}3>; rel="last"'
    )
    assert ask(hub, "/repositories/2/pulls?state=all&per_page=1&page=3")[2][0]["number"] == 1


def test_a_client_that_asks_too_much_is_told_so(hub: GitHubHub) -> None:
    hub.quotas.accounts[""].limit = 0
    with (
        Github(base_url=hub.api, retry=0, seconds_between_requests=0) as api,
        pytest.raises(GithubException, match="rate limit exceeded"),
    ):
        api.get_repo("01-ai/Yi")


def test_git_follows_a_rename_and_sees_no_private_repository(
    hub: GitHubHub, tmp_path: Path
) -> None:
    follows = (("http.followRedirects", "true"),)  # which hubtrace's own git does not
    reader = Git(tmp_path / "none", "it", "http", follows)
    reader.run("clone", "--bare", "--", f"{hub.url}/01-ai/Before.git", str(tmp_path / "moved"))
    moved = hub.world.find("01-ai/After")
    assert moved is not None
    assert git(tmp_path / "moved", "rev-parse", "HEAD").decode().strip() == moved.git.commits[0]
    with pytest.raises(Exception, match="does not exist, or needs a token"):
        reader.run("clone", "--bare", "--", f"{hub.url}/01-ai/Empty.git", str(tmp_path / "no"))
