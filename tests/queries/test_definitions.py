"""The stored queries against docs/design.md's definitions in plain Python, on random families."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph import open_store
from hubtrace.graph.activity import renew_activity
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask, family_names
from hubtrace.queries.dimensions import FEW, Grid, active_days
from hubtrace.queries.patterns import PATTERNS, patterns
from hubtrace.queries.thresholds import Thresholds
from tests.effort import examples
from tests.queries import definitions
from tests.queries.definitions import DAY, PlainFamily, code_of, periods_of
from tests.queries.worlds import START, World, switches_of

# Days in a narrow life, so that periods are shared; seconds around the edges of a day.
_MOMENTS = st.builds(
    lambda day, second: START + day * DAY + second,
    st.one_of(st.integers(0, 130), st.integers(0, 12).map(lambda period: period * 14)),
    st.sampled_from([-1, 0, 1, DAY // 2, DAY - 1]),
)
_PROJECT = st.lists(_MOMENTS, max_size=14)
_BUSY = st.integers(0, 13).map(
    lambda first: [START + (first + step) * 14 * DAY for step in range(7)]
)
_FAMILY = st.builds(
    PlainFamily,
    st.lists(_PROJECT | _BUSY, max_size=2),
    st.lists(_PROJECT | _BUSY, max_size=4),
)
_FAMILIES = st.lists(_FAMILY, min_size=1, max_size=25)
_FEW = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_GRIDS: list[dict[str, Any]] = [
    {"grid": f"{days} {offset} {part}", "period_days": days, "offset_days": offset, "part": part}
    for days, offset, part in [
        (14, 0, "whole"),
        (14, 5, "whole"),
        (14, 13, "whole"),
        (7, 0, "whole"),
        (28, 0, "whole"),
        (14, 0, "early"),
        (14, 0, "late"),
        (14, 3, "late"),
        (7, 6, "early"),
    ]
]


def _store(folder: str, families: list[PlainFamily], draw: Random | None = None) -> GraphStore:
    # On the embedded store only: a server needs minutes for hundreds of graphs, and answers the
    # same questions about the hand-made world and the study's families.
    world = World()
    for number, family in enumerate(families):
        _add(world, f"f{number}", family)
    if draw is not None:
        _past(world, draw)
    store = open_store(str(Path(folder) / "graph.kgl"))
    world.write(store)
    return store


def _add(world: World, name: str, family: PlainFamily) -> None:
    """Add a family and its switches; a commit is named by its side, project and time."""

    def named(side: str, projects: list[list[int]]) -> dict[str, dict[str, int]]:
        return {
            f"{side}/{name}/{i}": {f"{name} {side} {i} {j}": t for j, t in enumerate(times)}
            for i, times in enumerate(projects)
        }

    upstream, variants = named("gh", family.upstream), named("hf", family.variants)
    world.family(name, upstream, variants, observed_at=START + 1_000 * DAY)
    timeline = sorted(
        (moment, order, sha)
        for order, side in enumerate((upstream, variants))
        for commits in side.values()
        for sha, moment in commits.items()
    )
    pairs = [
        (("upstream", "downstream")[side], sha, later)
        for (_, side, sha), (_, other, later) in pairwise(timeline)
        if side != other
    ]
    switches_of(world, name, pairs)


@_FEW
@given(families=_FAMILIES, cut=st.none() | _MOMENTS)
def test_the_three_dimensions_are_those_of_the_definitions(
    families: list[PlainFamily], cut: int | None
) -> None:
    with TemporaryDirectory() as folder, _store(folder, families) as store:
        asked = {"until": cut, "grids": _GRIDS}
        found = {
            name: {(row["family"], row["grid"]): row for row in ask(store, name, **asked)}
            for name in ("lag", "sync_type", "intensity")
        }
    for number, family in enumerate(families):
        seen = family if cut is None else family.until(cut)
        for grid in _GRIDS:
            periods = periods_of(seen, grid["period_days"], grid["offset_days"]).part(grid["part"])
            key = (f"f{number}", grid["grid"])
            if not periods.all:
                assert all(key not in rows for rows in found.values())
                continue
            lag, sync = definitions.lag_of(periods), definitions.sync_of(periods)
            intensity = definitions.intensity_of(periods)
            assert found["lag"][key]["lag"] == lag
            assert found["sync_type"][key]["sync"] == sync
            assert found["intensity"][key]["intensity"] == intensity


def _past(world: World, draw: Random) -> None:
    """Let commits enter and leave the default branches, and limit families to some commits."""
    paths = {
        row["start"]
        for (type_, *_), rows in world.relationships.items()
        if type_ == "UPSTREAM"
        for row in rows
        if draw.random() < 0.2
    }
    for (type_, *_), rows in list(world.relationships.items()):
        for row in rows:
            if type_ == "UPSTREAM" and row["start"] in paths:
                row["paths"] = ["lib/"]
            if type_ != "HAS_COMMIT":
                continue
            if draw.random() < 0.2:
                row["on_default"] = draw.random() < 0.3
                row["left_at"] = draw.choice([None, START + draw.randrange(130) * DAY])
            if draw.random() < 0.2:
                row["entered_at"] = START + draw.randrange(130) * DAY
            family = row["end"].split()[0]
            if family in paths and draw.random() < 0.6:
                world.join("IN_SCOPE", ("Family", "Commit"), family, row["end"])


def _assert_columns_answer_as_queries(store: GraphStore, cut: int | None) -> None:
    """Compare lag, sync type and intensity of all families and grids with the stored queries."""
    names = family_names(store)
    asked: dict[str, Any] = {"until": cut, "grids": _GRIDS}
    rows = {
        column: {(row["family"], row["grid"]): row[column] for row in ask(store, name, **asked)}
        for name, column in (("lag", "lag"), ("sync_type", "sync"), ("intensity", "intensity"))
    }
    for few in (0, FEW):  # in columns, in sets
        days = active_days(store, names, cut, few=few)
        for grid in _GRIDS:
            plain = Grid(grid["period_days"], grid["offset_days"], grid["part"])
            for name, labels in zip(names, days.on(plain, Thresholds()), strict=True):
                key = name, grid["grid"]
                assert list(labels) == [answers.get(key) for answers in rows.values()], key


@settings(_FEW, max_examples=examples(25))
@given(families=_FAMILIES, cut=st.none() | _MOMENTS, draw=st.randoms(use_true_random=False))
def test_columns_answer_as_the_queries(
    families: list[PlainFamily], cut: int | None, draw: Random
) -> None:
    with TemporaryDirectory() as folder, _store(folder, families, draw) as store:
        _assert_columns_answer_as_queries(store, cut)
        with store.write() as writer:
            renew_activity(writer)
        _assert_columns_answer_as_queries(store, cut)


def test_columns_answer_as_the_queries_on_every_store(store: GraphStore) -> None:
    draw, world = Random(16), World()
    for number in range(20):
        sides = (
            [
                [_moment(draw) for _ in range(draw.randrange(12))]
                for _ in range(draw.randrange(most))
            ]
            for most in (3, 5)
        )
        _add(world, f"f{number}", PlainFamily(*sides))
    _past(world, draw)
    world.write(store)
    with store.write() as writer:
        renew_activity(writer)
    kept = "MATCH (p)-[:HAS_ACTIVITY]->(a) WHERE a.times IS NOT NULL RETURN count(a)"
    assert store.run(kept).evaluate() > 12
    for cut in (None, START + 60 * DAY):
        _assert_columns_answer_as_queries(store, cut)


def _moment(draw: Random) -> int:
    return START + draw.randrange(130) * DAY + draw.choice([-1, 0, DAY // 2, DAY - 1])


@_FEW
@given(families=_FAMILIES, cut=st.none() | _MOMENTS)
def test_patterns_are_those_of_the_definitions(
    families: list[PlainFamily], cut: int | None
) -> None:
    with TemporaryDirectory() as folder, _store(folder, families) as store:
        found = {pattern.family: pattern for pattern in patterns(store, until=cut)}
        labels = {p.family: p.code for p in patterns(store, until=cut, stability=False)}
    assert labels == {name: pattern.code for name, pattern in found.items()}
    for number, family in enumerate(families):
        seen, pattern = family if cut is None else family.until(cut), found[f"f{number}"]
        base = periods_of(seen, 14)
        code = code_of(base)
        assert pattern.code == code
        assert pattern.pattern == (None if code is None else PATTERNS[code])
        assert pattern.early_code == code_of(base.part("early"))
        assert pattern.late_code == code_of(base.part("late"))
        assert pattern.code_7_days == code_of(periods_of(seen, 7))
        assert pattern.code_28_days == code_of(periods_of(seen, 28))
        counts = Counter(code_of(periods_of(seen, 14, offset)) for offset in range(14))
        if code is None:
            silent = "no_variant_commits" if any(seen.upstream) else "no_upstream_commits"
            assert (pattern.stability, pattern.runner_up) == (None, None)
            assert pattern.reason == silent
            continue
        assert pattern.reason is None
        assert pattern.stability == counts[code] / 14
        most = max((n for other, n in counts.items() if other != code), default=0)
        others = sorted(str(o) for o, n in counts.items() if o != code and n == most)
        assert pattern.runner_up == (others[0] if others else None)


@_FEW
@given(families=_FAMILIES, cut=st.none() | _MOMENTS)
def test_switches_and_tails_are_those_of_the_definitions(
    families: list[PlainFamily], cut: int | None
) -> None:
    with TemporaryDirectory() as folder, _store(folder, families) as store:
        summaries = {
            (row["family"], row["from_side"]): row
            for row in ask(store, "switch_summary", until=cut)
        }
        tails = {row["family"]: row for row in ask(store, "tails", until=cut)}
    for number, family in enumerate(families):
        name, seen = f"f{number}", family if cut is None else family.until(cut)
        switches = list(definitions.switches_of(seen))
        for side in ("upstream", "downstream"):
            lags = [later - earlier for from_side, earlier, later in switches if from_side == side]
            row = summaries.get((name, side))
            if not lags:
                assert row is None
                continue
            assert row is not None
            count, mean, median, p90 = definitions.summary_of(lags)
            assert (row["switches"], row["median_days"], row["p90_days"]) == (count, median, p90)
            assert row["mean_days"] == pytest.approx(mean)
        tail, expected = tails.get(name), definitions.tail_of(seen)
        assert (None if tail is None else (tail["side"], tail["commits"])) == expected
