"""`hubtrace check`: a gate for CI; findings about models, one line each."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from hubtrace.exit_codes import FINDINGS, UNDECIDED
from hubtrace.first_ingest import Ingest, open_graph_with
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import DAY, count, date
from hubtrace.graph.urls import Side
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    AbandonAfter,
    Bound,
    Graph,
    OutputFile,
    SnapshotDir,
    Until,
    parse_areas,
    parse_days,
)
from hubtrace.output import write_document
from hubtrace.past import graph_at
from hubtrace.progress import progress, say
from hubtrace.queries.audit.formats import CheckFormat, format_of, write_findings
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.audit.check import Checked

_T = TypeVar("_T")
_Given = TypeVar("_Given")
_NAMED = 5
"""Models that are named where not all kinds are decided."""
_SHOWN = 20
"""Lines on what could not be decided; JSON lists all of them."""
_EXPIRES_AFTER = 90
"""Days for which a baseline accepts what was found."""
_CI = {"max_age": "7d", "fail_undecided": True}


# Long: every option is a parameter, which typer reads; the body is short.
def check(
    context: typer.Context,
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
        bool,
        typer.Option(
            "--fail-undecided/--no-fail-undecided", help="Whatever cannot be decided fails."
        ),
    ] = False,
    ci: Annotated[
        bool,
        typer.Option(
            "--ci",
            help="As the Action: --max-age 7d --fail-undecided, if nothing else says otherwise.",
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Options and accepted findings. Default: .hubtrace.toml, if any."
        ),
    ] = None,
    write_baseline: Annotated[
        bool,
        typer.Option(
            "--write-baseline",
            help="Add what is found to that file, as accepted for reasons that you write.",
        ),
    ] = False,
    ingest: Ingest = False,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    until: Until = None,
    abandon_after: AbandonAfter = 180,
    format_: Annotated[
        CheckFormat | None,
        typer.Option(
            "--format", "-f", help="How to write findings. Default: by the ending of -o, else text."
        ),
    ] = None,
    output: OutputFile = None,
) -> None:
    """Check models, families or a whole graph; one line for each finding.

    Exit codes: 0 all decided and fine, 1 findings, 2 bad input, 3 could not decide.

    Example:  hubtrace check Qwen/Qwen-VL-Chat --fail-on lag,dead_link
    """
    from hubtrace.config import CONFIG, Config, find_config
    from hubtrace.queries.audit.acceptances import Acceptances
    from hubtrace.queries.audit.check import Wanted, check_variants, targets_of

    if fail_on == "help":
        _print_kinds()
        return
    file = find_config(config)
    settings = Config({}, ()) if file is None else Config.read(file)
    if file is not None:
        say(f"configuration: {file}")
    given: dict[str, Any] = {
        **{"targets": targets, "all": all_, "max_lag": max_lag, "fail_on": fail_on},
        **{"areas": areas, "lag": lag, "max_age": max_age, "fail_undecided": fail_undecided},
        "abandon_after": abandon_after,
    }
    chosen = _chosen(context, given, {**(_CI if ci else {}), **settings.options})
    wanted = replace(
        Wanted.of(
            chosen["fail_on"],
            _parsed("--max-lag", parse_days, chosen["max_lag"]),
            () if chosen["areas"] is None else _parsed("--areas", parse_areas, chosen["areas"]),
        ),
        upper=chosen["lag"] is Bound.UPPER,
        max_age=None
        if chosen["max_age"] is None
        else _parsed("--max-age", parse_days, chosen["max_age"]),
        all_must_decide=chosen["fail_undecided"],
    )
    thresholds = Thresholds(abandon_after_days=chosen["abandon_after"])
    form = _parsed("-o", lambda path: format_of(path, format_, CheckFormat), output)
    models = [(Side.DOWNSTREAM, name) for name in chosen["targets"] or ()]
    names, everything = chosen["targets"] or [], chosen["all"]
    with (
        open_graph_with(graph, models, snapshot, ingest=ingest, families=True) as now,
        progress() as show,
    ):
        asked = targets_of(now, names, everything=everything)
        variants, families = ((), None) if everything else (asked.revisions, names)
        with graph_at(now, until, variants, families, snapshot, say) as store:
            if store is not now:
                asked = targets_of(store, names, everything=everything)
            acceptances = Acceptances(store, settings.accepted)
            found = check_variants(store, asked, wanted, until, thresholds, show, acceptances)
            if write_baseline:
                _add_baseline(store, file or CONFIG, found)
    write_document(write_findings(found, form), output)
    _say_summary(found)
    if found.findings or found.lacks_an_answer:
        raise typer.Exit(FINDINGS if found.findings else UNDECIDED)


def _chosen(
    context: typer.Context, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options: what the command line says goes before what the file says."""
    typed = set()
    for name in given:
        source = context.get_parameter_source("all_" if name == "all" else name)
        if source is not None and source.name != "DEFAULT":
            typed.add(name)
    if typed & {"targets", "all"}:  # one replaces the other
        typed |= {"targets", "all"}
    return {**given, **{name: value for name, value in settings.items() if name not in typed}}


def _add_baseline(store: "GraphStore", file: Path, found: "Checked") -> None:
    from hubtrace.config import add_baseline
    from hubtrace.queries.audit.acceptances import OF_AN_UPSTREAM, targets_for

    keys = {text for _, part in found.open for text in (part.project, part.value) if text}
    names = targets_for(store, keys)
    parts = [
        {
            "kind": kind,
            "target": names[part.project],
            "branch": part.branch,
            "value": names[part.value] if part.value and kind in OF_AN_UPSTREAM else part.value,
        }
        for kind, part in found.open
    ]
    expires = date(int(time.time()) + _EXPIRES_AFTER * DAY)
    added = add_baseline(file, parts, expires)
    say(
        f"added {count(added, 'acceptance')} to {file}; it is refused until each has its reason"
        if added
        else f"nothing to add to {file}"
    )


def _print_kinds() -> None:
    from hubtrace.queries.audit.findings import GROUPS, KINDS

    for kind in KINDS.values():
        print(f"{kind.name:22}{kind.what}{'' if kind.usual else ' (not usual)'}")
    for name, kinds in GROUPS.items():
        print(f"{name:22}{', '.join(kinds)}")


def _parsed(option: str, parse: Callable[[_Given], _T], value: _Given) -> _T:
    try:
        return parse(value)
    except ValueError as error:
        raise HubtraceError(f"{option}: {error}") from None


def _say_summary(found: "Checked") -> None:
    for accepted in found.accepted[:_SHOWN]:
        one = accepted.finding
        say(f"accepted: {one.name}: {one.kind}: {one.text} ({accepted.acceptance.terms})")
    if len(found.accepted) > _SHOWN:
        say(f"accepted: {len(found.accepted) - _SHOWN:,} more; --format json lists all")
    for stale in found.stale[:_SHOWN]:
        say(f"warning: {stale.acceptance}: {stale.why}")
    if len(found.stale) > _SHOWN:
        say(f"warning: {len(found.stale) - _SHOWN:,} more acceptances match nothing")
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
    say(f"{found.total}; {_age(found.observed_at)}")


def _age(observed_at: int | None) -> str:
    if observed_at is None:
        return "nothing was ever observed"
    days = (int(time.time()) - observed_at) // DAY
    return f"observed {date(observed_at)}, {count(days, 'day')} ago"
