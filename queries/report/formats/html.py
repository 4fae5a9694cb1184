"""A report as one HTML page that needs no network."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

from markupsafe import Markup

from hubtrace.graph.format import shorten
from hubtrace.graph.text import for_people
from hubtrace.queries.pages import Site, is_safe, render
from hubtrace.queries.patterns import PATTERNS
from hubtrace.queries.report.attention import MOST, attention, family_attention
from hubtrace.queries.report.records import (
    FamilyReport,
    Mark,
    ProjectReport,
    Report,
    SwitchReport,
    Tail,
)
from hubtrace.queries.statistics.measures import NAMES
from hubtrace.queries.study import PACKAGE, STUDY

_BINS = 24
_STEP = 4
"""Width of a bin; a bar is one less."""
_HALF = 11
_CLASSES = (("upstream", "u", -1), ("downstream", "d", 1))


def spark(family: FamilyReport) -> Markup:
    """Return a family's activity as SVG; a bar's height is the logarithm of its commits."""
    paths = "".join(
        f'<path class="{class_}" d="{_path(_binned(family, side), sign)}"/>'
        for side, class_, sign in _CLASSES
    )
    width = _BINS * _STEP
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" viewBox="0 0 {width} {2 * _HALF}" width="{width}" '
        f'height="{2 * _HALF}" aria-hidden="true">{paths}</svg>'
    )


def _binned(family: FamilyReport, side: str) -> list[int]:
    """Return a side's commits in each of the equal parts of the family's life."""
    bins, periods = [0] * _BINS, max(family.periods, 1)
    for project in family.projects:
        for period, commits in project.periods if project.side == side else ():
            bins[min(period * _BINS // periods, _BINS - 1)] += commits
    return bins


def _path(bins: list[int], sign: int) -> str:
    most = math.log1p(max(*bins, 1))
    parts = []
    for i, commits in enumerate(bins):
        if commits:
            height = 2 + (_HALF - 3) * math.log1p(commits) / most
            parts.append(f"M{i * _STEP + 1} {_HALF + sign}v{sign * height:.0f}")
    return "".join(parts)


OPEN_AT_ONCE = 60
"""With more families than this, each is closed until it is opened."""
FEW = 10
"""With fewer families the page has no statistics: they would say nothing. The JSON has them."""
LEFT_BEHIND = 8
"""How many commits of a tail the page names; the JSON has more."""
_LONGEST = 120
"""Characters of a name or a message."""
_MINUTE = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
SCRIPTS = ("pages/table.js", "report/timeline.js", "report/families.js")
_SIDES = ("upstream", "downstream")
_KINDS = ("release", "tag", "branch")


def to_html(report: Report, site: Site | None = None) -> str:
    """Return the page of a report."""
    flags, families = attention(report), report.families
    title = f"Synchronization report on {len(families):,} model families"
    if len(families) == 1:
        title = f"{_shown(families[0].family)}: synchronization report"
    return render(
        "report/report.html",
        title=title,
        scripts=SCRIPTS,
        site=site,
        data={
            "days": report.thresholds.period_days,
            "families": [_compact(family) for family in families],
        },
        doc=report,
        thresholds=asdict(report.thresholds),
        flags=flags[:MOST],
        flags_left=len(flags[MOST:]),
        sparks=[spark(family) for family in families],
        anchors=_anchors(families),
        few=len(families) < FEW,
        is_open=len(families) <= OPEN_AT_ONCE,
        names=NAMES,
        patterns=PATTERNS,
        study=STUDY,
        package=PACKAGE,
    )


def _anchors(families: Sequence[FamilyReport]) -> list[str]:
    """Return the name of each family's place in the page, which stays when others come or go."""
    found: dict[str, None] = {}
    for family in families:
        name = f"family-{_UNSAFE.sub('-', family.family)[:_LONGEST]}"
        same = (f"{name}-{number}" for number in count(2))
        found[name if name not in found else next(one for one in same if one not in found)] = None
    return [*found]


def _compact(family: FamilyReport) -> dict[str, Any]:
    """Return what the script draws of a family; `queries/report/timeline.js` reads it."""
    positions = {project.project: i for i, project in enumerate(family.projects)}
    start = family.start_at or 0
    return {
        "n": _shown(family.family),
        "s": family.start_at,
        "k": family.periods,
        "b": family.shared_periods,
        "p": [_project(project) for project in family.projects],
        "w": [part for switch in family.switches for part in _switch(switch, start)],
        "m": [_mark(mark, positions) for mark in family.marks],
        "t": _tail(family.tail, positions),
        "f": [
            [
                flag.kind,
                _shown(flag.what),
                flag.status,
                [[_shown(proof.text), proof.url or ""] for proof in flag.proofs],
            ]
            for flag in family_attention(family)
        ],
    }


def _project(project: ProjectReport) -> list[Any]:
    url = project.url or ""
    return [
        _shown(project.name),
        _SIDES.index(project.side),
        url.rstrip("/") if is_safe(url, (url,)) else "",
        project.commits,
        [part for period in project.periods for part in period],
        project.first_at,
        project.last_at,
    ]


def _switch(switch: SwitchReport, start: int) -> tuple[int, int, int]:
    """Return its direction, where it begins (minutes since the family did), and how long it is."""
    begin, lag = switch.from_at - start, switch.to_at - switch.from_at
    return _SIDES.index(switch.from_side), begin // _MINUTE, lag // _MINUTE


def _mark(mark: Mark, positions: Mapping[str, int]) -> list[Any]:
    status = [mark.status] if mark.status else []
    kind, project = _KINDS.index(mark.kind), positions.get(mark.project, 0)
    return [kind, project, mark.at, _shown(mark.name), *status]


def _tail(tail: Tail | None, positions: Mapping[str, int]) -> list[Any] | None:
    if tail is None:
        return None
    newest = [
        [positions.get(c.project, 0), c.sha, c.at, _shown(c.author or ""), _shown(c.subject or "")]
        for c in tail.newest[:LEFT_BEHIND]
    ]
    return [_SIDES.index(tail.side), tail.other_last_at, tail.commits, newest]


def _shown(text: str) -> str:
    return shorten(for_people(text[: 4 * _LONGEST]), _LONGEST)
