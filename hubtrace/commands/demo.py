"""`hubtrace demo`: the main job, end to end, on real families or on two loopback hubs."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubtrace.commands import flags as flags_command
from hubtrace.commands.ingest import read_study, read_summary
from hubtrace.commands.load import load_snapshot
from hubtrace.commands.report import write
from hubtrace.graph import open_store
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.store import GraphStore
from hubtrace.output import Format, Table
from hubtrace.progress import progress, say
from hubtrace.queries.report.formats import ReportFormat

if TYPE_CHECKING:
    from hubtrace.queries.patterns import FamilyPattern

_TOKEN = "demonstration"  # noqa: S105 - only the loopback hubs accept it
_EVERYTHING = (
    "ingest --org acme --org borealis --org cirrus thebits/atlas-7b-gguf dusk/lost-1b echo/silent"
)
_OTHERS = ("GITHUB_TOKENS", "GH_TOKEN", "HUBTRACE_GRAPH", "HF_HUB_OFFLINE")
"""Variables of the user's that would lead elsewhere."""
_SOME = 3
"""Rows of a table of which the demo shows the beginning: all of it fits a screen and a half."""
_FIRST = ("ingest acme/atlas-7b", _EVERYTHING, "patterns", "flags")
_HISTORIES = ("history acme-lab/atlas", "history borealis-ai/aurora", "history cirrus/nimbus")


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the snapshot and the graph are put.")
    ] = Path("hubtrace-demo"),
    live: Annotated[
        bool, typer.Option("--live", help="Show the way from names to a graph, on two small hubs.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="With --live: only run the two hubs, until Ctrl-C.")
    ] = False,
) -> None:
    """Ingest 43 real families, load them, print their patterns, and write a report on them.

    The families are the sample of a study of 325 (arXiv 2508.10157) that ships with hubtrace:
    shas, times and published labels, no messages.

    With --live, a GitHub and a Hugging Face are started on this machine, with three made-up
    families on them; they are read as the real ones are, and again after a month has passed.
    With --keep they are left running, and what to export is printed: docs/first-report.md.

    Example:  hubtrace demo --directory /tmp/demo
    """
    if keep and not live:
        raise HubtraceError("--keep is of the two hubs; say --live --keep")
    if keep:
        _keep_hubs(directory / "live")
        return
    if live:
        # The program that runs this command runs the others too: no import of `hubtrace.cli`.
        program = context.find_root().command
        _show_live(directory / "live", lambda words: program.main(words, standalone_mode=False))
        return
    from hubtrace.queries.patterns import tag
    from hubtrace.queries.study import agreement

    snapshot, graph = directory / "snapshot", directory / "hubtrace.kgl"
    with as_file(files("hubtrace") / "sample") as sample:
        say(read_summary(read_study(sample, snapshot), snapshot))
    load_snapshot(snapshot, str(graph))
    with open_store(str(graph)) as store:
        with progress() as show:
            patterns = tag(store, progress=show)
        _print_patterns(patterns)
        _print_flags(store)
        page = _report(store, directory / "report")
    agreed = ", ".join(f"{a.dimension} {a.agreeing} of {a.compared}" for a in agreement(patterns))
    print(f"\nAgreement with the published labels: {agreed}")
    _print_next(graph, page)


def _report(store: GraphStore, folder: Path) -> str:
    """Write a report; return what to say of it."""
    from hubtrace.queries.report.build import report
    from hubtrace.queries.statistics.inference import needs_scipy

    try:
        needs_scipy()
    except HubtraceError as error:
        return f"There is no report on them: {error}"
    with progress() as show:
        found = report(store, progress=show)
    page, _ = write(found, folder, [ReportFormat.HTML, ReportFormat.JSON])
    return f"The report, a page to open in a browser: {page}"


def _print_next(graph: Path, page: str) -> None:
    print(
        f"""
What to try next
  export HUBTRACE_GRAPH={graph}
  hubtrace patterns                          all of them; --format json for programs
  hubtrace audit Qwen/Qwen-VL-Chat           where one model comes from, and what proves it
  hubtrace check augmxnt_shisa               a gate for CI
  hubtrace ingest --help                     your own families
{page}"""
    )


def _print_some(rows: list[dict[str, Any]], command: str, *columns: str) -> None:
    """Print the first rows, and the command that shows all of them."""
    Table.of("", *columns).print(rows[:_SOME], Format.TABLE)
    if len(rows) > _SOME:
        print(f"… {len(rows) - _SOME:,} more: hubtrace {command}")


