"""A report built from the rows of the catalogue's queries."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from typing import Any, TypeVar

from hubtrace.graph.identity import commit_url
from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import for_people
from hubtrace.queries.catalogue import family_names
from hubtrace.queries.flags import Flags, flags
from hubtrace.queries.pages.rendering import date, is_safe, short
from hubtrace.queries.report.records import (
    FamilyLags,
    FamilyReport,
    LeftCommit,
    Mark,
    ProjectReport,
    Report,
    SwitchReport,
    Tail,
)
from hubtrace.queries.statistics import Facts, gather, statistics
from hubtrace.queries.statistics.rows import Progress, Row, ask_all
from hubtrace.queries.thresholds import DAY, Thresholds

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Proof:
    """A fact with its date, and where people can see it."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Flagged:
    """A side, a variant or a branch that is orphaned or abandoned."""

    kind: str
    """`family`, `variant` or `branch`."""
    family: int | None
    """Position of its family in the document; None for a variant in no family."""
    what: str
    status: str
    proofs: tuple[Proof, ...]


def flagged(document: Mapping[str, Any]) -> list[Flagged]:
    """Return what is flagged, family by family, then the variants in no family.

    A family's only variant that is in the same state is not told of twice.
    """
    found: list[Flagged] = []
    for i, family in enumerate(document["families"]):
        links = _Links(family["projects"])
        side = family["side"]
        if side is not None and side["flagged"]:
            proofs = _both(side, "downstream_last_at", "downstream_last_sha", links, None)
            found.append(Flagged("family", i, family["family"], side["status"], proofs))
        found += [_variant(v, i, links) for v in family["variant_flags"] if _tells(v, family)]
        found += [_branch(b, i, links) for b in family["branches"] if b["flagged"]]
    no_links = _Links([])
    found += [_variant(variant, None, no_links) for variant in document["orphans"]]
    return found


def _tells(variant: Mapping[str, Any], family: Mapping[str, Any]) -> bool:
    """Return True if a variant is flagged and says more than its family does."""
    alone = len(family["variant_flags"]) == 1 and variant["status"] == family["status"]
    return bool(variant["flagged"] and not alone)


class _Links:
    """Where the commits of a family's projects can be seen."""

    def __init__(self, projects: Sequence[Mapping[str, Any]]) -> None:
        self._urls = {project["project"]: project["url"] for project in projects}
        self._sides: dict[str, list[str]] = {"upstream": [], "downstream": []}
        for project in projects:
            self._sides[project["side"]].append(project["project"])

    def of(self, project: str | None, sha: str | None) -> str | None:
        url = self._urls.get(project or "")
        place = commit_url(url, sha)
        return place if place is not None and url and is_safe(place, (url,)) else None

    def of_side(self, side: str, sha: str | None) -> str | None:
        """Return the commit's place if the side has one project, so that it must be there."""
        projects = self._sides[side]
        return self.of(projects[0], sha) if len(projects) == 1 else None


def _both(
    flag: Mapping[str, Any], at: str, sha: str, links: _Links, project: str | None
) -> tuple[Proof, ...]:
    up_sha, down_sha = flag["upstream_last_sha"], flag[sha]
    down = links.of_side("downstream", down_sha) if project is None else links.of(project, down_sha)
    return (
        _last(
            "upstream's last commit",
            flag["upstream_last_at"],
            up_sha,
            links.of_side("upstream", up_sha),
        ),
        _last(
            "downstream's last commit" if project is None else "its last commit",
            flag[at],
            down_sha,
            down,
        ),
    )


def _variant(flag: Mapping[str, Any], family: int | None, links: _Links) -> Flagged:
    proofs: list[Proof] = []
    if family is not None:
        proofs += _both(flag, "last_at", "last_sha", links, flag["variant"])
    if flag["gone_at"] is not None:
        proofs.append(Proof(f"its repository is gone since {date(flag['gone_at'])}"))
    if flag["moved_to"]:
        proofs.append(Proof(f"its repository moved to {_shown(flag['moved_to'])}"))
    what = flag["name"] or flag["variant"]
    return Flagged("variant", family, what, flag["status"], tuple(proofs))


def _branch(flag: Mapping[str, Any], family: int, links: _Links) -> Flagged:
    head = flag["head"]
    proofs = [_last("head", flag["head_committed_at"], head, links.of(flag["project"], head))]
    if flag["ahead"] is not None:
        proofs.append(Proof(f"{flag['ahead']:,} ahead, {flag['behind']:,} behind"))
    if flag["default_committed_at"] is not None:
        proofs.append(Proof(f"default branch moved {date(flag['default_committed_at'])}"))
    name = f"{flag['name'] or flag['project']} {flag['branch'].removeprefix('refs/heads/')}"
    return Flagged("branch", family, name, flag["status"], tuple(proofs))


def _last(what: str, at: int | None, sha: str | None, url: str | None) -> Proof:
    if at is None:
        return Proof(f"{what}: none")
    # A day known without its commit names itself: `day:<variant>:<date>`.
    commit = "" if sha is None or sha.startswith("day:") else f" {_shown(sha[:10])}"
    return Proof(f"{what} {date(at)}{commit}", url)


def _shown(text: str) -> str:
    return short(for_people(text), _LONGEST)


LEFT_BEHIND = 20
"""How many commits of a tail are named; all are counted."""

_SNAPSHOTS = "MATCH (s:Snapshot) WHERE s.digest IS NOT NULL RETURN s.digest ORDER BY s.digest"


