"""Switches against the plain definition."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.graph.urls import Side
from hubtrace.ingest.derive.switches import Timeline, find_switches

Entry = tuple[int, int, bool, str, str]
"""Family, time, whether downstream, project, sha: compared in this order, a timeline is sorted."""
Switch = tuple[int, Side, str, str, int, int, int]

ENTRIES = st.tuples(
    st.integers(0, 2),
    st.integers(-2, 6),
    st.booleans(),
    st.sampled_from("pq"),
    st.sampled_from("wxyz"),
)


def found(entries: list[Entry]) -> list[Switch]:
    family, at, downstream, project, sha = zip(*entries, strict=True) if entries else [()] * 5
    timeline = Timeline(
        np.array(family, dtype=np.int64),
        np.array(at, dtype=np.int64),
        np.array(downstream, dtype=np.bool_),
        project,
        sha,
    )
    out = find_switches(timeline)
    columns = (
        out.family.tolist(),
        out.from_side,
        out.from_sha,
        out.to_sha,
        out.from_at.tolist(),
        out.to_at.tolist(),
        out.lag_seconds.tolist(),
    )
    return list(zip(*columns, strict=True))


def defined(entries: list[Entry]) -> list[Switch]:
    return [
        (
            one[0],
            Side.DOWNSTREAM if one[2] else Side.UPSTREAM,
            one[4],
            other[4],
            one[1],
            other[1],
            other[1] - one[1],
        )
        for one, other in pairwise(sorted(entries))
        if one[0] == other[0] and one[2] != other[2]
    ]


@given(st.lists(ENTRIES, max_size=30), st.randoms())
def test_switches_are_neighbours_on_different_sides_in_whatever_order_they_come(
    entries: list[Entry], random: Random
) -> None:
    expected = defined(entries)

    assert found(entries) == expected
    random.shuffle(entries)
    assert found(entries) == expected


@pytest.mark.parametrize("downstream", [True, False])
def test_a_family_with_one_side_has_no_switch(downstream: bool) -> None:
    assert found([(7, at, downstream, "p", str(at)) for at in range(3)]) == []


def test_no_entries_have_no_switches() -> None:
    assert found([]) == []


def test_neighbours_of_different_families_are_no_switch() -> None:
    assert found([(1, 5, False, "p", "x"), (2, 6, True, "q", "y")]) == []


def test_at_equal_times_upstream_comes_first_and_the_lag_is_zero() -> None:
    entries = [(1, 5, True, "q", "y"), (1, 5, False, "p", "x"), (1, 8, False, "p", "z")]

    assert found(entries) == [
        (1, Side.UPSTREAM, "x", "y", 5, 5, 0),
        (1, Side.DOWNSTREAM, "y", "z", 5, 8, 3),
    ]


def test_ties_on_one_side_go_by_project_then_sha() -> None:
    upstream = [(1, 5, False, project, sha) for project, sha in ("ax", "bw", "aw")]
    downstream = [(1, 9, True, project, sha) for project, sha in ("dw", "cz", "cy")]

    assert found(upstream + downstream) == [(1, Side.UPSTREAM, "w", "y", 5, 9, 4)]


def test_a_commit_on_both_sides_switches_to_itself() -> None:
    shared = [(1, 5, False, "p", "x"), (1, 5, True, "q", "x")]

    assert found(shared) == [(1, Side.UPSTREAM, "x", "x", 5, 5, 0)]
