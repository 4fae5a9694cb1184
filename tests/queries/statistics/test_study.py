"""The statistics of the 43 families equal a plain recomputation with pandas and scipy."""

from typing import Any

import pandas as pd
import pytest
import scikit_posthocs
from scipy import stats
from scipy.stats.contingency import association

from hubtrace.graph.store import GraphStore
from hubtrace.queries.statistics import Statistics, gather, statistics
from hubtrace.queries.statistics.records import Interval
from tests.queries.statistics import recomputed

SIDES = {"upstream": "U", "downstream": "D"}


@pytest.fixture(scope="module")
def ours(study_store: GraphStore) -> Statistics:
    """What the report says."""
    return statistics(gather(study_store))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Every commit of the sample."""
    return recomputed.commits()


@pytest.fixture(scope="module")
def labels(table: pd.DataFrame) -> pd.DataFrame:
    """The labels of its families."""
    return recomputed.labels(table)


def _approx(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


def _near(interval: Interval | None, bounds: tuple[float, float]) -> None:
    assert interval is not None
    assert (interval.low, interval.high) == _approx(bounds)


def test_shares_of_labels_and_their_intervals(ours: Statistics, labels: pd.DataFrame) -> None:
    assert (ours.families, ours.with_pattern) == (43, len(labels))
    for dimension in ours.labels:
        counts = labels[dimension.dimension].value_counts()
        assert sum(share.count for share in dimension.shares) == len(labels)
        for share in dimension.shares:
            count = int(counts.get(share.label, 0))
            assert (share.count, share.of) == (count, len(labels))
            assert share.percent == _approx(100 * count / len(labels))
            bounds = stats.binomtest(count, len(labels)).proportion_ci(method="wilson")
            _near(share.interval, (100 * bounds.low, 100 * bounds.high))


def test_lags_of_switches(ours: Statistics, table: pd.DataFrame, labels: pd.DataFrame) -> None:
    switches = recomputed.switches(table)
    codes = switches["family"].map(labels["code"])
    assert len(ours.switches.rows) == 1 + 2 + 8
    for row in ours.switches.rows:
        group = switches if row.group == "all" else switches[codes == row.group]
        if row.group in SIDES:
            group = switches[switches["from_side"] == SIDES[row.group]]
        days, families = group["days"], group.groupby("family")["days"]
        assert (row.switches, row.families) == (len(days), families.ngroups)
        if days.empty:
            assert (row.mean, row.median, row.p90, row.mean_interval) == (None,) * 4
            continue
        assert row.mean == _approx(days.mean())
        assert (row.median, row.p90) == (days.median(), recomputed.nearest_rank(days))
        if families.ngroups > 1:
            lists = [list(values) for _, values in sorted(families)]
            bounds = recomputed.bootstrap(lists, ours.seed, ours.draws)
            _near(row.mean_interval, bounds[0])
            _near(row.median_interval, bounds[1])
            _near(row.p90_interval, bounds[2])


def test_the_tests_of_lags(ours: Statistics, table: pd.DataFrame, labels: pd.DataFrame) -> None:
    switches = recomputed.switches(table)
    switches["code"] = switches["family"].map(labels["code"])
    found = ours.switches.by_pattern
    expected = stats.kruskal(*(group["days"] for _, group in switches.groupby("code")))
    assert found.statistic == _approx(expected.statistic)
    assert found.p_value == _approx(expected.pvalue)
    assert found.degrees == switches["code"].nunique() - 1
    dunn = scikit_posthocs.posthoc_dunn(
        switches, val_col="days", group_col="code", p_adjust="bonferroni"
    )
    assert len(found.pairs) == len(dunn) * (len(dunn) - 1) / 2
    for pair in found.pairs:
        assert pair.p_value == _approx(dunn.loc[pair.first, pair.second])
    by_side = [group["days"] for _, group in switches.groupby("from_side")]
    expected = stats.kruskal(*by_side)
    assert ours.switches.by_direction.p_value == _approx(expected.pvalue)


def test_moves_between_the_halves(ours: Statistics, table: pd.DataFrame) -> None:
    halves = recomputed.halves(table)
    assert ours.moves.families == len(halves)
    assert ours.moves.unchanged.count == (halves["early"] == halves["late"]).sum()
    expected = halves.value_counts(["early", "late"]).to_dict()
    found = {(move.early, move.late): move.families for move in ours.moves.moves if move.families}
    assert found == expected


def test_groups_of_age(ours: Statistics, table: pd.DataFrame, labels: pd.DataFrame) -> None:
    ages = recomputed.ages(table).loc[labels.index]
    first, second = ages.quantile(1 / 3), ages.quantile(2 / 3)
    groups = ages.map(
        lambda age: "recent" if age <= first else "intermediate" if age <= second else "mature"
    )
    for group in ours.ages.groups:
        members = labels[groups == group.name]
        assert {code: n for code, n in group.codes.items() if n} == (
            members["code"].value_counts().to_dict()
        )
        assert group.families == len(members)
        assert group.from_days == ages[groups == group.name].min()
    for found, column in ((ours.ages.codes, "code"), (ours.ages.lags, "lag")):
        counts = pd.crosstab(groups, labels[column])
        expected = stats.chi2_contingency(counts, correction=False)
        assert found.statistic == _approx(expected.statistic)
        assert (found.degrees, found.n) == (expected.dof, len(labels))
        assert found.p_value == _approx(expected.pvalue)
        assert found.cramers_v == _approx(association(counts, method="cramer", correction=False))


def test_what_the_sample_does_not_know_is_said(ours: Statistics) -> None:
    assert ours.change_types.upstream == ours.change_types.downstream == ()
    assert "no commit has a change type" in (ours.change_types.note or "")
    assert ours.contributors.families == 0
    assert ours.contributors.note == "no family has known contributors on both sides"
