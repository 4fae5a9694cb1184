"""Ahead, behind and merge base, against git's own answers."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubtrace.ingest.derive.branches import Divergence, count_bits, divergences
from tests.effort import examples
from tests.ingest.derive.oracle import Git
from tests.ingest.derive.sketches import Sketch, graphs, history, reach

CRISS_CROSS = [
    Sketch((), 0),
    Sketch((0,), 1),
    Sketch((0,), 1),
    Sketch((1, 2), 3),
    Sketch((2, 1), 4),
]
OCTOPUS = [Sketch((), 0), *[Sketch((0,), at) for at in (3, 2, 1)], Sketch((1, 2, 3), 4)]
TWO_ROOTS = [Sketch(), Sketch((), 1), Sketch((0,), 2), Sketch((1,), 0)]


@settings(deadline=None, max_examples=examples(120))
@given(graphs())
@example(CRISS_CROSS)
@example(OCTOPUS)
@example(TWO_ROOTS)
def test_every_tip_compares_with_the_last_commit_as_git_says(git: Git, graph: list[Sketch]) -> None:
    shas = git.commit(graph)
    made = git.history(graph, shas)
    base, tips = len(graph) - 1, range(len(graph))[-5:]

    found = divergences(made, base, tips)

    for tip in tips:
        gap = found[tip]
        pair = f"{shas[base]}...{shas[tip]}"
        behind, ahead = git.ask("rev-list", "--left-right", "--count", pair).split()
        assert (gap.ahead, gap.behind) == (int(ahead), int(behind))
        assert (gap.ahead == 0) == git.says("merge-base", "--is-ancestor", shas[tip], shas[base])
        listed = git.ask("merge-base", "--all", shas[base], shas[tip], expect=(0, 1)).split()
        best = min(listed, key=lambda sha: (-graph[shas.index(sha)].at, sha), default=None)
        assert (None if gap.merge_base is None else shas[gap.merge_base]) == best


@given(graphs(most=25), st.data())
def test_ahead_and_behind_are_the_differences_of_what_is_reached(
    graph: list[Sketch], data: st.DataObject
) -> None:
    base, *tips = data.draw(
        st.lists(st.integers(0, len(graph) - 1), min_size=1, max_size=len(graph))
    )

    found = divergences(history(graph), base, tips)

    assert set(found) == set(tips)
    for tip, gap in found.items():
        ours, theirs = reach(graph, tip), reach(graph, base)
        assert (gap.ahead, gap.behind) == (len(ours - theirs), len(theirs - ours))


def test_of_several_merge_bases_the_latest_is_taken_then_the_smallest_sha() -> None:
    later = [*CRISS_CROSS[:2], Sketch((0,), 2), *CRISS_CROSS[3:]]

    assert divergences(history(CRISS_CROSS), 3, [4]) == {4: Divergence(1, 1, 1)}
    assert divergences(history(later), 3, [4]) == {4: Divergence(1, 1, 2)}


def test_the_base_itself_is_neither_ahead_nor_behind() -> None:
    assert divergences(history(OCTOPUS), 4, [4]) == {4: Divergence(0, 0, 4)}
    assert divergences(history(OCTOPUS), 4, []) == {}


@given(st.lists(st.tuples(st.integers(0, 2**70 - 1), st.integers(0, 1000)), max_size=20))
def test_count_bits_is_a_sum_for_each_bit(masks: list[tuple[int, int]]) -> None:
    expected = Counter[int]()
    for mask, weight in masks:
        expected.update({bit: weight for bit in range(70) if mask >> bit & 1})

    assert count_bits(masks, 70) == [expected[bit] for bit in range(70)]
