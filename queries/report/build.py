"""A report, built from the rows of stored queries."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from importlib.metadata import version
from typing import Any

from hubtrace.graph.format import DAY
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import Progress, Row, ask_all, family_names, rows_as
from hubtrace.queries.changes import Changes
from hubtrace.queries.flags import BranchFlag, flags
from hubtrace.queries.patterns import FamilyPattern
from hubtrace.queries.report import records
from hubtrace.queries.statistics import gather, statistics
from hubtrace.queries.statistics.measures import median_of
from hubtrace.queries.thresholds import Thresholds

LEFT_BEHIND = 20
"""How many commits of a tail are named; all are counted."""

_SNAPSHOTS = "MATCH (s:Snapshot) WHERE s.digest IS NOT NULL RETURN s.digest ORDER BY s.digest"

_Rows = Mapping[str, Sequence[Any]]
"""The rows on one family by query, and its flags by kind."""


def report(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    *,
    changes: Changes | None = None,
    with_statistics: bool = True,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> records.Report:
    """Return what is known of these families, by default all, at `until` (epoch seconds).

    Variants in no family are included only if no families are named. Statistics need scipy.

    Raises:
        CatalogueError: the graph has no such family.
    """
    thresholds = thresholds or Thresholds()
    names = family_names(store, families)
    facts = gather(store, names, until, thresholds, progress=progress)
    period_days = thresholds.period_days

    def asked(query: str, **more: Any) -> list[dict[str, Any]]:
        return ask_all(store, query, names, progress, until=until, **more)

    rows: dict[str, Sequence[Any]] = {
        "projects": facts.projects,
        "switches": facts.switches,
        "periods": asked("family_periods", period_days=period_days),
        "lags": asked("switch_summary"),
        "tails": asked("left_behind", most=LEFT_BEHIND),
        "releases": asked("releases"),
        "tags": asked("tags"),
    }
    if progress is not None:
        progress("flags", 0, len(names))
    found = flags(store, None if families is None else names, until, thresholds)
    rows |= {"sides": found.sides, "variants": found.variants, "branches": found.branches}
    by_family: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {kind: [] for kind in rows})
    for kind, every in rows.items():
        for row in every:
            by_family[row["family"] if isinstance(row, Mapping) else row.family][kind].append(row)
    made = tuple(
        _family(pattern, by_family[pattern.family], period_days) for pattern in facts.patterns
    )
    orphans = tuple(flag for flag in found.variants if flag.family is None)
    return records.Report(
        tool=f"hubtrace {version('hubtrace')}",
        made_at=int(clock()),
        until=until,
        thresholds=thresholds,
        snapshots=tuple(digest for (digest,) in store.run(_SNAPSHOTS).rows()),
        totals=_totals(made, sum(flag.flagged for flag in orphans)),
        statistics=statistics(facts) if with_statistics else None,
        families=made,
        orphans=orphans,
        changes=changes,
    )


def _totals(families: Sequence[records.FamilyReport], flagged_orphans: int) -> records.Totals:
    projects = {(p.side, p.project) for family in families for p in family.projects}
    return records.Totals(
        families=len(families),
        repositories=sum(side == "upstream" for side, _ in projects),
        variants=sum(side == "downstream" for side, _ in projects),
        upstream_commits=sum(family.upstream_commits for family in families),
        downstream_commits=sum(family.downstream_commits for family in families),
        switches=sum(family.switch_count for family in families),
        left_behind=sum(family.left_behind for family in families),
        flagged_families=sum(bool(family.flagged) for family in families),
        flagged=sum(family.flagged for family in families) + flagged_orphans,
    )


def _family(pattern: FamilyPattern, rows: _Rows, period_days: int) -> records.FamilyReport:
    side = next(iter(rows["sides"]), None)
    variants, branches = tuple(rows["variants"]), tuple(rows["branches"])
    active: dict[str, list[tuple[int, int]]] = defaultdict(list)
    shared: dict[str, set[int]] = {"upstream": set(), "downstream": set()}
    for row in rows["periods"]:
        active[row["project"]].append((row["period"], row["commits"]))
        shared[row["side"]].add(row["period"])
    named = (
        {**row, "name": row["name"] or row["project"], "periods": tuple(active[row["project"]])}
        for row in rows["projects"]
    )
    projects = tuple(rows_as(named, records.ProjectReport))
    switches = tuple(rows_as(rows["switches"], records.SwitchReport))
    tails = ({**row, "newest": rows_as(row["newest"], records.LeftCommit)} for row in rows["tails"])
    tail = next(iter(rows_as(tails, records.Tail)), None)
    firsts = (p.first_at for p in projects if p.commits and p.first_at is not None)
    start = min(firsts, default=None)
    life = None if start is None or pattern.until is None else pattern.until - start
    return records.FamilyReport(
        **{field.name: getattr(pattern, field.name) for field in fields(pattern)},
        status="no_commits" if side is None else side.status,
        flagged=sum(flag.flagged for flag in (*variants, *branches)) + bool(side and side.flagged),
        upstream_commits=sum(p.commits for p in projects if p.side == "upstream"),
        downstream_commits=sum(p.commits for p in projects if p.side == "downstream"),
        switch_count=len(switches),
        median_lag_days=median_of(switch.lag_days for switch in switches),
        left_behind=tail.commits if tail else 0,
        start_at=start,
        periods=0 if life is None else life // DAY // period_days + 1,
        shared_periods=tuple(sorted(shared["upstream"] & shared["downstream"])),
        projects=projects,
        switches=switches,
        lags=tuple(rows_as(rows["lags"], records.FamilyLags)),
        tail=tail,
        side=side,
        variant_flags=variants,
        branches=branches,
        marks=tuple(_marks(rows["releases"], rows["tags"], branches)),
    )


def _marks(
    releases: Iterable[Row], tags: Iterable[Row], branches: Iterable[BranchFlag]
) -> list[records.Mark]:
    """Return releases, tags and branches, oldest first; a release hides the tag of its name."""
    released = {(row["project"], row["release"]) for row in releases}
    found = [
        records.Mark(
            "release", row["project"], row["release"] or "", row["published_at"], None, None
        )
        for row in releases
    ]
    for row in tags:
        name = row["tag"].removeprefix("refs/tags/")
        if (row["project"], name) not in released:
            found.append(
                records.Mark("tag", row["project"], name, row["committed_at"], row["sha"], None)
            )
    for branch in branches:
        if branch.status != "default" and branch.head_committed_at is not None:
            name = branch.branch.removeprefix("refs/heads/")
            at, head = branch.head_committed_at, branch.head
            found.append(records.Mark("branch", branch.project, name, at, head, branch.status))
    return sorted(found, key=lambda mark: (mark.at, mark.kind, mark.project, mark.name))
