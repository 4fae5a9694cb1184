"""A family's life as a picture of a few hundred bytes: upstream above the line, variants below."""

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

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
