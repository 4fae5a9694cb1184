"""What changed between two moments of a graph, and between two graphs."""

from pathlib import Path

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.queries.changes import Change, Compared, changes, state
from hubtrace.queries.thresholds import Thresholds
from tests.queries.worlds import World, at

SOON = Thresholds(abandon_after_days=30)


def _world(*, later: bool) -> World:
    world = World()
    up = {"u1": at(0), "u2": at(20), **({"u3": at(300)} if later else {})}
    world.family("kept", {"gh/a/kept": up}, {"hf/a/kept": {"v1": at(1)}}, observed_at=at(310))
    world.family("dead", {"gh/a/dead": {"d1": at(0)}}, {"hf/a/dead": {"e1": at(2)}})
    world.node("Family", "dead", observed_at=at(310))
    _branch(world, "idea", at(20))
    if later:
        world.node("Repository", "gh/a/dead", gone_at=at(305))
        world.family("new", {"gh/a/new": {"n1": at(1)}}, {"hf/a/new": {}}, observed_at=at(310))
        event = {"kind": "branch_deleted", "subject": "refs/heads/x", "before": "u2"}
        world.node("Event", "e", observed_at=at(305), **event)
        world.join("ABOUT", ("Event", "Repository"), "e", "gh/a/kept")
        old = {"kind": "renamed", "observed_at": at(50), "subject": "", "after": "a/kept"}
        world.node("Event", "old", **old)
        world.join("ABOUT", ("Event", "Repository"), "old", "gh/a/kept")
    else:
        _branch(world, "brief", at(20))
    return world


def _branch(world: World, name: str, moment: int) -> None:
    key = f"gh/a/kept refs/heads/{name}"
    facts = {"name": f"refs/heads/{name}", "status": "open", "head_committed_at": moment}
    world.node("Branch", key, **facts)
    world.join("HAS_BRANCH", ("Repository", "Branch"), "gh/a/kept", key)


def test_two_graphs(tmp_path: Path) -> None:
    with (
        open_store(str(tmp_path / "before.kgl")) as old,
        open_store(str(tmp_path / "after.kgl")) as new,
    ):
        _world(later=False).write(old)
        _world(later=True).write(new)
        before = state(old, "before", until=at(100), thresholds=SOON)
        after = state(new, "after", thresholds=SOON)
    found = changes(before, after)
    assert (found.before, found.after) == (Compared("before", at(100)), Compared("after", at(310)))
    assert list(found.changes) == [
        Change("family", "new", "new", None, "no_variant_commits", None),
        Change("side", "kept", "kept", "dormant", "downstream_abandoned", at(1)),
        Change("variant", "kept", "a/kept", "dormant", "downstream_abandoned", None),
        Change("variant", "new", "a/new", None, "no_variant_commits", None),
        Change("link", "dead", "a/dead", "linked", "dead_link", at(305)),
        Change("branch", "kept", "a/kept brief", "dormant", None, at(20)),
        Change("branch", "kept", "a/kept idea", "dormant", "abandoned", at(20)),
        Change("event", "kept", "a/kept refs/heads/x", "u2", "branch_deleted", at(305)),
    ]
    assert found.counts["branch"] == 2
    assert changes(after, after).changes == ()


def test_a_graph_asked_for_an_earlier_moment(store: GraphStore) -> None:
    _world(later=True).write(store)
    then, now = state(store, "then", until=at(0)), state(store, "now")
    kinds = {(change.kind, change.family): change for change in changes(then, now).changes}
    assert kinds["pattern", "kept"].before == "no_variant_commits"
    assert kinds["pattern", "kept"].after == "CSR simultaneous"
    assert kinds["link", "dead"].after == "dead_link", "it was not gone then"
    assert changes(then, now).counts["event"] == 2


@pytest.mark.parametrize("families", [["kept"], ["kept", "unknown"]])
def test_only_some_families_are_compared(tmp_path: Path, families: list[str]) -> None:
    with open_store(str(tmp_path / "g.kgl")) as graph:
        _world(later=True).write(graph)
        found = changes(state(graph, "a", families, at(0)), state(graph, "b", families))
    assert {change.family for change in found.changes} == {"kept"}
