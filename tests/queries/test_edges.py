"""What the hand-made world does not reach: several upstreams, shared commits, equal times."""

from typing import Any

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask
from tests.queries.worlds import DAY, World, at

_FACTS: dict[str, dict[str, Any]] = {
    "dead": {"gone_at": at(10)},
    "frozen": {"archived": True},
    "moved": {"moved_to": "new/name"},
    "alive": {"archived": False},
}


@pytest.mark.parametrize(
    ("upstreams", "of_family", "of_stray"),
    [
        (("dead", "dead"), "dead_link", "dead_link"),
        (("dead", "frozen"), "archived_upstream", "archived_upstream"),
        (("frozen", "moved"), "moved_upstream", "moved_upstream"),
        (("dead", "moved"), "moved_upstream", "moved_upstream"),
        (("dead", "alive"), "active", None),
        (("frozen", "alive"), "active", None),
        (("moved", "alive"), "active", None),
    ],
)
def test_an_upstream_is_lost_only_if_every_repository_is(
    store: GraphStore, upstreams: tuple[str, str], of_family: str, of_stray: str | None
) -> None:
    world = World()
    repositories = [f"gh/{i}/{kind}" for i, kind in enumerate(upstreams)]
    commits = {key: {f"commit of {key}": at(0)} for key in repositories}
    world.family("f", commits, {"hf/v": {"v": at(1)}}, observed_at=at(20))
    world.project("Variant", "hf/stray", {}, observed_at=at(20))
    for key, kind in zip(repositories, upstreams, strict=True):
        world.node("Repository", key, **_FACTS[kind])
        world.join("LINKS_TO", ("Variant", "Repository"), "hf/stray", key, confidence=0.5)
    world.write(store)
    assert [row["status"] for row in ask(store, "variant_status")] == [of_family]
    strays = [row["status"] for row in ask(store, "orphan_variants")]
    assert strays == ([] if of_stray is None else [of_stray])


def test_a_commit_that_two_variants_share_counts_once_in_a_tail(store: GraphStore) -> None:
    world = World()
    shared = {"common": at(5), "other": at(6)}
    variants = {"hf/a": shared, "hf/b": shared}
    world.family("f", {"gh/r": {"u": at(0)}}, variants, observed_at=at(9))
    world.write(store)
    assert ask(store, "tails").evaluate("commits") == 2


def test_at_equal_times_upstream_stands_first_whatever_the_keys(store: GraphStore) -> None:
    world = World()
    world.family("f", {"z/r": {"u": at(0)}}, {"a/v": {"v": at(0)}}, observed_at=at(9))
    world.write(store)
    assert [row["sha"] for row in ask(store, "timeline")] == ["u", "v"]


def test_a_shifted_period_begins_before_the_first_commit(shared_store: GraphStore) -> None:
    asked = {"families": ["steady"], "period_days": 14, "offset_days": 10}
    rows = ask(shared_store, "family_periods", **asked).data()
    upstream = [(r["period"], r["from_at"], r["commits"]) for r in rows if r["side"] == "upstream"]
    # Days 0 and 1; 15; 30; 43 in the bins that begin on days -10, 4, 18, 32.
    assert upstream == [(0, at(-10), 2), (1, at(4), 1), (2, at(18), 1), (3, at(32), 1)]


def test_the_default_branch_has_not_moved_before_it_moves(shared_store: GraphStore) -> None:
    asked = {"families": ["steady"], "until": at(42), "abandon_after": 2 * DAY}
    found = {row["branch"]: row for row in ask(shared_store, "branch_status", **asked)}
    assert found["refs/heads/old"]["status"] == "dormant"
    assert found["refs/heads/old"]["default_committed_at"] == at(30)


def test_a_family_is_dormant_to_the_second(shared_store: GraphStore) -> None:
    for second, status in ((0, "dormant"), (-1, "downstream_abandoned")):
        asked = {"until": at(59) + second, "abandon_after": 16 * DAY, "families": ["steady"]}
        assert ask(shared_store, "side_status", **asked).evaluate("status") == status


def test_commits_outside_the_paths_of_a_family_do_not_keep_it_alive(
    shared_store: GraphStore,
) -> None:
    asked = {"families": ["scoped"], "until": at(30), "abandon_after": 20 * DAY}
    for query in ("side_status", "variant_status"):
        (row,) = ask(shared_store, query, **asked)
        assert (row["upstream_last_sha"], row["status"]) == ("m1", "upstream_abandoned")
