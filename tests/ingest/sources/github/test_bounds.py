"""What has no end is cut, and what is too big is not read."""

import json
import threading
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Fetched, Limits, Previous
from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.tokens import parse_address
from tests.hubs import faults
from tests.hubs.github import GitHubHub
from tests.hubs.wire import Answer, Request
from tests.ingest.sources.github.faults import KINDS, LISTS, ask, line
from tests.ingest.sources.github.helpers import TOKENS, Clock


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_without_an_end_has_one(standing: GitHubHub, careful: GitHubHost, kind: str) -> None:
    undisturbed = ask(careful, kind)
    standing.forget()
    standing.faults.inject(kind, faults.endless())
    received = ask(careful, kind)
    assert standing.counts()[kind] <= 4
    if isinstance(received, Fetched):
        cut = f"{kind}: the list repeats itself and has no end"
        assert received.details.cut == (cut,)
        assert received.refs == undisturbed.refs
    else:
        assert received == undisturbed


def test_a_list_of_ever_new_items_is_cut(standing: GitHubHub, careful: GitHubHost) -> None:
    sha, count = "a" * 40, iter(range(10**9))

    def ever_new(request: Request, answer: Answer) -> Answer:
        items = [{"name": f"b{next(count)}", "commit": {"sha": sha}} for _ in range(100)]
        return faults.endless()(request, faults.other_json(items)(request, answer))

    standing.faults.inject("branches", ever_new)
    fetched = careful.fetch("01-ai/Yi", Previous())
    assert fetched.details.cut == ("branches: only the first 500 are kept",)
    assert sum(ref.name.startswith("refs/heads/") for ref in fetched.refs) == 500
    assert standing.counts()["branches"] == 6


def test_a_history_without_an_end_is_refused(standing: GitHubHub, careful: GitHubHost) -> None:
    fetched = careful.fetch("01-ai/Yi", Previous())

    def ever_older(request: Request, answer: Answer) -> Answer:
        page = int(request.query.get("page", 1))
        tip = next(ref.target for ref in fetched.refs if ref.name == fetched.default_branch)
        ids = [tip if page == number == 1 else f"{page:020x}{number:020x}" for number in (1, 2, 3)]
        ids.append(f"{page + 1:020x}{1:020x}")
        items: list[Any] = [
            {"sha": one, "parents": [{"sha": other}], "commit": {}, "author": None}
            for one, other in pairwise(ids)
        ]
        return faults.endless()(request, faults.other_json(items)(request, answer))

    standing.faults.inject("commits", ever_older)
    with pytest.raises(SourceError, match="more than 20 pages are not read"):
        list(careful.history("01-ai/Yi", fetched, ()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_huge_answer_is_not_read_to_its_end(
    standing: GitHubHub, careful: GitHubHost, kind: str
) -> None:
    for fault in (faults.huge(), faults.huge(promised=False), faults.bomb()):
        standing.faults.inject(kind, fault)
        if kind == "readme":
            (cut,) = careful.fetch("01-ai/Yi", Previous()).details.cut
            assert cut.startswith("readme: left out: 127.0.0.1:")
            assert "sent more than 196,608 bytes" in cut
        else:
            assert " bytes for /" in line(careful, kind)
        standing.faults.clear()


def test_a_name_without_an_end_is_refused_and_a_text_is_cut(
    standing: GitHubHub, careful: GitHubHost
) -> None:
    long = "x" * 5_000

    def longer(request: Request, answer: Answer) -> Answer:
        assert isinstance(answer.body, bytes)
        received = {**json.loads(answer.body), "description": long}
        return faults.other_json(received)(request, answer)

    standing.faults.inject("repository", longer)
    assert careful.fetch("01-ai/Yi", Previous()).details.facts.description == long[:4_096]
    standing.faults.inject("tags", faults.other_json([{"name": long, "commit": {"sha": "a" * 40}}]))
    assert line(careful, "tags").endswith("Expected `str` of length <= 4096 - at `$[0].name`")


def test_a_huge_redirect_is_not_read_either(standing: GitHubHub, careful: GitHubHost) -> None:
    def sent_away(request: Request, answer: Answer) -> Answer:
        huge = faults.huge(promised=False)(request, answer)
        return huge.having(status=302).adding({"Location": f"{standing.api}/repositories/1"})

    standing.faults.inject("repository", sent_away, times=1)
    assert careful.fetch("01-ai/Yi", Previous()).details.facts.name == "base/Origin"


def test_what_is_read_of_a_huge_answer_stays_small(standing: GitHubHub, clock: Clock) -> None:
    limits = Limits(answer_bytes=8 << 20)
    for fault in (faults.huge(), faults.bomb()):
        standing.faults.inject("branches", fault)
        tracemalloc.start()
        with (
            GitHubHost(parse_address(standing.url), TOKENS, clock.sleeper(), limits) as careful,
            pytest.raises(SourceError, match="8,388,608 bytes"),
        ):
            careful.fetch("01-ai/Yi", Previous())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        standing.faults.clear()
        assert peak < 32 << 20


def test_an_answer_that_trickles_is_given_up(standing: GitHubHub, clock: Clock) -> None:
    limits = Limits(answer_seconds=0.2)

    def trickle(_request: Request, answer: Answer) -> Answer:
        def blocks() -> Iterator[bytes]:
            while True:
                threading.Event().wait(0.01)
                yield b" " * (1 << 16)

        return answer.having(body=blocks(), headers={})

    standing.faults.inject("tags", trickle)
    with (
        GitHubHost(parse_address(standing.url), TOKENS, clock.sleeper(), limits) as careful,
        pytest.raises(SourceError, match=r"it takes more than 0\.2 seconds"),
    ):
        careful.fetch("01-ai/Yi", Previous())
    assert clock.slept == []
