"""Pictures for papers, by matplotlib (the extra `plot`), in the manner of the study's figures.

One style, text that is only text, and files that are the same every time.
"""

import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hubtrace.graph.atomic_files import write_atomically
from hubtrace.graph.errors import HubtraceError, extra
from hubtrace.graph.format import DAY, count
from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import for_people
from hubtrace.output import check_output, date
from hubtrace.queries.catalogue import ask, family_names
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.statistics.measures import label_shares
from hubtrace.queries.statistics.records import Share
from hubtrace.queries.study import STUDY
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Draw = Callable[[GraphStore, list[str] | None, int | None, Thresholds], "Figure"]
_UPSTREAM, _DOWNSTREAM = "#0072b2", "#e69f00"
"""Blue and orange as in the study's figures, in the tones of Okabe and Ito that everyone can tell
apart."""
_PUBLISHED, _SHARED, _GRID, _INK = "#bbbbbb", "#009e73", "#d9d9d9", "#222222"
_LONGEST = 60
"""Characters of a name that are drawn."""
_DOTS_PER_INCH = 200
_FONT = "DejaVu Sans"
"""It comes with matplotlib, so that pictures look alike everywhere."""
_NO_DATES = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None, "ModDate": None},
    ".png": {"Software": None},
}
"""Format → metadata that would differ from run to run, or name the machine."""
_PER_PERIOD, _PER_LABEL, _PER_CHARACTER = 0.16, 0.2, 0.08
"""Inches that a period takes, that a label of the axis needs, and a character of a name."""
_DIRECTIONS = (
    ("upstream", "upstream →\ndownstream", _UPSTREAM),
    ("downstream", "downstream →\nupstream", _DOWNSTREAM),
)


def check_target(path: Path) -> None:
    """Refuse a file that no picture can be written to, before any work is done.

    Raises:
        HubtraceError: its ending is not a format, or matplotlib is not installed.
    """
    if path.suffix.lower() not in _NO_DATES:
        raise HubtraceError(f"{path} is not a picture's name; end it in {', '.join(_NO_DATES)}")
    with extra("plot", "plots need matplotlib"):
        import matplotlib
    matplotlib.use("Agg")
    matplotlib.rc("text", parse_math=False, usetex=False)  # a `$` in a name is a dollar sign
    matplotlib.rc("svg", hashsalt="hubtrace", fonttype="none")  # the same ids; text stays text
    matplotlib.rc("pdf", fonttype=42)
    matplotlib.rc("font", family=_FONT, size=9.0)
    matplotlib.rc("axes", edgecolor=_INK)
    matplotlib.rc("axes.spines", top=False, right=False)


