"""The timeline of a family, as in the study: one row per project, a two-week grid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import DAY
from hubtrace.graph.store import GraphStore
from hubtrace.output import date
from hubtrace.plots.canvas import DOWNSTREAM, GRID, SHARED, UPSTREAM, figure, text
from hubtrace.queries.catalogue import ask
from hubtrace.queries.patterns import patterns
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PER_PERIOD, _PER_LABEL, _PER_CHARACTER = 0.16, 0.2, 0.08
"""Inches that a period takes, that a label of the axis needs, and a character of a name."""


@dataclass(frozen=True, slots=True)
class Row:
    """The commits of one project, in days since the family's earliest one."""

    name: str
    upstream: bool
    days: tuple[int, ...]
    """Each day on which it has commits, once."""
    periods: frozenset[int]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn of a family."""

    family: str
    start: int
    """Epoch seconds of the earliest commit."""
    period_days: int
    rows: tuple[Row, ...]
    """Upstream first."""

    @property
    def shared(self) -> list[int]:
        """The periods in which both sides are active."""
        sides: tuple[set[int], set[int]] = (set(), set())
        for row in self.rows:
            sides[row.upstream].update(row.periods)
        return sorted(sides[0] & sides[1])

    @property
    def last(self) -> int:
        """The last active period."""
        return max(max(row.periods) for row in self.rows)


def timeline_of(
    store: GraphStore, family: str, until: int | None, thresholds: Thresholds
) -> Timeline:
    """Ask for the timeline of a family.

    Raises:
        CatalogueError: there is no such family.
        HubtraceError: it has no commits.
    """
    commits = ask(store, "timeline", families=[family], until=until).data()
    if not commits:
        raise HubtraceError(f"the family {family!r} has no commits to draw")
    start = commits[0]["at"]
    days: dict[tuple[bool, str], set[int]] = {}
    for commit in commits:
        row = (commit["side"] != "upstream", commit["name"] or commit["project"])
        days.setdefault(row, set()).add((commit["at"] - start) // DAY)
    rows = tuple(
        Row(
            name,
            not downstream,
            tuple(sorted(found)),
            frozenset(day // thresholds.period_days for day in found),
        )
        for (downstream, name), found in sorted(days.items())
    )
    return Timeline(family, start, thresholds.period_days, rows)


def draw_timeline(
    store: GraphStore, family: str, until: int | None, thresholds: Thresholds
) -> "Figure":
    """Draw the timeline of a family, with its pattern in the title."""
    drawn = timeline_of(store, family, until, thresholds)
    (pattern,) = patterns(store, [family], until, thresholds, stability=False)
    grid = min(max(5.0, _PER_PERIOD * (drawn.last + 1)), 14.0)
    names = _PER_CHARACTER * max(len(text(row.name)) for row in drawn.rows)
    made, (axes,) = figure(grid + names, 1.6 + 0.3 * len(drawn.rows))
    _grid(axes, drawn, most_labels=int(grid / _PER_LABEL))
    for place, row in enumerate(drawn.rows):
        colour = UPSTREAM if row.upstream else DOWNSTREAM
        axes.scatter(
            [day + 0.5 for day in row.days],
            [place] * len(row.days),
            s=22,
            color=colour,
            alpha=0.7,
            linewidths=0,
            zorder=3,
        )
    _rows(axes, drawn.rows)
    label = f"{pattern.pattern} ({pattern.code})" if pattern.pattern else "no pattern"
    made.suptitle(f"{text(family)}: {label}", x=0.01, ha="left", fontsize=10)
    _legend(made)
    return made


def _grid(axes: "Axes", drawn: Timeline, most_labels: int) -> None:
    """Draw the periods: a line at the beginning of each, a band where both sides are active."""
    count = drawn.last + 1
    for period in drawn.shared:
        begin = period * drawn.period_days
        axes.axvspan(begin, begin + drawn.period_days, color=SHARED, alpha=0.18, linewidth=0)
    lines = [period * drawn.period_days for period in range(count + 1)]
    axes.vlines(lines, -0.6, len(drawn.rows) - 0.4, color=GRID, linewidth=0.5, zorder=1)
    step = math.ceil(count / most_labels)
    labelled = range(0, count, step)
    axes.set_xticks([(period + 0.5) * drawn.period_days for period in labelled])
    weeks = drawn.period_days / 7
    axes.set_xticklabels([f"Wk{(p + 1) * weeks:g}" for p in labelled], rotation=90, fontsize=7)
    axes.set_xlim(-0.01 * lines[-1], 1.01 * lines[-1])
    axes.set_xlabel(
        f"weeks since {date(drawn.start)} UTC, in periods of {drawn.period_days} days", fontsize=8
    )
    axes.tick_params(axis="x", length=0)


def _rows(axes: "Axes", rows: Sequence[Row]) -> None:
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([text(row.name) for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(UPSTREAM if row.upstream else "#8a5f00")
    axes.set_ylim(len(rows) - 0.4, -0.6)


def _legend(made: "Figure") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    made.legend(
        handles=[
            Line2D([], [], marker="o", linestyle="", color=UPSTREAM, label="upstream (GitHub)"),
            Line2D([], [], marker="o", linestyle="", color=DOWNSTREAM, label="variant"),
            Patch(color=SHARED, alpha=0.18, linewidth=0, label="period active on both sides"),
        ],
        loc="outside lower right",
        ncols=3,
        frameon=False,
        fontsize=8,
    )
