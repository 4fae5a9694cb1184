"""The commits that the API tells are git's own, and cost a request for a hundred."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Commit
from hubtrace.ingest.source import Cursor, Fetched, Previous
from hubtrace.ingest.sources.git.source import GitSource
from hubtrace.ingest.sources.github.host import GitHubHost
from tests.hubs import faults
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.ingest.sources.github.helpers import again, many_commits
from tests.ingest.worlds import START, git


def history(host: GitHubHost, fetched: Fetched, *held: str) -> list[Commit]:
    return list(host.history(fetched.details.facts.name, fetched, held))


def test_a_commit_is_told_as_git_tells_it(
    host: GitHubHost, hub: GitHubHub, repository: Repository, tmp_path: Path
) -> None:
    messages = [b"\n\n  Fix it \n\nbecause\n", "Ünïcode ✓\n".encode(), b"", b"One\r\ntwo\n"]
    for number, message in enumerate(messages):
        repository.git.commit({b"f": b"%d" % number}, message=message, committed_at=START + 9)
    fetched = host.fetch("01-ai/Yi", Previous())
    by_api = {commit.sha: commit for commit in history(host, fetched)}
    project = Project("x", Side.UPSTREAM, "01-ai/Yi", "")
    url = host.clone_url("01-ai/Yi")
    reading = GitSource(tmp_path / "cache").read(project, url, Cursor())
    by_git = {commit.sha: commit for commit in reading.commits}
    assert by_api.keys() == by_git.keys()
    for sha, commit in by_git.items():
        api = by_api[sha]
        assert (api.parents, api.author_name, api.author_email) == (
            commit.parents,
            commit.author_name,
            commit.author_email,
        )
        assert (api.authored_at, api.committed_at) == (commit.authored_at, commit.committed_at)
        assert api.subject == commit.subject
        assert api.changes == ()
        assert api.author_login == ("ada-l" if commit.author_email != "b@x.y" else "")


def test_a_hundred_commits_cost_a_request(
    host: GitHubHost, hub: GitHubHub, repository: Repository
) -> None:
    many_commits(repository.git, 498)  # and two that are there
    fetched = host.fetch("01-ai/Yi", Previous())
    hub.forget()
    assert len(history(host, fetched)) == 501
    assert hub.counts() == {"commits": 5 + 1}  # a request for the branch with one of its own
    hub.forget()
    assert len(host.logins("01-ai/Yi", fetched, ())) == 500
    assert hub.counts() == {"commits": 5}


def test_only_what_is_new_is_asked_for(
    host: GitHubHost, hub: GitHubHub, repository: Repository
) -> None:
    many_commits(repository.git, 250)
    fetched = host.fetch("01-ai/Yi", Previous())
    held = tuple(ref.target for ref in fetched.refs)
    new = many_commits(repository.git, 120)
    later = host.fetch("01-ai/Yi", again(fetched))
    hub.forget()
    assert [commit.sha for commit in history(host, later, *held)] == new[::-1]
    assert hub.counts() == {"commits": 2}
    assert host.logins("01-ai/Yi", fetched, held) == {}
    assert hub.counts() == {"commits": 2}


@pytest.mark.parametrize("seed", range(4))
def test_the_walk_is_gits_own(
    host: GitHubHost, world: GitHubWorld, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On random histories, whose clocks may go backwards, in pages of three."""
    monkeypatch.setattr("hubtrace.ingest.sources.github.client._FULL_PAGE", {"per_page": "3"})
    chance = random.Random(seed)
    it = world.repository("r/random")
    for number in range(24):
        known = it.git.commits
        parents = chance.sample(known[-8:], min(len(known), chance.choice([0, 1, 1, 1, 2, 3])))
        at = START + (60 * number if seed % 2 else chance.randrange(10_000))
        it.git.commit({b"f": b"%d" % number}, parents=parents, at=at, ref="refs/heads/new")
    it.git.branch("refs/heads/new", None)
    for number, sha in enumerate(chance.sample(it.git.commits, 4)):
        it.git.branch("refs/heads/main" if not number else f"refs/heads/b{number}", sha)
    held = chance.sample(it.git.commits, chance.choice([0, 1, 3]))
    fetched = host.fetch("r/random", Previous())
    commits = [commit.sha for commit in history(host, fetched, *held)]
    assert len(commits) == len(set(commits))
    tips = [ref.target for ref in fetched.refs]
    assert set(commits) >= _listed(it, tips, held)
    assert set(commits) <= _listed(it, tips, ())
    main = it.git.tips["refs/heads/main"]
    inside = [sha for sha in held if sha in _listed(it, [main], ())]
    new = {
        commit.sha for commit in history(host, replace(fetched, refs=fetched.refs[-1:]), *inside)
    }
    assert fetched.refs[-1].target == main
    if seed % 2:  # where clocks go backwards, some that are held may come again
        assert new == _listed(it, [main], inside)


def _listed(it: Repository, tips: Sequence[str], held: Sequence[str]) -> set[str]:
    return set(git(it.git.path, "rev-list", *tips, *(f"^{sha}" for sha in held)).decode().split())


def test_a_list_that_ends_too_early_is_not_taken_for_a_history(
    host: GitHubHost, hub: GitHubHub, repository: Repository
) -> None:
    many_commits(repository.git, 150)
    fetched = host.fetch("01-ai/Yi", Previous())
    hub.faults.inject("commits", lambda _request, answer: answer.having(headers={}))
    with pytest.raises(SourceError, match="commits ended before the history did"):
        history(host, fetched)
    hub.faults.clear()
    hub.faults.inject("commits", faults.other_json([]))
    with pytest.raises(SourceError, match="commits ended before the history did"):
        history(host, fetched)


def test_a_rewritten_history_is_told_from_where_it_differs(
    host: GitHubHost, repository: Repository
) -> None:
    first = repository.git.commits[0]
    held = tuple(repository.git.commits)
    forced = repository.git.commit({b"n": b"n"}, parents=[first], at=START + 90_000)
    fetched = host.fetch("01-ai/Yi", Previous())
    assert [commit.sha for commit in history(host, fetched, *held)] == [forced]