def figure(width: float, height: float, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return an empty figure, its size in inches, and its axes from left to right."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    axes = made.subplots(1, columns, squeeze=False)
    return made, list(axes[0])


def save(made: "Figure", path: Path) -> None:
    """Write a figure; the same figure gives the same file, which is complete or absent.

    Raises:
        OSError: it cannot be written.
    """
    ending = path.suffix.lower()
    content = io.BytesIO()
    made.savefig(content, format=ending[1:], dpi=_DOTS_PER_INCH, metadata=_NO_DATES[ending])
    check_output(path)
    write_atomically(path, content.getvalue())


def text(name: str) -> str:
    r"""Return a name as it is drawn: short, on one line, every character visible.

    What the font has no picture of is spelled out, e.g. as `\u4e2d`.
    """
    spelled = "".join(
        char if _is_in_font(char) else char.encode("ascii", "backslashreplace").decode()
        for char in for_people(name[:_LONGEST])
    )
    cut = len(name) > _LONGEST or len(spelled) > _LONGEST
    return f"{spelled[: _LONGEST - 1]}…" if cut else spelled


@cache
def _is_in_font(char: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family=_FONT))).get_char_index(ord(char)) != 0


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
    """Return the timeline of a family.

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
    length = thresholds.period_days
    rows = tuple(
        Row(name, not downstream, tuple(sorted(found)), frozenset(day // length for day in found))
        for (downstream, name), found in sorted(days.items())
    )
    return Timeline(family, start, length, rows)


def _draw_timeline(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> "Figure":
    """Draw the timeline of one family, with its pattern in the title."""
    (family,) = families or [""]
    drawn = timeline_of(store, family, until, thresholds)
    (pattern,) = patterns(store, [family], until, thresholds, stability=False)
    grid = min(max(5.0, _PER_PERIOD * (drawn.last + 1)), 14.0)
    names = _PER_CHARACTER * max(len(text(row.name)) for row in drawn.rows)
    made, (axes,) = figure(grid + names, 1.6 + 0.3 * len(drawn.rows))
    _draw_grid(axes, drawn, most_labels=int(grid / _PER_LABEL))
    for position, row in enumerate(drawn.rows):
        middles, positions = [day + 0.5 for day in row.days], [position] * len(row.days)
        colour = _UPSTREAM if row.upstream else _DOWNSTREAM
        axes.scatter(middles, positions, s=22, color=colour, alpha=0.7, linewidths=0, zorder=3)
    axes.set_yticks(range(len(drawn.rows)), [text(row.name) for row in drawn.rows])
    for label, row in zip(axes.get_yticklabels(), drawn.rows, strict=True):
        label.set_color(_UPSTREAM if row.upstream else "#8a5f00")
    axes.set_ylim(len(drawn.rows) - 0.4, -0.6)
    title = f"{pattern.pattern} ({pattern.code})" if pattern.pattern else "no pattern"
    made.suptitle(f"{text(family)}: {title}", x=0.01, ha="left", fontsize=10)
    _add_legend(made)
    return made


def _draw_grid(axes: "Axes", drawn: Timeline, most_labels: int) -> None:
    """Draw the periods: a line at the beginning of each, a band where both sides are active."""
    periods = drawn.last + 1
    for period in drawn.shared:
        begin = period * drawn.period_days
        axes.axvspan(begin, begin + drawn.period_days, color=_SHARED, alpha=0.18, linewidth=0)
    lines = [period * drawn.period_days for period in range(periods + 1)]
    axes.vlines(lines, -0.6, len(drawn.rows) - 0.4, color=_GRID, linewidth=0.5, zorder=1)
    labelled = range(0, periods, math.ceil(periods / most_labels))
    weeks = [f"Wk{(period + 1) * drawn.period_days / 7:g}" for period in labelled]
    middles = [(period + 0.5) * drawn.period_days for period in labelled]
    axes.set_xticks(middles, weeks, rotation=90, fontsize=7)
    axes.set_xlim(-0.01 * lines[-1], 1.01 * lines[-1])
    axes.set_xlabel(
        f"weeks since {date(drawn.start)} UTC, in periods of {drawn.period_days} days", fontsize=8
    )
    axes.tick_params(axis="x", length=0)


def _add_legend(made: "Figure") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    made.legend(
        handles=[
            Line2D([], [], marker="o", linestyle="", color=_UPSTREAM, label="upstream (GitHub)"),
            Line2D([], [], marker="o", linestyle="", color=_DOWNSTREAM, label="variant"),
            Patch(color=_SHARED, alpha=0.18, linewidth=0, label="period active on both sides"),
        ],
        loc="outside lower right",
        ncols=3,
        frameon=False,
        fontsize=8,
    )


def _found_patterns(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> list[FamilyPattern]:
    """Return the patterns of the families that have one."""
    found = patterns(store, families, until, thresholds, stability=False)
    with_one = [pattern for pattern in found if pattern.code is not None]
    if not with_one:
        raise HubtraceError("no family has a pattern to draw: each has a silent side")
    return with_one


def _draw_patterns(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> "Figure":
    """Draw how many families have each pattern, beside the study's."""
    found = _found_patterns(store, families, until, thresholds)
    shares = label_shares(found, "code").shares
    made, (axes,) = figure(7.0, 4.2)
    _draw_shares(axes, shares, [f"{share.name} ({share.label})" for share in shares], len(found))
    axes.set_title("Synchronization patterns", loc="left", fontsize=10)
    return made


def _draw_shares(axes: "Axes", shares: Sequence[Share], names: Sequence[str], number: int) -> None:
    """Draw shares of a number of families beside the published ones."""
    ours = [share.percent or 0.0 for share in shares]
    published = [share.published_percent or 0.0 for share in shares]
    these = f"{'this' if number == 1 else 'these'} {count(number, 'family')}"
    _draw_bars(axes, names, [(these, _UPSTREAM, ours), (STUDY, _PUBLISHED, published)])
    axes.set_xlabel("per cent of the families")


