"""`hubtrace ingest` against the loopback hubs."""

from collections.abc import Callable

import pytest

from tests.hubs.demonstration import Demonstration
from tests.hubs.huggingface import User
from tests.hubtrace.conftest import Answer, Call

GITHUB_TOKEN, HUB_TOKEN = "ghp_canaryCanaryCanary0123456789", "hf_canaryCanaryCanary0123456789"
ALL = (
    *("--org", "acme", "--org", "borealis", "--org", "cirrus"),
    *("thebits/atlas-7b-gguf", "dusk/lost-1b", "echo/silent"),
)
Ingest = Callable[..., Answer]


def let_in(world: Demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hubtrace find this world's hubs, and a token for each, in its environment."""
    world.github.allow(GITHUB_TOKEN, "ada")
    world.hub.users[HUB_TOKEN] = User("ada")
    monkeypatch.setenv("GITHUB_API_URL", world.github.api)
    monkeypatch.setenv("GITHUB_TOKEN", GITHUB_TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", world.hub.url)
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)


def requests(world: Demonstration) -> dict[str, int]:
    """Return how many requests of each kind both hubs were asked since the last time."""
    counted = dict(world.github.counts() + world.hub.counts())
    world.github.forget()
    world.hub.forget()
    return counted


def whole(call: Call, *more: object) -> Answer:
    """Ingest all that there is."""
    answer = call("ingest", *ALL, *more)
    assert answer.code == 0, answer.err
    return answer
