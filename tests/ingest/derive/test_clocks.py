"""Times of commits whose clock cannot have been right."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.ingest.derive.clocks import SLACK, Times, bounded, settle
from hubtrace.ingest.derive.dag import History

DAY = 86_400
NOW = 1_000 * DAY
FUTURE = 9_000 * DAY


def days(*numbers: int) -> list[int]:
    return [number * DAY for number in numbers]


def line(*recorded: int) -> Times:
    """Settle a history in one line, of commits made on these days, observed on day 1,000."""
    return settled_line(days(*recorded), days(*recorded))


def settled_line(committed: list[int], authored: Sequence[int]) -> Times:
    shas = [f"c{number}" for number in range(len(committed))]
    parents = [shas[number - 1 : number] for number in range(len(committed))]
    history = History.from_columns(shas, parents, committed)
    return settle(history, authored, [NOW] * len(shas), len(shas) - 1)


@pytest.mark.parametrize(
    ("recorded", "expected", "wrong"),
    [
        ((10, 20, 30), (10, 20, 30), set()),
        ((10, 9, 8, 30), (10, 9, 8, 30), set()),  # no further back than a day at a time
        ((10, 20, 9_000, 40, 50), (10, 20, 40, 40, 50), {2}),  # a clock far ahead
        ((10, 20, 900, 40, 50), (10, 20, 40, 40, 50), {2}),  # ahead, and not yet impossible
        ((9_000, 20, 30), (20, 20, 30), {0}),  # the root
        ((10, 20, 9_000), (10, 20, 1_000), {2}),  # the head: not after it was seen
        ((100, 200, 3, 4, 300, 400), (100, 200, 200, 200, 300, 400), {2, 3}),  # far behind
        ((100, 200, 0), (100, 200, 200), {2}),  # undated
        ((0, 100, 200), (100, 100, 200), {0}),
        ((100, 3), (100, 100), {1}),  # one against one: the clock that was never set
        ((9_000,), (1_000,), {0}),
        ((9_000, 9_001), (1_000, 1_000), {0, 1}),
    ],
)
def test_a_line(recorded: tuple[int, ...], expected: tuple[int, ...], wrong: set[int]) -> None:
    times = line(*recorded)
    assert [at // DAY for at in times.committed_at] == list(expected)
    assert times.wrong == wrong
    marked = times.settled_at().to_pylist()
    assert [n for n, at in enumerate(marked) if at is not None] == sorted(wrong)


@pytest.mark.parametrize(
    ("recorded", "seen", "expected"),
    [
        ((10, 9_000), (302, 302), (10, 302)),  # the head: not after it was first seen
        ((10, 600, 650), (302, 302, 700), (10, 302, 650)),  # nor what had passed by the last look
        ((9_000, 9_001), (302, 700), (302, 700)),
        ((9_000, 650), (302, 700), (302, 650)),
        ((10, 9_000, 9_000), (302, 302, 700), (10, 302, 700)),
        ((10, 300, 650), (302, 302, 700), (10, 300, 650)),
    ],
)
def test_no_commit_is_made_after_the_first_look_that_found_it(
    recorded: tuple[int, ...], seen: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    shas = [f"c{number}" for number in range(len(recorded))]
    history = History.from_columns(
        shas, [shas[n - 1 : n] for n in range(len(shas))], days(*recorded)
    )
    times = settle(history, days(*recorded), days(*seen), len(shas) - 1)
    assert [at // DAY for at in times.committed_at] == list(expected)
    assert times.wrong == {n for n, at in enumerate(recorded) if at != expected[n]}


def test_a_branch_is_bounded_by_where_it_left_and_where_it_came_in() -> None:
    history = History.from_columns(
        ["root", "side", "more", "main", "merge", "open"],
        [[], ["root"], ["side"], ["root"], ["main", "more"], ["main"]],
        days(100, 2, 900, 110, 120, 5),
    )
    times = settle(history, history.committed_at, [NOW] * 6, 4)
    assert [at // DAY for at in times.committed_at] == [100, 100, 120, 110, 120, 110]
    assert times.wrong == {1, 2, 5}


def test_an_old_patch_keeps_its_date_but_not_one_from_before_the_project() -> None:
    times = settled_line(days(100, 200, 300, 400), days(90, 95, 3, 9_000))
    assert [at // DAY for at in times.authored_at] == [90, 95, 300, 400]
    assert list(times.committed_at) == days(100, 200, 300, 400)
    assert times.wrong == {2, 3}


@given(st.lists(st.integers(0, 2_000), max_size=30))
def test_no_time_goes_far_back_and_a_good_history_stays(recorded: list[int]) -> None:
    settled = bounded(days(*recorded), None, [NOW] * len(recorded))
    highest = 0
    for at in settled:
        assert at >= highest - SLACK
        highest = max(highest, at)
        assert 0 < at <= NOW + SLACK
    rising = sorted(one for one in days(*recorded) if 0 < one <= NOW)
    assert bounded(rising, None, [NOW] * len(rising)) == rising


@given(st.lists(st.integers(1, 1_000), min_size=3, max_size=30), st.data())
def test_one_wrong_clock_moves_no_other_commit(recorded: list[int], data: st.DataObject) -> None:
    times = sorted(days(*recorded))
    place = data.draw(st.integers(0, len(times) - 1))
    wrong = [*times]
    wrong[place] = FUTURE
    settled = bounded(wrong, None, [NOW] * len(wrong))
    assert [at for n, at in enumerate(settled) if n != place] == [
        at for n, at in enumerate(times) if n != place
    ]