def _draw_changes(
    store: GraphStore, families: list[str] | None, until: int | None, _: Thresholds
) -> "Figure":
    """Draw what commits are about on each side: the shares of their primary change types."""
    names = family_names(store, families)
    commits: Counter[tuple[str, str]] = Counter()
    for row in ask(store, "change_type_counts", families=names, until=until):
        commits[row["side"], row["change_type"]] += row["primary_commits"]
    if not commits.total():
        raise HubtraceError(
            "no commit has change types to draw: its source does not know which paths it changed"
        )
    sides = ("upstream", "downstream")
    of_type = {t: sum(commits[side, t] for side in sides) for _, t in commits}
    totals = {side: sum(commits[side, t] for t in of_type) for side in sides}
    types = sorted(of_type, key=lambda t: (-of_type[t], t))
    series = [
        (
            f"{side} ({totals[side]:,} commits)",
            colour,
            [100 * commits[side, t] / max(totals[side], 1) for t in types],
        )
        for side, colour in zip(sides, (_UPSTREAM, _DOWNSTREAM), strict=True)
    ]
    made, (axes,) = figure(7.0, 1.3 + 0.34 * len(types))
    _draw_bars(axes, types, series)
    axes.set_xlabel("per cent of the side's commits, by primary change type")
    axes.set_title("What commits are about", loc="left", fontsize=10)
    return made


def _draw_bars(
    axes: "Axes", names: Sequence[str], series: Sequence[tuple[str, str, Sequence[float]]]
) -> None:
    """Draw horizontal bars, the first on top, with their values behind them.

    A series is a name, a colour, and a value for each bar.
    """
    height = 0.8 / len(series)
    for number, (label, colour, values) in enumerate(series):
        offset = (number - (len(series) - 1) / 2) * height
        middles = [bar + offset for bar in range(len(names))]
        drawn = axes.barh(middles, values, height=0.92 * height, color=colour, label=label)
        axes.bar_label(drawn, fmt="%.1f", padding=2, fontsize=7)
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.12 * max((max(values) for _, _, values in series), default=1) or 1)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def _draw_lags(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> "Figure":
    """Draw the share of each lag beside the study's, and the lags of switches by direction."""
    found = _found_patterns(store, families, until, thresholds)
    shares = label_shares(found, "lag").shares
    made, (first, second) = figure(9.5, 3.4, 2)
    names = [share.label.replace("_", " ") for share in shares]
    _draw_shares(first, shares, names, len(found))
    first.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    first.set_title("Who moves first", loc="left", fontsize=10)
    families = [pattern.family for pattern in found]
    rows = ask(store, "switches", families=families, until=until).data()
    lags = {
        side: [row["lag_seconds"] // DAY for row in rows if row["from_side"] == side]
        for side, _, _ in _DIRECTIONS
    }
    _draw_boxes(second, lags)
    return made


def _draw_boxes(axes: "Axes", lags: dict[str, list[int]]) -> None:
    """Draw a box for each direction: quartiles, median, whiskers at the 5th and 95th percentile."""
    drawn = [(label, colour, lags[side]) for side, label, colour in _DIRECTIONS if lags[side]]
    axes.set_title("Lag of switches", loc="left", fontsize=10)
    if not drawn:
        axes.text(0.5, 0.5, "no switches", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    made = axes.boxplot(
        [values for _, _, values in drawn],
        orientation="horizontal",
        tick_labels=[f"{label}\n(n = {len(values):,})" for label, _, values in drawn],
        whis=(5, 95),
        widths=0.5,
        patch_artist=True,
        medianprops={"color": _INK, "linewidth": 1.5},
        flierprops={"markersize": 3, "markeredgewidth": 0.4, "alpha": 0.5},
    )
    for box, (_, colour, _) in zip(made["boxes"], drawn, strict=True):
        box.set_facecolor(colour)
        box.set_alpha(0.6)
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=-0.15)  # a median of 0 is seen, too
    most = max(1, 1.3 * max(max(values) for _, _, values in drawn))
    axes.set_xticks([tick for tick in (0, 1, 7, 30, 100, 365, 1000) if tick <= most])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("whole days, logarithmic (box: quartiles; whiskers: 5 and 95 %)")


PLOTS: Mapping[str, _Draw] = {
    "timeline": _draw_timeline,
    "patterns": _draw_patterns,
    "lag": _draw_lags,
    "changes": _draw_changes,
}
"""Name → what draws it: of some families (of one for `timeline`), at a time.

Each raises CatalogueError for an unknown family, and HubtraceError if there is nothing to draw.
"""
