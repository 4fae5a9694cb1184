"""Who moves first, and how long the other side takes to follow."""

from typing import TYPE_CHECKING

from hubtrace.graph.format import DAY
from hubtrace.graph.store import GraphStore
from hubtrace.plots.bars import draw_shares, found_patterns
from hubtrace.plots.canvas import DOWNSTREAM, INK, UPSTREAM, figure
from hubtrace.queries.catalogue import ask
from hubtrace.queries.statistics.measures import label_shares
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DIRECTIONS = (
    ("upstream", "upstream →\ndownstream", UPSTREAM),
    ("downstream", "downstream →\nupstream", DOWNSTREAM),
)


def draw_lags(
    store: GraphStore, families: list[str] | None, until: int | None, thresholds: Thresholds
) -> "Figure":
    """Draw the share of each lag beside the study's, and the lags of switches by direction."""
    found = found_patterns(store, families, until, thresholds)
    shares = label_shares(found, "lag").shares
    made, (first, second) = figure(9.5, 3.4, 2)
    names = [share.label.replace("_", " ") for share in shares]
    draw_shares(first, shares, names, len(found))
    first.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    first.set_title("Who moves first", loc="left", fontsize=10)
    names_of = [pattern.family for pattern in found]
    rows = ask(store, "switches", families=names_of, until=until).data()
    lags = {
        side: [row["lag_seconds"] // DAY for row in rows if row["from_side"] == side]
        for side, _, _ in _DIRECTIONS
    }
    _boxes(second, lags)
    return made


def _boxes(axes: "Axes", lags: dict[str, list[int]]) -> None:
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
        medianprops={"color": INK, "linewidth": 1.5},
        flierprops={"markersize": 3, "markeredgewidth": 0.4, "alpha": 0.5},
    )
    for box, (_, colour, _) in zip(made["boxes"], drawn, strict=True):
        box.set_facecolor(colour)
        box.set_alpha(0.6)
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=-0.15)  # a median of 0 is seen, too
    ticks = [0, 1, 7, 30, 100, 365, 1000]
    most = max(max(values) for _, _, values in drawn)
    axes.set_xticks([tick for tick in ticks if tick <= max(most * 1.3, 1)])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("whole days (box: quartiles; whiskers: 5 and 95 %)")
