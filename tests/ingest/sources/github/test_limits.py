"""GitHub's rate limits: waited for in sight, or another token's turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate

import httpx2
import pytest

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Previous
from hubtrace.ingest.sources.github.client import rate_limit
from hubtrace.ingest.sources.github.host import GitHubHost
from hubtrace.ingest.sources.github.tokens import Token, parse_address
from tests.hubs import faults
from tests.hubs.github import GitHubHub
from tests.ingest.sources.github.helpers import CANARY, Clock

OTHER = "ghp_other0123456789"


@contextmanager
def hosting(hub: GitHubHub, clock: Clock, *texts: str) -> Iterator[GitHubHost]:
    tokens = [Token(text, f"GITHUB_TOKENS (number {n})") for n, text in enumerate(texts, 1)]
    with GitHubHost(parse_address(hub.url), tokens, clock.sleeper()) as host:
        yield host


def test_a_used_up_quota_is_waited_for_with_a_countdown(hub: GitHubHub, clock: Clock) -> None:
    hub.quotas.accounts[CANARY].limit = 5
    began = clock.now
    with hosting(hub, clock, CANARY) as host:
        fetched = host.fetch("01-ai/Yi", Previous())
    assert len(fetched.details.pulls) == 3
    assert clock.now == began + 3601
    place = hub.url.removeprefix("http://")
    assert clock.shown[:2] == [
        f"waiting for {place}'s rate limit, 3601 s left",
        f"waiting for {place}'s rate limit, 3600 s left",
    ]
    assert clock.shown[-1] == f"waited for {place}'s rate limit"


def test_without_a_token_the_wait_says_what_would_help(hub: GitHubHub, clock: Clock) -> None:
    hub.quotas.accounts[""].limit = 5
    with hosting(hub, clock) as host:
        fetched = host.fetch("01-ai/Yi", Previous())
        assert host.logins("01-ai/Yi", fetched, ()) == {}
    assert "(60 requests an hour; a token in GITHUB_TOKEN helps)" in clock.slept[0]
    assert fetched.warnings == ("without a token the authors' logins are not fetched",)


def test_tokens_take_turns_when_one_is_used_up(hub: GitHubHub, clock: Clock) -> None:
    hub.quotas.accounts[CANARY].limit = 3
    other = hub.allow(OTHER, "bo")
    with hosting(hub, clock, CANARY, OTHER) as host:
        host.fetch("01-ai/Yi", Previous())
        assert (hub.quotas.accounts[CANARY].used, other.used) == (3, 5)
        assert clock.slept == []
        assert {logged.status for logged in hub.log} == {200}  # nobody ran into the limit
        clock.now += 4_000
        host.fetch("01-ai/Yi", Previous())
        assert hub.quotas.accounts[CANARY].used == 3  # and it is the first one's turn again


def test_all_tokens_used_up_wait_for_the_first_to_be_renewed(hub: GitHubHub, clock: Clock) -> None:
    hub.quotas.accounts[CANARY].limit = 3
    hub.allow(OTHER, "bo", limit=5, used=3, reset_at=int(clock.now) + 600)
    began = clock.now
    with hosting(hub, clock, CANARY, OTHER) as host:
        host.fetch("01-ai/Yi", Previous())
    assert clock.now == began + 601


def test_a_token_that_is_not_accepted_is_left_out_and_named(hub: GitHubHub, clock: Clock) -> None:
    with hosting(hub, clock, "ghp_wrong", CANARY) as host:
        fetched = host.fetch("01-ai/Yi", Previous())
    assert fetched.warnings == ("the token in GITHUB_TOKENS (number 1) was not accepted",)
    assert hub.counts()["repository"] == 2
    with (
        hosting(hub, clock, "ghp_wrong", "ghp_worse") as host,
        pytest.raises(SourceError, match=r"does not accept the token in GITHUB_TOKENS \(number 2"),
    ):
        host.fetch("01-ai/Yi", Previous())


def test_a_secondary_limit_holds_for_all_tokens(hub: GitHubHub, clock: Clock) -> None:
    hub.allow(OTHER, "bo")
    began = clock.now
    hub.faults.inject("tags", faults.status(403, {"message": "…"}, {"Retry-After": "90"}), times=1)
    with hosting(hub, clock, CANARY, OTHER) as host:
        host.fetch("01-ai/Yi", Previous())
    assert clock.now == began + 90
    assert hub.quotas.accounts[OTHER].used == 0


def test_a_wait_that_nobody_would_sit_through_is_refused(hub: GitHubHub, clock: Clock) -> None:
    hub.faults.inject("tags", faults.status(429, headers={"Retry-After": "90000"}))
    with (
        hosting(hub, clock, CANARY) as host,
        pytest.raises(SourceError, match="rate limit: the host requires a wait of 1500 minutes"),
    ):
        host.fetch("01-ai/Yi", Previous())


def test_quotas_are_told_without_costing_any(hub: GitHubHub, clock: Clock) -> None:
    hub.allow(OTHER, "bo", scopes="repo, read:org")
    with hosting(hub, clock, CANARY, OTHER, "ghp_wrong") as host:
        host.fetch("01-ai/Yi", Previous())
        first, second, third = host.quotas()
        assert (first.source, first.accepted) == ("GITHUB_TOKENS (number 1)", True)
        assert (first.limit, first.remaining) == (5_000, 4_992)
        assert second.scopes == ("repo", "read:org")
        assert not third.accepted
        assert hub.quotas.accounts[CANARY].used == 8
    with hosting(hub, clock) as host:
        (nobody,) = host.quotas()
        assert (nobody.source, nobody.limit, nobody.scopes) == ("no token", 60, ())


def response(status: int, message: str = "", **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=named, json={"message": message})


NOW = 1_700_000_000
ABUSE = "You have exceeded a secondary rate limit."


UNKNOWN = "not given"


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (response(200, x_ratelimit_remaining="0"), None),
        (response(403, "Resource not accessible by integration"), None),
        (response(404, retry_after="5"), None),
        (response(429, retry_after="5"), 5),
        (response(403, retry_after="5"), 5),
        (response(429, retry_after=formatdate(NOW + 30, usegmt=True)), 30),
        (response(429, retry_after="soon"), UNKNOWN),
        (response(429, retry_after="-5"), UNKNOWN),
        (response(429), UNKNOWN),
        (response(403, ABUSE), UNKNOWN),
        (response(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(NOW + 9)), 10),
        (response(429, x_ratelimit_remaining="0", x_ratelimit_reset=str(NOW - 9)), 1),
        (response(403, ABUSE, x_ratelimit_remaining="0"), UNKNOWN),
        (httpx2.Response(403, text="[" * 100_000), None),
    ],
)
def test_how_long_a_response_asks_to_wait(
    answer: httpx2.Response, seconds: float | str | None
) -> None:
    limited = rate_limit(answer, NOW)
    until = limited and (UNKNOWN if limited.until is None else limited.until - NOW)
    assert until == seconds


def test_without_a_time_the_waits_grow_from_a_minute(hub: GitHubHub, clock: Clock) -> None:
    hub.faults.inject("tags", faults.status(429), times=3)
    began = clock.now
    with hosting(hub, clock, CANARY) as host:
        host.fetch("01-ai/Yi", Previous())
    assert clock.now == began + 60 + 120 + 240


@pytest.mark.parametrize("nonsense", ["", "soon", "-1", "1e400", "nan", "٣", "9" * 400])
def test_headers_that_are_no_numbers_are_none(hub: GitHubHub, clock: Clock, nonsense: str) -> None:
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    headers = {name: nonsense.encode().decode("latin-1") for name in names}
    hub.faults.inject(faults.ANY, lambda _request, answer: answer.adding(headers))
    with hosting(hub, clock, CANARY) as host:
        assert host.fetch("01-ai/Yi", Previous()).refs