_Kind = TypeVar("_Kind", ProjectReport, SwitchReport, FamilyLags, LeftCommit)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of stored queries, by family."""

    projects: Mapping[str, Sequence[Row]]
    periods: Mapping[str, Sequence[Row]]
    switches: Mapping[str, Sequence[Row]]
    lags: Mapping[str, Sequence[Row]]
    tails: Mapping[str, Sequence[Row]]
    releases: Mapping[str, Sequence[Row]]
    tags: Mapping[str, Sequence[Row]]


def report(
    store: GraphStore,
    families: Sequence[str] | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
    *,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> Report:
    """Return what is known of these families, by default all, at `until` (epoch seconds).

    Variants in no family are told of only if no families are named.

    Raises:
        CatalogueError: the graph has no such family.
    """
    thresholds = thresholds or Thresholds()
    show = progress or (lambda what, done, total: None)
    names = family_names(store, families)
    facts = gather(store, names, until, thresholds, progress=progress)
    rows = _rows(store, facts, names, until, thresholds, show)
    show("flags", 0, len(names))
    found = flags(store, None if families is None else names, until, thresholds)
    return Report(
        made_at=int(clock()),
        tool=f"hubtrace {version('hubtrace')}",
        snapshots=tuple(digest for (digest,) in store.run(_SNAPSHOTS).rows()),
        until=until,
        thresholds=asdict(thresholds),
        statistics=statistics(facts),
        families=_families(facts, rows, found),
        orphans=tuple(flag for flag in found.variants if flag.family is None),
    )


def _rows(
    store: GraphStore,
    facts: Facts,
    names: Sequence[str],
    until: int | None,
    thresholds: Thresholds,
    show: Progress,
) -> _Rows:
    def asked(query: str, **more: Any) -> Mapping[str, Sequence[Row]]:
        return _by_family(ask_all(store, query, names, show, until=until, **more))

    return _Rows(
        projects=_by_family(facts.projects),
        periods=asked("family_periods", period_days=thresholds.period_days),
        switches=_by_family(facts.switches),
        lags=asked("switch_summary"),
        tails=asked("left_behind", most=LEFT_BEHIND),
        releases=asked("releases"),
        tags=asked("tags"),
    )


def _by_family(rows: Iterable[Row]) -> Mapping[str, Sequence[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["family"]].append(row)
    return found


def _families(facts: Facts, rows: _Rows, found: Flags) -> tuple[FamilyReport, ...]:
    sides = {flag.family: flag for flag in found.sides}
    variants, branches = defaultdict(list), defaultdict(list)
    for variant in found.variants:
        variants[variant.family].append(variant)
    for branch in found.branches:
        branches[branch.family].append(branch)
    return tuple(
        FamilyReport(
            pattern=pattern,
            side=sides.get(pattern.family),
            variants=tuple(variants[pattern.family]),
            branches=tuple(branches[pattern.family]),
            **_family(pattern.family, rows, branches[pattern.family]),
        )
        for pattern in facts.patterns
    )


def _family(name: str, rows: _Rows, branches: Iterable[Any]) -> dict[str, Any]:
    periods = rows.periods.get(name, [])
    active: dict[str, list[tuple[int, int]]] = defaultdict(list)
    by_side: dict[str, set[int]] = {"upstream": set(), "downstream": set()}
    for row in periods:
        active[row["project"]].append((row["period"], row["commits"]))
        by_side[row["side"]].add(row["period"])
    firsts = [row["first_at"] for row in rows.projects.get(name, []) if row["commits"]]
    return {
        "start_at": min(firsts, default=None),
        "shared_periods": tuple(sorted(by_side["upstream"] & by_side["downstream"])),
        "projects": tuple(
            _project(row, active[row["project"]]) for row in rows.projects.get(name, [])
        ),
        "switches": tuple(_picked(SwitchReport, row) for row in rows.switches.get(name, [])),
        "lags": tuple(_picked(FamilyLags, row) for row in rows.lags.get(name, [])),
        "tail": next((_tail(row) for row in rows.tails.get(name, [])), None),
        "marks": tuple(_marks(rows.releases.get(name, []), rows.tags.get(name, []), branches)),
    }


def _project(row: Row, periods: Sequence[tuple[int, int]]) -> ProjectReport:
    named = {**row, "name": row["name"] or row["project"], "periods": tuple(periods)}
    return _picked(ProjectReport, named)


def _tail(row: Row) -> Tail:
    newest = tuple(_picked(LeftCommit, commit) for commit in row["newest"])
    return Tail(row["side"], row["other_last_at"], row["commits"], newest)


def _marks(releases: Iterable[Row], tags: Iterable[Row], branches: Iterable[Any]) -> list[Mark]:
    """Return what happened at one moment, oldest first; a release hides the tag of its name."""
    released = {(row["project"], row["release"]) for row in releases}
    found = [
        Mark("release", row["project"], row["release"] or "", row["published_at"], None, None)
        for row in releases
    ]
    for row in tags:
        name = row["tag"].removeprefix("refs/tags/")
        if (row["project"], name) not in released:
            found.append(Mark("tag", row["project"], name, row["committed_at"], row["sha"], None))
    for branch in branches:
        if branch.status != "default" and branch.head_committed_at is not None:
            name = branch.branch.removeprefix("refs/heads/")
            at, head = branch.head_committed_at, branch.head
            found.append(Mark("branch", branch.project, name, at, head, branch.status))
    return sorted(found, key=lambda mark: (mark.at, mark.kind, mark.project, mark.name))


def _picked(kind: type[_Kind], row: Row) -> _Kind:
    """Return a dataclass with those of its fields that a row has."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})


def periods_of(family: FamilyReport, period_days: int) -> int:
    """Return how many periods the family's life has until the moment asked for."""
    until = family.pattern.until
    if family.start_at is None or until is None:
        return 0
    return (until - family.start_at) // DAY // period_days + 1
