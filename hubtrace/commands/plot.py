"""`hubtrace plot`: pictures for papers."""

from pathlib import Path
from typing import Annotated

import typer

from hubtrace.help import Command, Group
from hubtrace.options import GRAPH, SNAPSHOT, Families, Graph, PeriodDays, SnapshotDir, Until
from hubtrace.past import open_at
from hubtrace.progress import say
from hubtrace.queries.thresholds import Thresholds

app = typer.Typer(
    cls=Group,
    help="Draw figures for papers, like the study's (needs the extra `plot`).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE.svg|pdf|png", help="The picture to write.")
]


@app.command(cls=Command)
def timeline(
    family: Annotated[str, typer.Argument(metavar="FAMILY")],
    output: _Output,
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    until: Until = None,
    period_days: PeriodDays = 14,
) -> None:
    """Draw a family's timeline: a row per project, two-week periods, shared ones marked.

    Example:  hubtrace plot timeline Qwen_Qwen-VL -o qwen.svg
    """
    _write("timeline", output, graph, snapshot, until, [family], period_days)


_PLOTS = {
    "patterns": "Draw how many families have each pattern, beside the study's.\n\n"
    "Example:  hubtrace plot patterns -o patterns.pdf",
    "lag": "Draw who moves first, beside the study's figures, and the lags of switches.\n\n"
    "Example:  hubtrace plot lag -o lag.png",
    "changes": "Draw what commits are about on each side: the shares of their change types.\n\n"
    "Example:  hubtrace plot changes Qwen_Qwen-VL -o changes.svg",
}
"""The help of each plot of several families; `hubtrace.plots.PLOTS` has what draws it."""


def _register(name: str) -> None:
    @app.command(name, cls=Command, help=_PLOTS[name])
    def plot(
        output: _Output,
        families: Families = None,
        graph: Graph = GRAPH,
        snapshot: SnapshotDir = SNAPSHOT,
        until: Until = None,
    ) -> None:
        _write(name, output, graph, snapshot, until, families)


for _name in _PLOTS:
    _register(_name)


def _write(
    name: str,
    output: Path,
    graph: str,
    snapshot: Path,
    until: int | None,
    families: list[str] | None,
    period_days: int = 14,
) -> None:
    from hubtrace.plots import PLOTS, check_target, save

    check_target(output)
    with open_at(graph, until, families, snapshot) as store:
        drawn = PLOTS[name](store, families, until, Thresholds(period_days=period_days))
        save(drawn, output)
    say(f"wrote {output}")
