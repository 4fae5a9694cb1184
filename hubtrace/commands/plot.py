"""`hubtrace plot`: pictures for papers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.options import GRAPH, Families, Graph, PeriodDays, Until, parse_until
from hubtrace.progress import say

if TYPE_CHECKING:
    pass

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
    _write("timeline.draw_timeline", output, graph, until, family, period_days)


_PLOTS = {
    "patterns": (
        "bars.draw_patterns",
        "Draw how many families have each pattern, beside the study's.\n\n"
        "Example:  hubtrace plot patterns -o patterns.pdf",
    ),
    "lag": (
        "lags.draw_lags",
        "Draw who moves first, beside the study's figures, and the lags of switches.\n\n"
        "Example:  hubtrace plot lag -o lag.png",
    ),
    "changes": (
        "bars.draw_changes",
        "Draw what commits are about on each side: the shares of the 15 change types.\n\n"
        "Example:  hubtrace plot changes 01-ai_Yi -o changes.svg",
    ),
}
"""The plots of several families: the function that draws each, and its help."""


def _register(name: str, draw: str, text: str) -> None:
    @app.command(name, help=text)
    def plot(
        output: _Output, families: Families = None, graph: Graph = GRAPH, until: Until = None
    ) -> None:
        _write(draw, output, graph, until, families or None, 14)


for _name, (_draw, _text) in _PLOTS.items():
    _register(_name, _draw, _text)


def _write(
    draw: str,
    output: Path,
    graph: str,
    until: str | None,
    families: str | list[str] | None,
    period_days: int,
) -> None:
    """Write the picture that a function of `hubtrace.plots` draws."""
    from importlib import import_module

    from hubtrace.graph import open_store
    from hubtrace.plots.canvas import check_target, save
    from hubtrace.queries.thresholds import Thresholds

    check_target(output)
    at, (module, _, function) = parse_until(until), draw.partition(".")
    draw_it = getattr(import_module(f"hubtrace.plots.{module}"), function)
    with open_store(graph) as store:
        save(draw_it(store, families, at, Thresholds(period_days=period_days)), output)
    say(f"wrote {output}")
