"""A report as one HTML page that needs no network."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from hubtrace.graph.text import for_people
from hubtrace.queries.pages import render
from hubtrace.queries.pages.rendering import is_safe, short
from hubtrace.queries.patterns import PATTERNS
from hubtrace.queries.report.build import Proof, flagged
from hubtrace.queries.report.formats.json import Document
from hubtrace.queries.statistics.labels import NAMES
from hubtrace.queries.study import PACKAGE, STUDY

_BINS = 24
_STEP = 4
"""Width of a bin; a bar is one less."""
_HALF = 11
_CLASSES = (("upstream", "u", -1), ("downstream", "d", 1))


def spark(family: Mapping[str, Any]) -> Markup:
    """Return the picture as SVG; a bar's height is the logarithm of its commits."""
    paths = "".join(
        f'<path class="{class_}" d="{_path(_binned(family, side), sign)}"/>'
        for side, class_, sign in _CLASSES
    )
    width = _BINS * _STEP
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" viewBox="0 0 {width} {2 * _HALF}" width="{width}" '
        f'height="{2 * _HALF}" aria-hidden="true">{paths}</svg>'
    )


def _binned(family: Mapping[str, Any], side: str) -> list[int]:
    """Return a side's commits in each of the equal parts of the family's life."""
    bins, periods = [0] * _BINS, max(family["periods"], 1)
    for project in family["projects"]:
        for period, commits in project["periods"] if project["side"] == side else ():
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
"""More families than this are closed until somebody asks for one."""
LEFT_BEHIND = 8
"""How many commits of a tail the page names; the JSON has more."""
_FLAGGED = 150
"""How many flags are listed at the top; each stands with its family as well."""
_LONGEST = 120
"""Characters of a name or a message."""
_MINUTE = 60
_SCRIPTS = ("pages/table.js", "report/timeline.js", "report/families.js")
_SIDES = ("upstream", "downstream")
_KINDS = ("release", "tag", "branch")


def page(document: Document) -> str:
    """Return the page of a report's document."""
    flags = flagged(document)
    families = document["families"]
    return render(
        "report/report.html",
        title=_title(families),
        scripts=_SCRIPTS,
        data={
            "days": document["thresholds"]["period_days"],
            "families": [_compact(family) for family in families],
        },
        doc=document,
        flags=flags[:_FLAGGED],
        flags_left=max(0, len(flags) - _FLAGGED),
        sparks=[spark(family) for family in families],
        is_open=len(families) <= OPEN_AT_ONCE,
        names=NAMES,
        patterns=PATTERNS,
        study=STUDY,
        package=PACKAGE,
    )


def _title(families: Sequence[Mapping[str, Any]]) -> str:
    if len(families) == 1:
        return f"{_shown(families[0]['family'])}: synchronization report"
    return f"Synchronization report on {len(families):,} model families"


def _compact(family: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script draws of a family; `queries/report/timeline.js` reads it."""
    places = {project["project"]: i for i, project in enumerate(family["projects"])}
    start = family["start_at"]
    return {
        "n": _shown(family["family"]),
        "s": start,
        "k": family["periods"],
        "b": family["shared_periods"],
        "p": [_project(project) for project in family["projects"]],
        "w": [part for switch in family["switches"] for part in _switch(switch, start)],
        "m": [
            [_KINDS.index(mark["kind"]), places.get(mark["project"], 0), mark["at"]]
            + [_shown(mark["name"])]
            + ([mark["status"]] if mark["status"] else [])
            for mark in family["marks"]
        ],
        "t": _tail(family["tail"], places),
        "f": [_flag(kind, what, status, proofs) for kind, what, status, proofs in _own(family)],
    }


def _own(family: Mapping[str, Any]) -> list[tuple[str, str, str, Sequence[Proof]]]:
    return [
        (flag.kind, flag.what, flag.status, flag.proofs)
        for flag in flagged({"families": [family], "orphans": []})
    ]


def _project(project: Mapping[str, Any]) -> list[Any]:
    url = project["url"] or ""
    return [
        _shown(project["name"]),
        _SIDES.index(project["side"]),
        url.rstrip("/") if is_safe(url, (url,)) else "",
        project["commits"],
        [part for period in project["periods"] for part in period],
        project["first_at"],
        project["last_at"],
    ]


def _switch(switch: Mapping[str, Any], start: int) -> tuple[int, int, int]:
    """Return its direction, where it begins (minutes since the family did), and how long it is."""
    begin, lag = switch["from_at"] - start, switch["to_at"] - switch["from_at"]
    return _SIDES.index(switch["from_side"]), begin // _MINUTE, lag // _MINUTE


def _tail(tail: Mapping[str, Any] | None, places: Mapping[str, int]) -> list[Any] | None:
    if tail is None:
        return None
    newest = [
        [
            places.get(commit["project"], 0),
            commit["sha"],
            commit["at"],
            _shown(commit["author"] or ""),
            _shown(commit["subject"] or ""),
        ]
        for commit in tail["newest"][:LEFT_BEHIND]
    ]
    return [_SIDES.index(tail["side"]), tail["other_last_at"], tail["commits"], newest]


def _flag(kind: str, what: str, status: str, proofs: Sequence[Proof]) -> list[Any]:
    return [kind, _shown(what), status, [[proof.text, proof.url or ""] for proof in proofs]]


def _shown(text: str) -> str:
    return short(for_people(text[: 4 * _LONGEST]), _LONGEST)
