"""`hubtrace demo`: the main job, end to end, on real families or on two loopback hubs."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.commands import flags as flags_command
from hubtrace.commands import patterns as patterns_command
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import count
from hubtrace.output import Format, print_rows
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.patterns import FamilyPattern

_SCHEMA = "hubtrace.demo/1"  # never printed: the demo shows tables only
_TOKEN = "demonstration"  # noqa: S105 - accepted by the loopback hubs, and by nothing else
_EVERYTHING = (
    "ingest --org acme --org borealis --org cirrus thebits/atlas-7b-gguf dusk/lost-1b echo/silent"
)
_FIRST = ("ingest acme/atlas-7b", _EVERYTHING, "patterns", "flags")
_LATER = (
    _EVERYTHING,
    "history acme-lab/atlas",
    "history borealis-ai/aurora",
    "history cirrus/nimbus",
)


def demo(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the snapshot and the graph are put.")
    ] = Path("hubtrace-demo"),
    live: Annotated[
        bool, typer.Option("--live", help="Show the way from names to a graph, on two small hubs.")
    ] = False,
) -> None:
    """Ingest 43 real families, load them, print their patterns, and write a report on them.

    The families are the sample of a study of 325 (arXiv 2508.10157) that ships with hubtrace:
    shas, times and published labels, no messages.

    With --live, a GitHub and a Hugging Face are started on this machine, with three made-up
    families on them; they are read as the real ones are, and again after a month has passed.

    Example:  hubtrace demo --directory /tmp/demo
    """
    if live:
        # The program that runs this command runs the others too: no import of `hubtrace.cli`.
        program = context.find_root().command
        _show_live(
            directory / "live", lambda words: program.main(list(words), standalone_mode=False)
        )
        return
    from hubtrace.commands.load import load_snapshot
    from hubtrace.graph import open_store
    from hubtrace.queries.patterns import tag

    snapshot, graph = directory / "snapshot", directory / "hubtrace.kgl"
    _ingest(snapshot)
    load_snapshot(snapshot, str(graph))
    with open_store(str(graph)) as store:
        with progress() as show:
            patterns = tag(store, progress=show)
        _print_patterns(patterns)
        _print_flags(store)
        page = _write_report(store, directory)
    _print_agreement(patterns)
    print(
        f"""
What to try next
  export HUBTRACE_GRAPH={graph}
  hubtrace patterns --format json            the same, for programs
  hubtrace flags                             what was left behind, with proofs
  hubtrace report --since 2024-06-30         a page with timelines, and what changed since
  hubtrace queries                           what can be asked
  hubtrace query switches --param families=augmxnt_shisa
  hubtrace query --cypher "MATCH (f:Family) RETURN count(f) AS families"
  hubtrace ingest --help                     your own families

The report, a page to open in a browser: {page}"""
    )


def _ingest(snapshot: Path) -> None:
    from hubtrace.ingest.pipeline import ingest_study
    from hubtrace.ingest.snapshot import SnapshotWriter

    with as_file(files("hubtrace") / "sample") as sample, progress() as show:
        result = ingest_study(sample, lambda: SnapshotWriter(snapshot), show)
    say(
        f"read {count(len(result.projects), 'project')} "
        f"of {count(len(result.families), 'family')} into {snapshot}: "
        f"{count(result.commits, 'new commit')}"
    )


def _print_patterns(patterns: "list[FamilyPattern]") -> None:
    from hubtrace.queries.patterns import PATTERNS
    from hubtrace.queries.statistics.measures import label_shares
    from hubtrace.queries.study import STUDY

    print("\nPatterns of synchronization")
    columns = ["family", "code", "pattern", "lag", "stability", "early_code", "late_code"]
    rows = [patterns_command.row_of(pattern) for pattern in patterns]
    print_rows(rows, columns, Format.TABLE, _SCHEMA)
    print(f"Distribution, beside the published one ({STUDY})")
    shares = [
        {
            "label": share.label,
            "name": PATTERNS.get(share.label, ""),
            "families": share.count,
            "per cent": share.percent,
            "published": share.published_percent,
        }
        for dimension in ("code", "lag")
        for share in label_shares(patterns, dimension).shares
    ]
    print_rows(shares, list(shares[0]), Format.TABLE, _SCHEMA)


def _print_flags(store: "GraphStore") -> None:
    from hubtrace.queries.flags import flags

    found = flags(store)
    print("Abandoned on one side for 180 days or more")
    rows = flags_command.rows_of(found, everything=False)
    families = [row for row in rows if row["kind"] == "family"]
    print_rows(families, ["family", "status", "proof"], Format.TABLE, _SCHEMA)
    print(f"{flags_command.counts(found)} (this sample knows no branches: they come with git)\n")


def _write_report(store: "GraphStore", directory: Path) -> Path:
    from hubtrace.commands.report import write
    from hubtrace.queries.report.build import report
    from hubtrace.queries.report.formats import ReportFormat

    with progress() as show:
        found = report(store, progress=show)
    page, _ = write(found, directory / "report", [ReportFormat.HTML, ReportFormat.JSON])
    return page


def _print_agreement(patterns: "list[FamilyPattern]") -> None:
    from hubtrace.queries.study import agreement

    print("Agreement with the published labels")
    for one in agreement(patterns):
        but = f"; differing: {', '.join(one.differing)}" if one.differing else ""
        print(f"  {one.dimension:10} {one.agreeing} of {one.compared}{but}")


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
            for command in _LATER:
                call(command)
    print(
        f"""What to try next
  cd {shlex.quote(str(directory))}
  hubtrace query evidence --param variant=acme/atlas-7b
  hubtrace snapshot info hubtrace-snapshot
  hubtrace doctor                            whether everything is there for real families
  hubtrace ingest --help"""
    )


@contextmanager
def _loopback_hubs() -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Run both hubs in a process of their own; yield their URLs, and what lets a month pass."""
    folder, module = _hubs_module()
    command = [sys.executable, "-m", module]
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        orders, answers = process.stdin, process.stdout
        if orders is None or answers is None:
            raise ValueError("the process was started without pipes")

        def a_month_later() -> None:
            print("later", file=orders, flush=True)
            answers.readline()

        try:
            urls = json.loads(answers.readline() or "{}")
            if not urls:
                raise HubtraceError("the loopback hubs did not start; see their output above")
            yield urls["github"], urls["hub"], a_month_later
        finally:
            orders.close()


def _hubs_module() -> tuple[Path, str]:
    """Return the module that runs the hubs, installed or in a checkout, after its folder."""
    root = Path(__file__).parents[2]
    for module in ("hubtrace.loopback.demonstration", "tests.hubs.demonstration"):
        if (root / f"{module.replace('.', '/')}.py").is_file():
            return root, module
    raise HubtraceError("this installation has no loopback hubs; run it in a checkout of hubtrace")


@contextmanager
def _environment(github: str, hub: str) -> Iterator[None]:
    """Let commands find these hubs, and none of the user's tokens."""
    before = dict(os.environ)
    for name in ("GITHUB_TOKENS", "GH_TOKEN", "HUBTRACE_GRAPH", "HF_HUB_OFFLINE"):
        os.environ.pop(name, None)
    os.environ |= {
        "GITHUB_API_URL": github,
        "GITHUB_TOKEN": _TOKEN,
        "HF_ENDPOINT": hub,
        "HF_TOKEN": _TOKEN,
        "HUBTRACE_CACHE": "clones",
        "NO_PROXY": "127.0.0.1",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
