"""`hubtrace reproduce`: the study's published labels beside those computed from a graph."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hubtrace.exit_codes import FINDINGS, UNDECIDED
from hubtrace.graph.errors import SourceError, TableError
from hubtrace.graph.format import count
from hubtrace.graph.urls import Side, parse_project
from hubtrace.ingest.input_files import csv_table
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    Graph,
    OutputFormat,
    SnapshotDir,
    parse_until,
    table_options,
)
from hubtrace.output import Format, Table
from hubtrace.past import open_at
from hubtrace.progress import progress, say
from hubtrace.queries.patterns import Labels
from hubtrace.queries.study import STUDY_END, Comparison, PublishedFamily, compare

LABELS_FILE = "all_auto_and_manual_patterns.csv"
MODELS_FILE = "complete_dataset.csv"
EXCLUDED_FILE = "must_exclude_from_all_analysis.csv"
"""Tables of the replication package, in its folder `dataset`; the last one need not be there."""
_LAGS = {
    "Upstream First": "upstream_first",
    "Downstream First": "downstream_first",
    "No Lag": "simultaneous",
}


@dataclass(frozen=True, slots=True)
class ReproduceDocument:
    """The study's labels beside ours, at one moment."""

    until: int
    """Epoch seconds."""
    families: tuple[Comparison, ...]


@table_options
def reproduce(
    package: Annotated[
        Path, typer.Argument(metavar="DIR", help="The study's replication package.")
    ],
    graph: Graph = GRAPH,
    snapshot: SnapshotDir = SNAPSHOT,
    until: Annotated[
        int | None,
        typer.Option(
            parser=parse_until,
            metavar="DATE",
            help="State at this time. Default: 2024-10-06, the end of the study.",
        ),
    ] = None,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Compare the study's published labels with ours, family by family.

    The package holds labels and members, and no commits of repositories: those are the graph's, of
    families with the same name or the same members. Exit code 0: all agree; 1: some differ; 3: none
    differ, but some could not be compared.

    Example:  hubtrace reproduce replication-package --graph hubtrace-demo/hubtrace.kgl
    """
    from hubtrace.queries.patterns import patterns

    until = STUDY_END if until is None else until
    published = read_package(package)
    with open_at(graph, until, None, snapshot) as store, progress() as show:
        ours = patterns(store, None, until, stability=False, progress=show)
    found = compare(published, ours)
    _TABLE.print(found, format_, ReproduceDocument(until, tuple(found)))
    compared = [one for one in found if one.differing is not None]
    differing = [one for one in compared if one.differing]
    say(
        f"{count(len(compared), 'family')} of {len(found)} compared; {len(differing)} differ, "
        f"{len(compared) - len(differing)} agree in lag, sync, intensity and code"
    )
    if differing:
        raise typer.Exit(FINDINGS)
    if len(compared) < len(found):
        raise typer.Exit(UNDECIDED)


_TABLE = Table[Comparison](
    "hubtrace.reproduce/1",
    {
        "family": lambda one: one.family,
        "code": lambda one: one.ours.code if one.ours else None,
        "published_code": lambda one: one.published.code,
        "lag": lambda one: one.ours.lag if one.ours else None,
        "published_lag": lambda one: one.published.lag,
        "differing": lambda one: ", ".join(one.differing or ()),
        "not_compared": lambda one: one.reason,
    },
)


def read_package(folder: Path) -> list[PublishedFamily]:
    """Return the families of a replication package with their labels, by name.

    Raises:
        TableError: a table is missing, or a line is broken; the message names file and line.
    """
    inner = folder / "dataset"
    tables = inner if inner.is_dir() else folder
    excluded = set()
    if (tables / EXCLUDED_FILE).exists():
        excluded = {row["family"] for _, row in _rows(tables / EXCLUDED_FILE, "family")}
    members: dict[str, set[str]] = defaultdict(set)
    repositories: dict[str, set[str]] = defaultdict(set)
    file = tables / MODELS_FILE
    for number, row in _rows(file, "family", "model_name", "cleaned_github"):
        try:
            repository = parse_project(row["cleaned_github"])
        except SourceError as error:
            raise TableError(f"{file}:{number}: {error}") from None
        if repository.side is not Side.UPSTREAM:
            raise TableError(f"{file}:{number}: {row['cleaned_github'][:80]!r} is not on GitHub")
        members[row["family"]].add(row["model_name"].lower())
        repositories[row["family"]].add(repository.name.lower())
    found: dict[str, PublishedFamily] = {}
    file = tables / LABELS_FILE
    for number, row in _rows(file, "family", "Syncs", "intensity", "codes", "Lagged"):
        name = row["family"]
        if name in found:
            raise TableError(f"{file}:{number}: family {name} stands here twice")
        if row["Lagged"] not in _LAGS:
            raise TableError(f"{file}:{number}: unknown lag {row['Lagged'][:80]!r}")
        labels = Labels(_LAGS[row["Lagged"]], row["Syncs"], row["intensity"], row["codes"])
        if labels.code != f"{labels.sync}{labels.intensity}":
            raise TableError(f"{file}:{number}: {row['codes'][:80]!r} is not made of its parts")
        found[name] = PublishedFamily(
            name, frozenset(repositories[name]), frozenset(members[name]), labels
        )
    return sorted(
        (one for one in found.values() if one.name not in excluded), key=lambda one: one.name
    )


def _rows(file: Path, *wanted: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the wanted columns of a table with the number of their line."""
    try:
        for number, row in csv_table(file, wanted):
            yield number, {name: row[name].strip() for name in wanted}
    except OSError as error:
        raise TableError(f"{file} cannot be read: {error.strerror or error}") from None
