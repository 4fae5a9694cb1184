"""A Hub with one model of every kind of thing, and a clock that only waiting moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtrace.ingest.http import Sleeper
from hubtrace.ingest.source import Fetched, Limits, Previous
from hubtrace.ingest.sources.huggingface import HuggingFace
from tests.hubs.huggingface import HuggingFaceHub, Model, User, pointer

TOKEN = "hf_canaryCANARYcanaryCANARY"
CARD = b"---\nlicense: MIT\n---\n# One\nCode: https://github.com/ada/one\n"
NAME = "ada/one"


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []
        self.shown: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def sleeper(self) -> Sleeper:
        return Sleeper(self._show, clock=lambda: self.now, sleep=self.sleep)

    def _show(self, what: str, _done: int, _total: int | None) -> None:
        self.shown.append(what)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HuggingFaceHub]:
    with HuggingFaceHub(tmp_path) as running:
        running.users[TOKEN] = User("bob")
        yield running


def described(hub: HuggingFaceHub) -> Model:
    """Make a model with a card, large files, a paper, a base model, and a ref of every kind."""
    made = hub.add(
        NAME,
        downloads=7,
        likes=3,
        library="transformers",
        task="text-generation",
        licence="MIT",
        base_models={"ada/base": "finetune"},
        arxiv=["2501.00001"],
    )
    hub.papers["2501.00001"] = {"githubRepo": "https://github.com/ada/one"}
    first = made.git.commit({b"README.md": CARD, b"w/model.bin": pointer(b"w" * 5_000)})
    made.git.commit({b"config.json": b"{}"}, message=b"Add config\n\nA body.\n")
    made.git.commit({b"x": b"x"}, ref="refs/pr/1", parents=[first])
    made.git.branch("refs/convert/parquet", first)
    made.git.tag("v1", first, annotated=True)
    return made


@pytest.fixture
def model(hub: HuggingFaceHub) -> Model:
    return described(hub)


def host(
    hub: HuggingFaceHub, clock: Clock, token: str | None = TOKEN, limits: Limits | None = None
) -> HuggingFace:
    return HuggingFace(hub.url, token=token, sleeper=clock.sleeper, limits=limits)


def seen(fetched: Fetched) -> Previous:
    """Return what the snapshot holds after a fetch."""
    return Previous(fetched.details, fetched.refs, fetched.validators)
