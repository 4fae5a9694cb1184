"""On the default branch since when, and reached by no ref."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.ingest.derive.dag import History
from hubtrace.ingest.derive.landed import membership_of
from hubtrace.ingest.derive.observations import past_of
from hubtrace.ingest.records import Observation, Ref, RefKind
from tests.ingest.derive.sketches import Sketch, graphs, history, name, observed, positions, reach


def landing(graph: list[Sketch], head: int, commit: int) -> int | None:
    """Return docs/design.md's *landed*, word by word."""
    chain = [head]
    while graph[chain[-1]].parents:
        chain.append(graph[chain[-1]].parents[0])
    for index in reversed(range(len(chain))):
        if commit in reach(graph, chain[index]):
            return max(graph[brought].at for brought in chain[index:])
    return None


@given(graphs(), st.data())
def test_landed_at_is_the_definition(graph: list[Sketch], data: st.DataObject) -> None:
    (head,) = data.draw(positions(graph, most=1))
    made = history(graph, data.draw(st.permutations(range(len(graph)))))

    found = membership_of(made, observed(name(head)))

    assert found.head == made.number[name(head)]
    for position in range(len(graph)):
        commit = made.number[name(position)]
        assert found.landed_at[commit] == landing(graph, head, position)
        assert found.on_default[commit] == (position in reach(graph, head))


@given(graphs(), st.data())
def test_vanished_commits_are_those_that_no_ref_reaches(
    graph: list[Sketch], data: st.DataObject
) -> None:
    head, *others = data.draw(positions(graph))
    branches, tags = others[:1], others[1:]

    found = membership_of(
        history(graph),
        observed(name(head), *map(name, branches), tags=tuple(map(name, tags))),
    )

    reached = reach(graph, head, *branches, *tags)
    assert found.vanished == [position not in reached for position in range(len(graph))]


def test_a_merged_branch_lands_with_its_merge_and_later_clocks_do_not_go_back() -> None:
    root, side, wrong, merge = (
        Sketch((), 10),
        Sketch((0,), 20),
        Sketch((0,), 90),
        Sketch((2, 1), 50),
    )

    found = membership_of(history([root, side, wrong, merge]), observed(name(3)))

    assert found.landed_at == [10, 90, 90, 90]


def test_the_chain_ends_where_the_first_parent_is_unknown() -> None:
    made = History.from_columns(["side", "tip"], [[], ["beyond", "side"]], [9, 5])

    assert membership_of(made, observed("tip")).landed_at == [5, 5]


def test_without_a_default_head_nothing_is_on_default() -> None:
    made = history([Sketch(), Sketch((0,))])
    branch = Ref("refs/heads/main", RefKind.BRANCH, name(0))

    for observation in (
        Observation(0, None, (branch,)),
        Observation(0, "refs/heads/gone", (branch,)),
        Observation(0, "refs/heads/far", (branch, Ref("refs/heads/far", RefKind.BRANCH, "far"))),
    ):
        found = membership_of(made, observation)
        assert found.head is None
        assert found.on_default == [False, False]
        assert found.landed_at == [None, None]
        assert found.vanished == [False, True]


def test_an_empty_project_has_no_members() -> None:
    found = membership_of(History.from_columns([], [], []), observed(None))

    assert (found.on_default, found.landed_at, found.vanished) == ([], [], [])


@pytest.mark.parametrize(
    ("looks", "dates", "landed"),
    [
        ([("main", 0)], (0, 1, 2), None),
        ([("main", 0), ("main", 2)], (0, 1, 2), [0, 20, 20]),  # old dates, pushed after a look
        ([("main", 0), ("main", 2)], (0, 1, 25), [0, 20, 25]),
        ([("main", 0), ("main", 2), ("main", 2)], (0, 1, 2), [0, 20, 20]),  # never later again
        ([("main", 0), ("main", 1), ("main", 2)], (0, 1, 2), [0, 20, 40]),
        ([("main", 1), ("main", 0), ("main", 2)], (0, 1, 2), [0, 1, 40]),  # taken back, and again
        ([("main", 0), ("dev", 2)], (0, 1, 2), [0, 1, 2]),  # another branch, of whatever age
        ([("main", 0), ("dev", 0), ("dev", 2)], (0, 1, 2), [0, 40, 40]),
        ([("main", 0), ("main", None), ("main", 2)], (0, 1, 2), [0, 20, 20]),  # a look in part
    ],
)
def test_nothing_landed_before_the_last_look_that_missed_it(
    looks: list[tuple[str, int | None]], dates: tuple[int, ...], landed: list[int] | None
) -> None:
    made = history([Sketch((n - 1,) if n else (), at) for n, at in enumerate(dates)])
    seen = []
    for number, (branch, head) in enumerate(looks, 1):
        ref = f"refs/heads/{branch}"
        refs = (Ref(ref, RefKind.BRANCH, name(head or 0)),)
        seen.append(Observation(20 * number, ref, refs, shallow=head is None))
    past = past_of(made, membership_of(made, seen[-1]), seen)
    found = [past.landed_at[made.number[name(n)]] for n in range(len(dates))]
    last = looks[-1][1] or 0
    assert found[: last + 1] == (landed or [*dates])[: last + 1]
