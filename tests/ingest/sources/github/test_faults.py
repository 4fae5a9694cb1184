"""Every fault at every kind of request ends in a retry that succeeds, or in one clear line."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Fetched, Previous
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.client import Client
from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.tokens import parse_address
from tests.effort import share
from tests.hubs import faults
from tests.hubs.faults import Fault
from tests.hubs.github import GitHubHub
from tests.hubs.wire import Answer, Request
from tests.ingest.sources.github.faults import KINDS, LIMITS, LISTS, ask, line
from tests.ingest.sources.github.helpers import CANARY, TOKENS, Clock, again

SECONDARY = {"message": "You have exceeded a secondary rate limit."}
PRIMARY = {"message": "API rate limit exceeded for user ID 1."}
USED_UP = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000100"}


RETRIED: dict[str, Fault] = {
    "500": faults.status(500),
    "502": faults.status(502, "<html>"),
    "503 with Retry-After": faults.status(503, headers={"Retry-After": "7"}),
    "202": faults.status(202),
    "reset": faults.reset(),
    "truncated": faults.truncate(),
    "no JSON": faults.not_json(),
    "429 with Retry-After": faults.status(429, headers={"Retry-After": "7"}),
    "429 alone": faults.status(429),
    "429 used up": faults.status(429, headers=USED_UP),
    "403 used up": faults.status(403, PRIMARY, USED_UP),
    "403 secondary": faults.status(403, SECONDARY),
    "403 secondary with Retry-After": faults.status(403, SECONDARY, {"Retry-After": "7"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_passes_is_retried(
    standing: GitHubHub, careful: GitHubHost, clock: Clock, kind: str
) -> None:
    undisturbed = ask(careful, kind)
    names = list(RETRIED)
    groups = (names[:4], names[4:7], names[7:10], names[10:])  # less than anybody gives up at
    for group in share(groups, list(KINDS).index(kind), 4):
        began, waits = clock.now, len(clock.slept)
        standing.forget()
        for name in group:
            standing.faults.inject(kind, RETRIED[name], times=1)
        assert ask(careful, kind) == undisturbed, group
        assert len(clock.slept) - waits == len(group)
        assert clock.now - began >= len(group)
    assert all(received.startswith("waiting for 127.0.0.1:") for received in clock.slept)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_late_is_asked_for_again(standing: GitHubHub, clock: Clock, kind: str) -> None:
    limits = replace(LIMITS, silent_seconds=0.5)
    standing.faults.inject(kind, faults.delay(30), times=1)
    with GitHubHost(parse_address(standing.url), TOKENS, clock.sleeper(), limits) as host:
        assert ask(host, kind)
    assert "(no response in time)" in clock.slept[0]


FORGONE = {"releases": "releases", "pulls": "pulls", "readme": "readme", "contents": "workflows"}
"""Kind of request → the part of a fetch that goes without, if the token may not see it."""

LASTING: dict[str, Fault] = {
    "500": faults.status(500),
    "reset": faults.reset(),
    "truncated": faults.truncate(),
    "no JSON": faults.not_json(),
    "401": faults.status(401, {"message": f"Bad credentials {CANARY}"}),
    "403": faults.status(403, {"message": f"\x1b[2J{CANARY} may not"}),
    "422": faults.status(422, {"message": 7}),
    "418 without words": faults.status(418, [CANARY]),
    "429": faults.status(429, headers={"Retry-After": "60"}),
    "429 for ages": faults.status(429, headers={"Retry-After": "999999999999999999999"}),
    "403 until the year 33658": faults.status(
        403, PRIMARY, {**USED_UP, "X-RateLimit-Reset": "999999999999"}
    ),
    "redirect elsewhere": faults.redirect(f"http://evil.example/{CANARY}"),
    "redirect to another port": faults.redirect("http://127.0.0.1:1/api/v3/repos/01-ai/Yi", 301),
    "redirect to a token": faults.redirect(f"http://{CANARY}/x", 307),
    "redirect nowhere": faults.redirect(""),
    "redirect to nonsense": faults.redirect("http://[::1"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_lasts_ends_in_one_line(
    standing: GitHubHub, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, fault in share(LASTING.items(), list(KINDS).index(kind), 4):
        if name == "403" and kind in FORGONE:
            continue  # the next test's
        standing.faults.inject(kind, fault)
        clock = Clock()
        with GitHubHost(parse_address(standing.url), TOKENS, clock.sleeper(), LIMITS) as careful:
            message = line(careful, kind)
        assert "127.0.0.1" in message, name
        standing.faults.clear()
        if name.startswith(("redirect elsewhere", "redirect to another", "redirect to a token")):
            assert "points to another host" in message, name
    assert CANARY not in caplog.text
    assert all(entry.kind != "lost" for entry in standing.log)


@pytest.mark.parametrize(("kind", "part"), FORGONE.items())
def test_what_a_token_may_not_see_is_left_out_and_said(
    standing: GitHubHub, careful: GitHubHost, kind: str, part: str
) -> None:
    whole = careful.fetch("01-ai/Yi", Previous())
    standing.faults.inject(kind, LASTING["403"])
    fetched = careful.fetch("01-ai/Yi", Previous())
    assert fetched.details.cut == (f"{part}: GitHub does not show them to this token",)
    assert fetched.refs == whole.refs
    seen = replace(again(whole), validators={})
    assert careful.fetch("01-ai/Yi", seen).details == replace(
        whole.details, cut=fetched.details.cut
    )


def test_a_redirect_in_a_circle_ends(standing: GitHubHub, careful: GitHubHost) -> None:
    standing.faults.inject("tags", faults.redirect(f"{standing.api}/repos/01-ai/Yi/tags", 301))
    assert line(careful, "tags").endswith("redirects in circles for /repos/01-ai/Yi/tags")


@pytest.mark.parametrize("kind", KINDS)
def test_json_of_another_shape_ends_in_one_line(
    standing: GitHubHub, careful: GitHubHost, kind: str
) -> None:
    object_or_list: list[Any] = [None, 7, "text", True, 1.5, [[]], [None], [7], {"message": 1}]
    if kind in LISTS:
        object_or_list += [{}, [{}]]
    for value in share(object_or_list, list(KINDS).index(kind), 3):
        standing.faults.inject(kind, faults.other_json(value))
        if kind == "contents" and isinstance(value, dict):
            assert isinstance(ask(careful, kind), Fetched)  # a file where the folder would be
        else:
            assert "malformed response" in line(careful, kind), value
        standing.faults.clear()
    deep = b"[" * 100_000
    standing.faults.inject(kind, lambda _request, answer: answer.having(body=deep))
    assert "Expected" in line(careful, kind)


def test_nobody_answers(clock: Clock) -> None:
    with GitHubHost(parse_address("http://127.0.0.1:9"), (), clock.sleeper()) as careful:
        message = line(careful, "repository")
    assert (
        message
        == "cannot fetch /repos/01-ai/Yi from 127.0.0.1:9: the connection is refused (5 tries)"
    )
    assert clock.now == Clock().now + 1 + 2 + 4 + 8


def test_pages_are_asked_for_from_the_same_place_only(
    standing: GitHubHub, careful: GitHubHost
) -> None:
    def elsewhere(_request: Request, answer: Answer) -> Answer:
        return answer.adding({"Link": f'<http://evil.example/{CANARY}>; rel="next"'})

    standing.faults.inject("tags", elsewhere)
    assert line(careful, "tags").endswith("for /repos/01-ai/Yi/tags: evil.example is not followed")


def test_links_that_are_none_are_no_links(standing: GitHubHub, careful: GitHubHost) -> None:
    for link in ("", "nonsense", "<>; rel=", "<a"):
        standing.faults.inject("tags", partial(_linked, link))
        assert careful.fetch("01-ai/Yi", Previous()).refs, link
        standing.faults.clear()


@pytest.mark.parametrize("etag", ["", "abc", '"a\x1b"', '"\xe9"', f'"{"x" * 300}"', '" "'])
def test_a_mark_that_is_none_is_not_kept(
    standing: GitHubHub, careful: GitHubHost, etag: str
) -> None:
    standing.faults.inject("tags", lambda _request, answer: answer.adding({"ETag": etag}))
    fetched = careful.fetch("01-ai/Yi", Previous())
    assert "tags" not in fetched.validators
    assert careful.fetch("01-ai/Yi", again(fetched)).refs == fetched.refs


def _linked(link: str, _request: Request, answer: Answer) -> Answer:
    return answer.adding({"Link": link})


def test_several_threads_share_a_host(standing: GitHubHub, careful: GitHubHost) -> None:
    names = ["01-ai/Yi", "base/Origin"] * 8
    with ThreadPoolExecutor(8) as threads:
        looks = list(threads.map(lambda name: careful.fetch(name, Previous()), names))
    assert [fetched.details.facts.name for fetched in looks] == names


def test_a_client_says_where_it_asked(standing: GitHubHub, clock: Clock) -> None:
    client = Client(parse_address(standing.url), TOKENS, clock.sleeper(), LIMITS)
    place = standing.url.removeprefix("http://")
    with pytest.raises(SourceError, match=f"{place}/repos/a/b: Not Found \\(HTTP 404\\)"):
        client.get("/repos/a/b", schemas.Repository)
    client.close()
