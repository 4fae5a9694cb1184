"""Change types and contributors, which the study's sample lacks, on a made world; and edges."""

import random
import warnings
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hubtrace.graph.store import GraphStore
from hubtrace.queries.statistics import Facts, gather, statistics
from hubtrace.queries.statistics.inference import chi_squared, kruskal_wallis, wilson
from tests.queries.statistics import recomputed
from tests.queries.worlds import World, at

TYPES = ("sharing", "model structure", "input data", "output data", "project metadata")
SIDES = {"upstream": ("Repository", "gh"), "downstream": ("Variant", "hf")}


def _made() -> tuple[World, pd.DataFrame]:
    """Return 20 families of classified commits by known people, and the same as a table."""
    draw, world, rows = random.Random(7), World(), []
    for number in range(20):
        family = f"family-{number:02d}"
        world.family(
            family, {f"gh/acme/{family}": {}}, {f"hf/acme/{family}": {}}, observed_at=at(500)
        )
        for side, (label, host) in SIDES.items():
            for commit in range(draw.randint(1, 8)):
                sha, project = f"{family} {side} {commit}", f"{host}/acme/{family}"
                types = draw.sample(TYPES, draw.randint(0, 2))
                person = f"github:{draw.choice('abcdefgh')}{number % 3}"
                world.commit(label, project, sha, at(draw.random() * 400))
                world.types(sha, *types)
                world.node("Contributor", person)
                world.join("AUTHORED_BY", ("Commit", "Contributor"), sha, person)
                rows.append((family, side, sha, types, person))
    return world, pd.DataFrame(rows, columns=["family", "side", "sha", "types", "person"])


def test_change_types_and_contributors_equal_a_plain_recomputation(store: GraphStore) -> None:
    world, table = _made()
    world.write(store)
    facts = gather(store)
    ours = statistics(facts)
    typed = table[table["types"].str.len() > 0]
    found = {"upstream": ours.change_types.upstream, "downstream": ours.change_types.downstream}
    for side, shares in found.items():
        here = typed[typed["side"] == side]
        counts = here.explode("types")["types"].value_counts()
        assert {share.label: share.count for share in shares} == counts.to_dict()
        assert {share.of for share in shares} == {len(here)}
    primary = pd.crosstab(typed["side"], typed["types"].str[0])
    expected = stats.chi2_contingency(primary, correction=False)
    assert ours.change_types.sides.p_value == pytest.approx(expected.pvalue)

    sets = typed.explode("types").groupby(["family", "side"])["types"].agg(set).unstack().dropna()
    alike = [len(u & d) / len(u | d) for d, u in sets.itertuples(index=False)]
    assert ours.change_types.families == len(alike)
    assert ours.change_types.similarity_mean == pytest.approx(pd.Series(alike).mean())
    assert ours.change_types.similarity_median == pytest.approx(pd.Series(alike).median())
    bounds = recomputed.bootstrap([[value] for value in alike], ours.seed, ours.draws)[0]
    interval = ours.change_types.mean_interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(bounds)
    _assert_people(table, facts)


def _assert_people(table: pd.DataFrame, facts: Facts) -> None:
    ours = statistics(facts).contributors
    people = table.groupby(["family", "side"])["person"].agg(set).unstack()
    shared = [len(up & down) for down, up in people.itertuples(index=False)]
    assert (ours.families, ours.shared.of) == (20, 20)
    assert ours.shared.count == sum(count > 0 for count in shared)
    assert ours.shared_mean == pytest.approx(sum(shared) / 20)
    assert ours.upstream_median == people["upstream"].str.len().median()
    assert ours.downstream_median == people["downstream"].str.len().median()


def test_no_family_at_all_is_no_error(store: GraphStore) -> None:
    World().write(store)
    world = World()
    world.node("Family", "empty", observed_at=at(1))
    world.write(store)
    ours = statistics(gather(store))
    assert (ours.families, ours.with_pattern) == (1, 0)
    assert {share.percent for label in ours.labels for share in label.shares} == {None}
    assert ours.switches.by_pattern.note == "needs two groups with values; there is none"
    assert ours.ages.codes.note == "needs two rows and two columns with counts; there is none"
    assert ours.moves.note == "1 of 1 families have a silent side in one half"


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ({}, "needs two groups with values; there is none"),
        ({"a": [1, 2], "b": []}, "needs two groups with values; there is one"),
        ({"a": [1], "b": [2]}, "needs a group with two values or more"),
        ({"a": [3, 3, 3], "b": [3]}, "all values are the same, so that no group differs"),
    ],
)
def test_a_test_says_where_it_does_not_apply(groups: dict[str, list[float]], note: str) -> None:
    found = kruskal_wallis(groups)
    assert (found.note, found.statistic, found.p_value, found.pairs) == (note, None, None, ())


def test_a_table_that_cannot_be_tested_says_so() -> None:
    assert chi_squared([]).note == "needs two rows and two columns with counts; there is none"
    assert chi_squared([[0, 0], [3, 4]]).note == (
        "needs two rows and two columns with counts; there is one"
    )
    found = chi_squared([[1, 9], [9, 1]])
    assert found.cramers_v == pytest.approx(0.8)
    assert found.note is None
    assert chi_squared([[1, 2], [2, 1]]).note == (
        "4 of 4 cells are expected to hold fewer than 5: read with care"
    )


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=5))
def test_no_groups_give_a_warning_or_a_number_that_is_none(groups: Sequence[list[float]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = kruskal_wallis({str(i): values for i, values in enumerate(groups)})
    assert (found.note is None) == (found.p_value is not None)
    for value in (found.statistic, found.p_value, *(pair.p_value for pair in found.pairs)):
        assert value is None or value == value, "nan is no answer"


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    found = wilson(*counts)
    if counts[1] == 0:
        assert found is None
        return
    bounds = stats.binomtest(*counts).proportion_ci(method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high), abs=1e-12)
