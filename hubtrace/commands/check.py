"""`hubtrace check`: a gate for CI; findings about models, one line each."""

import re
import time
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import DAY, count, date
from hubtrace.options import GRAPH, AbandonAfter, Graph, OutputFile, Until
from hubtrace.output import write_document
from hubtrace.progress import progress, say
from hubtrace.queries.audit.formats import CheckFormat, write_findings
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from hubtrace.queries.audit.check import Checked

FINDINGS, UNDECIDED = 1, 3
"""Exit codes."""
_DURATION = re.compile(r"([0-9]{1,6})(?:d| days?)?")
_NAMED = 5
"""Models that are named where not all kinds are decided."""
_SHOWN = 20
"""Lines on what could not be decided; JSON lists all of them."""


class Bound(StrEnum):
    """Which end of the range that a model may be behind counts (docs/decisions/0041)."""

    LOWER = "lower"
    UPPER = "upper"


# Long: every option is a parameter, which typer reads; the body is short.
def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET]...", help="Models and families.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every model of the graph.")] = False,
    max_lag: Annotated[
        str, typer.Option(metavar="DAYS", help="Behind upstream for longer is a finding: 30d.")
    ] = "30d",
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="KIND,...",
            help="What to look for; see docs/check.md, or `--fail-on help`. Default: usual.",
        ),
    ] = None,
    areas: Annotated[
        str | None,
        typer.Option(metavar="AREA,...", help="Count only commits on these: code,tokenizer."),
    ] = None,
    lag: Annotated[
        Bound, typer.Option(help="Count the fewest days that a model can be behind, or the most.")
    ] = Bound.LOWER,
    max_age: Annotated[
        str | None,
        typer.Option(metavar="DAYS", help="What was looked at longer ago decides nothing: 7d."),
    ] = None,
    fail_undecided: Annotated[
        bool, typer.Option("--fail-undecided", help="Whatever cannot be decided fails.")
    ] = False,
    graph: Graph = GRAPH,
    until: Until = None,
    abandon_after: AbandonAfter = 180,
    format_: Annotated[
        CheckFormat, typer.Option("--format", "-f", help="How to write findings.")
    ] = CheckFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Check models, families or a whole graph; one line for each finding.

    Exit codes: 0 all decided and fine, 1 findings, 2 bad input, 3 could not decide.

    Example:  hubtrace check Qwen/Qwen-VL-Chat --fail-on lag,dead_link
    """
    from hubtrace.queries.audit.check import Wanted, check_variants, targets_of

    if fail_on == "help":
        _print_kinds()
        return
    wanted = replace(
        Wanted.of(fail_on, _days("--max-lag", max_lag), _areas(areas)),
        upper=lag is Bound.UPPER,
        max_age=None if max_age is None else _days("--max-age", max_age),
        all_must_decide=fail_undecided,
    )
    thresholds = Thresholds(abandon_after_days=abandon_after)
    with open_store(graph) as store, progress() as show:
        asked = targets_of(store, targets or [], everything=all_)
        found = check_variants(store, asked, wanted, until, thresholds, show)
    write_document(write_findings(found, format_), output)
    _say_summary(found)
    if found.findings or found.lacks_an_answer:
        raise typer.Exit(FINDINGS if found.findings else UNDECIDED)


def _print_kinds() -> None:
    from hubtrace.queries.audit.findings import GROUPS, KINDS

    for kind in KINDS.values():
        print(f"{kind.name:22}{kind.what}{'' if kind.usual else ' (not usual)'}")
    for name, kinds in GROUPS.items():
        print(f"{name:22}{', '.join(kinds)}")


def _days(option: str, text: str) -> int:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise HubtraceError(f"{option}: invalid number of days {text!r} (example: 30d)")
    return int(match[1])


def _areas(text: str | None) -> tuple[str, ...]:
    # A misspelt area is an error: it would let every commit pass.
    from hubtrace.ingest.change_types import Area

    words = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    known = [str(area) for area in Area]
    wrong = next((word for word in words if word not in known), None)
    if wrong is not None:
        raise HubtraceError(f"--areas: unknown area {wrong!r}; the areas are {', '.join(known)}")
    return words


def _say_summary(found: "Checked") -> None:
    required = [each for each in found.undecided if each.kind in found.must_decide]
    lines = [*dict.fromkeys(f"undecided: {u.name}: {u.kind}: {u.missing}" for u in required)]
    for line in lines[:_SHOWN]:
        say(line)
    if len(lines) > _SHOWN:
        say(f"undecided: {len(lines) - _SHOWN:,} more; --format json lists all")
    others = [each for each in found.undecided if each.kind not in found.must_decide]
    if others:
        kinds = ", ".join(dict.fromkeys(each.kind for each in others))
        names = list(dict.fromkeys(each.name for each in others))
        models = ", ".join(names[:_NAMED])
        models += f" and {count(len(names) - _NAMED, 'more model')}" if names[_NAMED:] else ""
        say(f"not decided: {kinds} of {models}; --format json says why")
    total = f"{count(len(found.findings), 'finding')} in {count(found.variants, 'model')}"
    say(f"{total}; {_age(found.observed_at)}")


def _age(observed_at: int | None) -> str:
    if observed_at is None:
        return "nothing was ever observed"
    days = (int(time.time()) - observed_at) // DAY
    return f"observed {date(observed_at)}, {count(days, 'day')} ago"
