"""The commit graph by number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.graph.errors import IngestError
from hubtrace.ingest.derive.dag import History
from tests.ingest.derive.sketches import Sketch, graphs, history, name, reach


@given(graphs(), st.data())
def test_order_puts_parents_before_children_however_the_commits_are_given(
    graph: list[Sketch], data: st.DataObject
) -> None:
    made = history(graph, data.draw(st.permutations(range(len(graph)))))

    place = {commit: position for position, commit in enumerate(made.order)}

    assert sorted(place) == list(range(len(graph)))
    for child, parents in enumerate(made.parents):
        assert all(place[parent] < place[child] for parent in parents)


@given(graphs(), st.data())
def test_parents_and_first_parents_are_those_given(
    graph: list[Sketch], data: st.DataObject
) -> None:
    made = history(graph, data.draw(st.permutations(range(len(graph)))))

    for position, sketch in enumerate(graph):
        commit = made.number[name(position)]
        expected = [made.number[name(parent)] for parent in sketch.parents]
        assert list(made.parents[commit]) == expected
        assert made.first_parent[commit] == (expected[0] if expected else None)
        assert made.committed_at[commit] == sketch.at


@given(graphs(), st.data())
def test_masks_tell_for_every_tip_what_ancestors_tells_for_one(
    graph: list[Sketch], data: st.DataObject
) -> None:
    made = history(graph)
    tips = data.draw(st.lists(st.integers(0, len(graph) - 1), max_size=4))

    masks = made.masks(tips)

    for bit, tip in enumerate(tips):
        reached = {commit for commit, mask in enumerate(masks) if mask >> bit & 1}
        assert reached == reach(graph, tip)
    flags = made.ancestors(tips)
    assert {commit for commit, flag in enumerate(flags) if flag} == reach(graph, *tips)


@pytest.mark.parametrize("newest_first", [True, False])
def test_sorted_histories_cost_no_sorting(newest_first: bool) -> None:
    graph = [Sketch(), Sketch((0,)), Sketch((0,)), Sketch((1, 2))]

    made = history(graph, [3, 2, 1, 0] if newest_first else None)

    assert made.order == (range(3, -1, -1) if newest_first else range(4))


def test_a_long_history_in_disorder_is_no_recursion() -> None:
    length = 50_000
    graph = [Sketch((position - 1,) if position else ()) for position in range(length)]
    made = history(graph, [*range(1, length, 2), *range(0, length, 2)])

    head = made.number[name(length - 1)]

    assert [made.shas[commit] for commit in made.order] == [name(n) for n in range(length)]
    assert all(made.ancestors([head]))
    assert len(made.first_parent_chain(head)) == length


def test_an_unknown_first_parent_is_not_replaced_by_a_known_second() -> None:
    made = History.from_columns(["side", "tip"], [[], ["beyond", "side"]], [1, 2])

    assert made.parents == [(), (0,)]
    assert made.first_parent == [None, None]
    assert made.first_parent_chain(1) == [1]
    assert made.cut == {1}


def test_a_history_without_commits_is_a_history() -> None:
    made = History.from_columns([], [], [])

    assert list(made.order) == made.masks([]) == made.ancestors([]) == []


def test_a_commit_listed_twice_is_refused() -> None:
    with pytest.raises(IngestError, match="commit one occurs twice"):
        History.from_columns(["one", "two", "one"], [[], [], []], [1, 2, 3])


@pytest.mark.parametrize("parents", [[["one"], ["one"]], [["two"], ["one"]]])
def test_a_circle_is_refused(parents: list[list[str]]) -> None:
    with pytest.raises(IngestError, match="in a circle at or above commit one"):
        History.from_columns(["one", "two"], parents, [1, 2])


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        History.from_columns(["one"], [[]], [])