def _print_patterns(patterns: "list[FamilyPattern]") -> None:
    from hubtrace.queries.patterns import PATTERNS
    from hubtrace.queries.statistics.measures import label_shares
    from hubtrace.queries.study import STUDY

    print("Patterns of synchronization")
    rows = [asdict(pattern) for pattern in patterns]
    _print_some(rows, "patterns", "family", "code", "pattern", "stability")
    print(f"\nDistribution, beside the published one ({STUDY})")
    shares = [
        {
            "label": share.label,
            "name": PATTERNS.get(share.label, ""),
            "families": share.count,
            "per cent": share.percent,
            "published": share.published_percent,
        }
        for share in label_shares(patterns, "code").shares
    ]
    Table.of("", *shares[0]).print(shares, Format.TABLE)


def _print_flags(store: GraphStore) -> None:
    from hubtrace.queries.flags import flags
    from hubtrace.queries.report.attention import describe

    found = flags(store)
    print("\nAbandoned on one side for 180 days or more")
    rows = flags_command.TABLE.rows(describe(side) for side in found.sides if side.flagged)
    _print_some(rows, "flags", "family", "status")


def _show_live(directory: Path, run: Callable[[list[str]], object]) -> None:
    """Run commands on two loopback hubs; the snapshot and the graph stay in `directory`."""
    if directory.exists():
        raise HubtraceError(f"{directory} is there already; remove it, or give another --directory")

    def call(command: str) -> None:
        print(f"$ hubtrace {command}", flush=True)
        code = run(shlex.split(command))
        sys.stdout.flush()
        if code:
            raise HubtraceError(f"`hubtrace {command}` ended with {code}")
        print()

    with _loopback_hubs() as (github, hub, a_month_later):
        directory.mkdir(parents=True)
        print(f"A GitHub is at {github}, a Hugging Face at {hub}: made-up families.\n")
        with chdir(directory), _environment(github, hub):
            for command in _FIRST:
                call(command)
            a_month_later()
            print("A month later: renamed, deleted, squashed, closed. The hubs forget.\n")
            for command in (_EVERYTHING, *_HISTORIES):
                call(command)
    print(
        f"""What to try next
  cd {shlex.quote(str(directory))}
  hubtrace query evidence --param variant=acme/atlas-7b
  hubtrace snapshot info hubtrace-snapshot
  hubtrace doctor                            whether everything is there for real families
  hubtrace ingest --help"""
    )


def _keep_hubs(directory: Path) -> None:
    """Run both hubs, as they are before anybody looked, until Ctrl-C; a line of input is a month.

    They end with this process, however that ends.
    """
    with _loopback_hubs() as (github, hub, a_month_later):
        exports = {**_variables(github, hub), "HUBTRACE_CACHE": str(directory.resolve() / "clones")}
        print(f"unset {' '.join(_OTHERS)}")
        for name, value in exports.items():
            print(f"export {name}={shlex.quote(value)}")
        print(flush=True)
        say(
            "hubtrace: two hubs are running; paste these lines in another terminal, in an empty "
            "folder, and follow docs/first-report.md; Enter lets a month pass, Ctrl-C ends them"
        )
        for _ in sys.stdin:
            a_month_later()
            print("A month later: renamed, deleted, squashed, closed.", flush=True)
        Event().wait()  # no input: until Ctrl-C


@contextmanager
def _loopback_hubs() -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Run both hubs in a process of their own; yield their URLs, and what advances their clock."""
    root = Path(__file__).parents[2]
    modules = ("hubtrace.loopback.demonstration", "tests.hubs.demonstration")
    found = [m for m in modules if (root / f"{m.replace('.', '/')}.py").is_file()]
    if not found:
        raise HubtraceError(
            "this installation has no loopback hubs; run it in a checkout of hubtrace"
        )
    command = [sys.executable, "-m", found[0]]
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,  # Ctrl-C is ours: they end when their input does
    ) as process:
        requests, replies = process.stdin, process.stdout
        if requests is None or replies is None:
            raise ValueError("the process was started without pipes")

        def a_month_later() -> None:
            print("later", file=requests, flush=True)
            replies.readline()

        try:
            urls = json.loads(replies.readline() or "{}")
            if not urls:
                raise HubtraceError("the loopback hubs did not start; see their output above")
            yield urls["github"], urls["hub"], a_month_later
        finally:
            requests.close()


def _variables(github: str, hub: str) -> dict[str, str]:
    """Return what leads commands to these hubs."""
    return {
        **{"GITHUB_API_URL": github, "GITHUB_TOKEN": _TOKEN},
        **{"HF_ENDPOINT": hub, "HF_TOKEN": _TOKEN, "NO_PROXY": "127.0.0.1"},
    }


@contextmanager
def _environment(github: str, hub: str) -> Iterator[None]:
    """Let commands find these hubs, and none of the user's tokens."""
    before = dict(os.environ)
    for name in _OTHERS:
        os.environ.pop(name, None)
    os.environ |= {**_variables(github, hub), "HUBTRACE_CACHE": "clones"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
