"""Assessments are stored once per family and moment, and asked for again."""

import json

import pytest

from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask
from hubtrace.queries.patterns import tag
from hubtrace.queries.thresholds import Thresholds
from tests.graphs import contents
from tests.queries.worlds import START, World, at, hand_made


@pytest.fixture
def tagged(store: GraphStore) -> GraphStore:
    """A world of its own, to write to."""
    hand_made().write(store)
    return store


def test_a_tag_is_what_was_computed(tagged: GraphStore) -> None:
    found = {pattern.family: pattern for pattern in tag(tagged, clock=lambda: 7)}
    rows = {row["family"]: row for row in ask(tagged, "assessments")}
    assert rows.keys() == found.keys() == {"gone", "scoped", "steady", "unborn"}
    for name, row in rows.items():
        assert json.loads(row.pop("thresholds")) == json.loads(Thresholds().to_json())
        assert row.pop("assessed_at") == 7
        assert row == {column: getattr(found[name], column) for column in row}


def test_the_same_question_changes_nothing_but_its_time(tagged: GraphStore) -> None:
    moment = frozenset({"assessed_at"})
    tag(tagged, clock=lambda: 7)
    before = contents(tagged, without=moment)
    tag(tagged, clock=lambda: 8)
    assert contents(tagged, without=moment) == before
    assert {row["assessed_at"] for row in ask(tagged, "assessments")} == {8}


def test_another_moment_is_kept_beside_and_the_same_one_is_replaced(tagged: GraphStore) -> None:
    tag(tagged, ["steady"], at(2), clock=lambda: 1)
    tag(tagged, ["steady"], clock=lambda: 2)
    tag(tagged, ["steady"], None, Thresholds(rare_periods=2, offsets=1), clock=lambda: 3)
    rows = ask(tagged, "assessments").data()
    assert [(row["until"], row["code"], row["reason"], row["assessed_at"]) for row in rows] == [
        (at(2), None, "no_variant_commits", 1),
        (at(400), "PSS", None, 3),
    ]
    assert json.loads(rows[1]["thresholds"])["rare_periods"] == 2


def test_a_label_that_is_gone_does_not_stay(tagged: GraphStore) -> None:
    tag(tagged, ["steady"], clock=lambda: 1)
    with tagged.write() as writer:
        writer.remove_relationships("RELEASES", "Family", ["steady"])
    tag(tagged, ["steady"], clock=lambda: 2)
    (row,) = ask(tagged, "assessments", families=["steady"])
    assert (row["code"], row["stability"], row["early_code"]) == (None, None, None)
    assert row["reason"] == "no_variant_commits"


def test_a_family_without_a_moment_is_answered_but_not_stored(store: GraphStore) -> None:
    world = World()
    world.family("f", {"gh/r": {"u": START}}, {"hf/v": {"v": START}})
    world.write(store)
    (found,) = tag(store)
    assert (found.until, found.reason) == (None, "no_upstream_commits")
    assert len(ask(store, "assessments")) == 0
