"""`hubtrace demo`: the main job, end to end, on real families."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.commands import flags as flags_command
from hubtrace.commands import patterns as patterns_command
from hubtrace.graph.text import count
from hubtrace.output import Format, print_rows
from hubtrace.progress import progress, say

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.patterns import FamilyPattern

_SCHEMA = "hubtrace.demo/1"  # never printed: the demo is for people


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
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
        from hubtrace.live_demo import show_live

        show_live(directory / "live")
        return
    from hubtrace.commands.load import load_snapshot
    from hubtrace.graph.store import open_store
    from hubtrace.queries.tagging import tag

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
    _print_next(graph)
    print(f"\nThe report, a page to open in a browser: {page}")


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
    from hubtrace.queries.report.formats.interface import ReportFormat

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


def _print_next(graph: Path) -> None:
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
  hubtrace ingest --help                     your own families"""
    )
