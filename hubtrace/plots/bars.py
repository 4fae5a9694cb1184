"""Shares as bars: of the patterns beside the study's, and of the change types on both sides."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.store import GraphStore
from hubtrace.plots.canvas import DOWNSTREAM, PUBLISHED, UPSTREAM, figure
from hubtrace.queries.catalogue import ask, family_names
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.statistics.measures import label_shares
from hubtrace.queries.statistics.records import Share
from hubtrace.queries.study import STUDY
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = tuple[str, str, Sequence[float]]
"""A name, a colour, and a value for each bar."""


def found_patterns(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> list[FamilyPattern]:
    """Return the patterns of the families that have one.

    Raises:
        CatalogueError: there is no such family.
        HubtraceError: none has a pattern.
    """
    found = patterns(store, families, until, thresholds, stability=False)
    with_one = [pattern for pattern in found if pattern.code is not None]
    if not with_one:
        raise HubtraceError("no family has a pattern to draw: each has a silent side")
    return with_one


def draw_patterns(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> "Figure":
    """Draw how many families have each pattern, beside the study's."""
    found = found_patterns(store, families, until, thresholds)
    shares = label_shares(found, "code").shares
    made, (axes,) = figure(7.0, 4.2)
    draw_shares(axes, shares, [f"{share.name} ({share.label})" for share in shares], len(found))
    axes.set_title("Synchronization patterns", loc="left", fontsize=10)
    return made


def draw_shares(axes: "Axes", shares: Sequence[Share], names: Sequence[str], count: int) -> None:
    """Draw shares of families beside the published ones."""
    ours = [share.percent or 0.0 for share in shares]
    published = [share.published_percent or 0.0 for share in shares]
    what = "1 family" if count == 1 else f"{count:,} families"
    series = [
        (f"these {what}" if count != 1 else f"this {what}", UPSTREAM, ours),
        (STUDY, PUBLISHED, published),
    ]
    bars(axes, names, series)
    axes.set_xlabel("per cent of the families")


def draw_changes(
    store: GraphStore, families: list[str] | None, until: int | None, _: Thresholds
) -> "Figure":
    """Draw what commits are about on each side: the shares of their primary change types.

    Raises:
        CatalogueError: there is no such family.
        HubtraceError: no commit has types.
    """
    names = family_names(store, families)
    commits: Counter[tuple[str, str]] = Counter()
    for row in ask(store, "change_type_counts", families=names, until=until):
        commits[row["side"], row["change_type"]] += row["primary_commits"]
    if not commits.total():
        raise HubtraceError(
            "no commit has change types to draw: its source does not know which paths it changed"
        )
    totals = {
        side: sum(count for (at, _), count in commits.items() if at == side)
        for side in ("upstream", "downstream")
    }
    types = sorted(
        {type_ for _, type_ in commits}, key=lambda type_: (-_weight(commits, type_), type_)
    )
    series = [
        (
            f"{side} ({totals[side]:,} commits)",
            colour,
            [100 * commits[side, type_] / max(totals[side], 1) for type_ in types],
        )
        for side, colour in (("upstream", UPSTREAM), ("downstream", DOWNSTREAM))
    ]
    made, (axes,) = figure(7.0, 1.3 + 0.34 * len(types))
    bars(axes, types, series)
    axes.set_xlabel("per cent of the side's commits, by primary change type")
    axes.set_title("What commits are about", loc="left", fontsize=10)
    return made


def _weight(commits: Counter[tuple[str, str]], type_: str) -> int:
    return commits["upstream", type_] + commits["downstream", type_]


def bars(axes: "Axes", names: Sequence[str], series: Sequence[Series]) -> None:
    """Draw horizontal bars, the first on top, with their values behind them."""
    height = 0.8 / len(series)
    for number, (label, colour, values) in enumerate(series):
        places = [place + (number - (len(series) - 1) / 2) * height for place in range(len(names))]
        drawn = axes.barh(places, values, height=0.92 * height, color=colour, label=label)
        axes.bar_label(drawn, fmt="%.1f", padding=2, fontsize=7)
    axes.set_yticks(range(len(names)))
    axes.set_yticklabels(list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.12 * max((max(values) for _, _, values in series), default=1) or 1)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
