"""A loopback GitHub with one rich repository, and a host that looks at it without waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.github.address import parse_address
from ingest.github.host import GitHubHost
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.ingest.github.helpers import CANARY, TOKENS, Clock
from tests.ingest.worlds import START


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(tmp_path: Path) -> GitHubWorld:
    return GitHubWorld(tmp_path / "github")


@pytest.fixture
def repository(world: GitHubWorld) -> Repository:
    """One of everything that is told of a repository."""
    parent = world.repository("base/Origin", licence="mit")
    it = world.repository("01-ai/Yi", licence="apache-2.0", topics=["llm", "yi"], stars=3)
    it.fork_of, it.homepage, it.description = parent, "https://01.ai", "A model"
    workflows = {b".github/workflows/sync.yml": b"on: push", b".github/workflows/notes.md": b"no"}
    first = it.git.commit({b"README.md": b"# Yi \xff", **workflows})
    side = it.git.commit({b"a": b"1"}, ref="refs/heads/side", parents=[first], author=b"Bo <b@x.y>")
    it.git.commit({b"b": b"2"}, parents=[first])
    it.git.tag("v1", first, annotated=True)
    it.release("v1", name="One", at=START + 5, assets={"w.bin": b"weights"})
    it.release("v2", draft=True)
    it.release("v3", assets={"old.bin": b"x"}, digests=False)
    for state in ("open", "closed", "merged"):
        it.pull(side, state)
    return it


@pytest.fixture
def hub(world: GitHubWorld, repository: Repository, clock: Clock) -> Iterator[GitHubHub]:
    with GitHubHub(world, clock) as running:
        running.allow(CANARY, "ada-l")
        yield running


@pytest.fixture
def host(hub: GitHubHub, clock: Clock) -> Iterator[GitHubHost]:
    with GitHubHost(parse_address(hub.url), TOKENS, clock.waiter()) as made:
        yield made
