"""The labels as a researcher computes them with pandas: the peer of `hubtrace.queries.patterns`.

The shape is that of the study's notebooks (github.com/SAILResearch/
replication-25-synchronization-Patterns, RQs/RQ2_analysis.ipynb), read and written anew: for every
family, filter two frames of all commits, join them, and let a function per dimension put the dates
into periods. `tidy` is the same with the two slow habits gone: the frames are grouped once, and
the periods of a family are computed once. Dates are parsed before the clock starts for both.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

UPSTREAM = "GitHub"
PERIOD_DAYS = 14

Label = dict[str, Any]
Dimensions = tuple[str, str, str]
"""Lag, sync type and intensity."""
_Labeller = Callable[[pd.DataFrame, "Grid"], Dimensions]


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods of so many days since `start`, shifted by so many days."""

    start: pd.Timestamp
    days: int = PERIOD_DAYS
    offset: int = 0

    def put(self, commits: pd.DataFrame) -> pd.DataFrame:
        """Return the commits with the period that each of them is in."""
        commits = commits.dropna(subset=["date"])
        day = (commits["date"] - self.start).dt.days
        return commits.assign(period=(day + self.offset) // self.days)


def study(
    upstream: pd.DataFrame, downstream: pd.DataFrame, families: Iterable[str], stability: bool
) -> list[Label]:
    """Return the labels of families, by filtering all commits for each of them."""
    labels = []
    for family in families:
        github = upstream[upstream["family"] == family].copy()
        hub = downstream[downstream["family"] == family].copy()
        github["project"] = UPSTREAM
        commits = pd.concat([hub[["date", "project"]], github[["date", "project"]]])
        labels.append(_label(family, commits, _by_function, stability))
    return labels


def tidy(
    upstream: pd.DataFrame, downstream: pd.DataFrame, families: Iterable[str], stability: bool
) -> list[Label]:
    """Return the labels of families, from one grouping of all commits."""
    commits = pd.concat([upstream.assign(project=UPSTREAM), downstream])
    return [
        _label(str(family), group[["date", "project"]], _by_sets, stability)
        for family, group in commits[commits["family"].isin(list(families))].groupby("family")
    ]


def _label(family: str, commits: pd.DataFrame, labeller: _Labeller, stability: bool) -> Label:
    base = Grid(commits["date"].min())
    lag, sync, intensity = labeller(commits, base)
    label: Label = {"family": family, "lag": lag, "sync": sync, "intensity": intensity}
    label["code"] = _code(sync, intensity)
    if stability:
        label |= _stability(commits, label["code"], base, labeller)
    return label


def _stability(commits: pd.DataFrame, code: str, base: Grid, labeller: _Labeller) -> Label:
    def code_on(grid: Grid, part: pd.DataFrame = commits) -> str | None:
        return _code(*labeller(part, grid)[1:]) if _both_sides(part) else None

    codes = [code_on(replace(base, offset=offset)) for offset in range(PERIOD_DAYS)]
    day = (commits["date"] - base.start).dt.days
    early = day < (day.max() // PERIOD_DAYS + 2) // 2 * PERIOD_DAYS
    return {
        "stability": codes.count(code) / PERIOD_DAYS,
        "code_7_days": code_on(replace(base, days=7)),
        "code_28_days": code_on(replace(base, days=28)),
        "early_code": code_on(base, commits[early]),
        "late_code": code_on(base, commits[~early]),
    }


def _both_sides(commits: pd.DataFrame) -> bool:
    github = commits["project"] == UPSTREAM
    return bool(github.any() and not github.all())


def _code(sync: str, intensity: str) -> str:
    return f"{'A' if sync == 'VS' else sync[0]}S{intensity}"


def _by_function(commits: pd.DataFrame, grid: Grid) -> Dimensions:
    """Return the dimensions, each by a function of its own that starts from the dates."""
    return _lag(grid.put(commits)), _sync(grid.put(commits)), _intensity(grid.put(commits))


def _lag(commits: pd.DataFrame) -> str:
    active = commits.pivot_table(
        index="period", columns="project", values="date", aggfunc="first"
    ).notna()
    first = active.sort_index().iloc[0]
    return _first_mover(bool(first[UPSTREAM]), bool(first.drop(UPSTREAM).any()))


def _sync(commits: pd.DataFrame) -> str:
    hub = commits[commits["project"] != UPSTREAM]
    github = set(commits.loc[commits["project"] == UPSTREAM, "period"].unique())
    variants = hub["project"].unique()
    if all(set(hub.loc[hub["project"] == v, "period"].unique()) <= github for v in variants):
        return "CS"
    if github & set(hub["period"].unique()):
        return "PS"
    return "VS" if (hub.groupby("period")["project"].nunique() >= 3).sum() >= 3 else "AS"


def _intensity(commits: pd.DataFrame) -> str:
    hub = commits[commits["project"] != UPSTREAM]
    github = set(commits.loc[commits["project"] == UPSTREAM, "period"].unique())
    names = hub["project"].unique()
    return _intensity_of(
        [set(hub.loc[hub["project"] == name, "period"].unique()) for name in names], github
    )


def _by_sets(commits: pd.DataFrame, grid: Grid) -> Dimensions:
    """Return the dimensions from one set of periods per project."""
    commits = grid.put(commits)
    found_by_project = commits.groupby("project")["period"].unique()
    periods = {name: set(found) for name, found in found_by_project.items()}
    github = periods.pop(UPSTREAM)
    variants = list(periods.values())
    first, hub = commits["period"].min(), set().union(*variants)
    lag = _first_mover(first in github, first in hub)
    if all(found <= github for found in variants):
        sync = "CS"
    elif github & hub:
        sync = "PS"
    else:
        crowded = Counter(period for found in variants for period in found)
        sync = "VS" if sum(count >= 3 for count in crowded.values()) >= 3 else "AS"
    return lag, sync, _intensity_of(variants, github)


def _first_mover(github: bool, hub: bool) -> str:
    if github and hub:
        return "simultaneous"
    return "upstream_first" if github else "downstream_first"


def _intensity_of(variants: list[set[int]], github: set[int]) -> str:
    if all(len(found) <= 3 for found in variants):
        return "R"
    for found in variants:
        run, last = 0, None
        for period in sorted(found & github):
            run = run + 1 if last is not None and period == last + 1 else 1
            if run >= 5:
                return "F"
            last = period
    return "S"
