"""`hubtrace plot`: pictures for papers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.options import GRAPH, Families, Graph, PeriodDays, Until, parse_until
from hubtrace.progress import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.thresholds import Thresholds

app = typer.Typer(
    help="Draw figures for papers, like the study's (needs the extra `plot`).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE.svg|pdf|png", help="The picture to write."),
]


@app.callback()
def _plot() -> None:
    pass


@app.command("timeline")
def timeline(
    family: Annotated[str, typer.Argument(metavar="FAMILY")],
    output: _Output,
    graph: Graph = GRAPH,
    until: Until = None,
    period_days: PeriodDays = 14,
) -> None:
    """Draw a family's timeline: a row per project, two-week periods, shared ones marked.

    Example:  hubtrace plot timeline 01-ai_Yi -o yi.svg
    """

    def drawn(store: "GraphStore", moment: int | None) -> "Figure":
        from hubtrace.plots.timeline import draw_timeline

        return draw_timeline(store, family, moment, _thresholds(period_days))

    _write(output, graph, until, drawn)


@app.command("patterns")
def patterns(
    output: _Output, families: Families = None, graph: Graph = GRAPH, until: Until = None
) -> None:
    """Draw how many families have each pattern, beside the study's.

    Example:  hubtrace plot patterns -o patterns.pdf
    """

    def drawn(store: "GraphStore", moment: int | None) -> "Figure":
        from hubtrace.plots.bars import draw_patterns

        return draw_patterns(store, families or None, moment, _thresholds(14))

    _write(output, graph, until, drawn)


@app.command("lag")
def lag(
    output: _Output, families: Families = None, graph: Graph = GRAPH, until: Until = None
) -> None:
    """Draw who moves first, beside the study's figures, and the lags of switches.

    Example:  hubtrace plot lag -o lag.png
    """

    def drawn(store: "GraphStore", moment: int | None) -> "Figure":
        from hubtrace.plots.lags import draw_lags

        return draw_lags(store, families or None, moment, _thresholds(14))

    _write(output, graph, until, drawn)


@app.command("changes")
def changes(
    output: _Output, families: Families = None, graph: Graph = GRAPH, until: Until = None
) -> None:
    """Draw what commits are about on each side: the shares of the 15 change types.

    Example:  hubtrace plot changes 01-ai_Yi -o changes.svg
    """

    def drawn(store: "GraphStore", moment: int | None) -> "Figure":
        from hubtrace.plots.bars import draw_changes

        return draw_changes(store, families or None, moment)

    _write(output, graph, until, drawn)


def _thresholds(period_days: int) -> "Thresholds":
    from hubtrace.queries.thresholds import Thresholds

    return Thresholds(period_days=period_days, offsets=max(period_days, 1))


def _write(
    output: Path,
    graph: str,
    until: str | None,
    draw: "Callable[[GraphStore, int | None], Figure]",
) -> None:
    from hubtrace.graph.store import open_store
    from hubtrace.plots.canvas import check_target, save

    check_target(output)
    moment = parse_until(until)
    with open_store(graph) as store:
        save(draw(store, moment), output)
    say(f"wrote {output}")
