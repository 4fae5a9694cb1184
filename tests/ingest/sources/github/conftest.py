"""A loopback GitHub with one rich repository, and a host that looks at it without waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.tokens import parse_address
from tests.hubs.github import GitHubHub, GitHubWorld, Repository
from tests.ingest.sources.github.faults import LIMITS
from tests.ingest.sources.github.helpers import CANARY, TOKENS, Clock, furnish


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(tmp_path: Path) -> GitHubWorld:
    return GitHubWorld(tmp_path / "github")


@pytest.fixture
def repository(world: GitHubWorld) -> Repository:
    """One of everything that GitHub returns of a repository."""
    return furnish(world)


@pytest.fixture
def hub(world: GitHubWorld, repository: Repository, clock: Clock) -> Iterator[GitHubHub]:
    with GitHubHub(world, clock) as running:
        running.allow(CANARY, "ada-l")
        yield running


@pytest.fixture
def host(hub: GitHubHub, clock: Clock) -> Iterator[GitHubHost]:
    with GitHubHost(parse_address(hub.url), TOKENS, clock.sleeper()) as made:
        yield made


@pytest.fixture(scope="module")
def _standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubHub]:
    """One hub for all of these tests: they change nothing on it."""
    world = GitHubWorld(tmp_path_factory.mktemp("github"))
    furnish(world)
    with GitHubHub(world, Clock()) as running:
        running.allow(CANARY, "ada-l", limit=10**9)
        yield running


@pytest.fixture
def standing(_standing: GitHubHub) -> Iterator[GitHubHub]:
    """That hub, without the faults and the log of the test before."""
    _standing.forget()
    yield _standing
    _standing.faults.clear()


@pytest.fixture
def careful(standing: GitHubHub, clock: Clock) -> Iterator[GitHubHost]:
    """A host with tight limits, on the standing hub."""
    with GitHubHost(parse_address(standing.url), TOKENS, clock.sleeper(), LIMITS) as made:
        yield made
