"""`hubtrace audit`: where models come from, what proves it, and findings."""

import hashlib
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubtrace.first_ingest import Ingest, open_graph_with
from hubtrace.graph.atomic_files import new_folder
from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.format import count
from hubtrace.graph.urls import Side
from hubtrace.options import (
    GRAPH,
    SNAPSHOT,
    AbandonAfter,
    Graph,
    OutputFile,
    SnapshotDir,
    Until,
)
from hubtrace.output import write_document
from hubtrace.past import graph_at
from hubtrace.progress import progress, say
from hubtrace.queries.audit.formats import AuditFormat, Standard, format_of, write
from hubtrace.queries.lookup import find_variant
from hubtrace.queries.thresholds import Thresholds

if TYPE_CHECKING:
    from hubtrace.graph.store import GraphStore
    from hubtrace.queries.audit.records import Audit

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 120
_NARROWEST = 60
"""Characters of a file's name that come from a model's."""


# Long: every option is a parameter, which typer reads; the body is short.
def audit(
    variants: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL]...", help="org/name, a URL, a former name."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Models, one a line; - for stdin."),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(metavar="SHA|TAG|BRANCH", help="Default: the head of the default branch."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="REV..REV", help="What differs between two revisions of the model."),
    ] = None,
    ingest: Ingest = False,
    snapshot: SnapshotDir = SNAPSHOT,
    graph: Graph = GRAPH,
    until: Until = None,
    abandon_after: AbandonAfter = 180,
    format_: Annotated[
        AuditFormat | None,
        typer.Option(
            "--format", "-f", help="How to write it. Default: as the ending of -o says, else text."
        ),
    ] = None,
    for_: Annotated[
        Standard | None,
        typer.Option("--for", help="Which elements of a standard are known, and who states them."),
    ] = None,
    output: OutputFile = None,
) -> None:
    """Report where a model comes from, what proves it, and any findings: sections of one page.

    Every statement cites a commit, a date or a URL; what is unknown is listed as unknown. Several
    models, or families, become a folder (-o DIR) of pages with an index and checksums.

    Example:  hubtrace audit Qwen/Qwen-VL-Chat --format html -o qwen.html
    """  # fmt: skip
    names = list(dict.fromkeys([*(variants or ()), *(_lines(from_) if from_ else ())]))
    many = from_ is not None or len(names) > 1
    problems = {
        "name a model, like `hubtrace audit ORG/MODEL`, or give --from FILE": not names,
        "--revision is of one model; of several, name each as ORG/MODEL@REVISION": (
            many and revision is not None
        ),
        "--compare is of one model": many and compare is not None,
        "--compare REV..REV names the revisions; leave out --revision": (
            compare is not None and revision is not None
        ),
        "--for is of one model at one revision": for_ is not None and (many or compare is not None),
        "several audits are a folder; name it with -o DIR": many and output is None,
    }
    for problem, found in problems.items():
        if found:
            raise HubtraceError(problem)
    try:
        chosen = format_of(output, format_, AuditFormat)
    except ValueError as error:
        raise HubtraceError(str(error)) from None
    if output is None and sys.stdout.isatty():
        from hubtrace.queries.audit.formats.text import ROOM, WIDTH

        ROOM.set(max(_NARROWEST, min(WIDTH, shutil.get_terminal_size().columns)))
    wanted = [(Side.DOWNSTREAM, name) for name in names]
    thresholds = Thresholds(abandon_after_days=abandon_after)
    with (
        open_graph_with(graph, wanted, snapshot, ingest=ingest, families=many) as now,
        graph_at(now, until, *_asked_about(now, names, until, many=many), snapshot) as store,
    ):
        if compare is not None:
            write_document(_compared(store, names[0], compare, until, thresholds, chosen), output)
        elif many and output is not None:
            _write_folder(_audits(store, names, until, thresholds), chosen, output)
        else:
            from hubtrace.queries.audit import audit as run_audit

            one = run_audit(store, names[0], revision, until, thresholds)
            text = _coverage(one, chosen) if for_ else _document(one, chosen, output)
            write_document(text, output)


def _asked_about(
    store: "GraphStore", names: Sequence[str], until: int | None, *, many: bool
) -> tuple[list[str], Sequence[str]]:
    """Return the keys of the variants, and the families, that names stand for."""
    from hubtrace.queries.audit.check import targets_of

    if until is None:
        return [], []
    if not many:
        return [find_variant(store, names[0])[0]], []
    return list(targets_of(store, names, everything=False).revisions), names


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise HubtraceError(f"{file} is not text in UTF-8; it needs a model a line") from None
    found = [line.strip() for line in text.splitlines()]
    return [line for line in found if line and not line.startswith("#")]


def _document(found: "Audit", format_: AuditFormat, output: Path | None) -> str:
    try:
        text = write(found, format_)
    except ValueError as error:  # a statement or document without a subject
        raise HubtraceError(f"{found.identity.name or found.identity.variant}: {error}") from None
    if output is not None and output.name.lower().endswith(".jsonl") and text.startswith("{"):
        from hubtrace.graph.text import one_line

        return one_line(text)
    return text


def _coverage(found: "Audit", format_: AuditFormat) -> str:
    from hubtrace.queries.audit.coverage import CoverageFormat, write_coverage

    if format_.value not in list(CoverageFormat):
        raise HubtraceError(
            f"--for is not written as {format_}, but as {', '.join(CoverageFormat)}"
        )
    return write_coverage(found, CoverageFormat(format_.value))


def _compared(
    store: "GraphStore",
    name: str,
    revisions: str,
    until: int | None,
    thresholds: Thresholds,
    format_: AuditFormat,
) -> str:
    from hubtrace.queries.audit.compare import ComparisonFormat, compare, write_comparison

    if format_.value not in list(ComparisonFormat):
        raise HubtraceError(
            f"--compare is not written as {format_}, but as {', '.join(ComparisonFormat)}"
        )
    found = compare(store, name, revisions, until, thresholds)
    return write_comparison(found, ComparisonFormat(format_.value))


def _audits(
    store: "GraphStore", names: Sequence[str], until: int | None, thresholds: Thresholds
) -> Iterator["Audit"]:
    from hubtrace.queries.audit import AuditRequest, audits
    from hubtrace.queries.audit.check import targets_of

    targets = targets_of(store, names, everything=False)
    for name in targets.empty:
        raise HubtraceError(f"the family {name} has no model")
    revisions = {key: at for key, at in targets.revisions.items() if at is not None}
    asked = AuditRequest(until, thresholds, revisions)
    with progress() as show:
        for done, found in enumerate(audits(store, list(targets.revisions), asked), 1):
            show("audits", done, len(targets.revisions))
            yield found


def _write_folder(audits: Iterator["Audit"], format_: AuditFormat, folder: Path) -> None:
    """Write a file for each audit, an index of them, and the checksums of all; or nothing."""
    from hubtrace.queries.audit.formats.folder import to_index

    taken = {"index"}
    with new_folder(folder) as aside:
        entries: list[tuple[str, Audit]] = []
        for found in audits:
            file = f"{_stem(found, taken)}{format_.ending}"
            (aside / file).write_text(_document(found, format_, None), "utf-8", newline="")
            entries.append((file, found))
        index = "index.html" if format_ is AuditFormat.HTML else "index.md"
        (aside / index).write_text(to_index(entries, format_), "utf-8", newline="")
        sums = [
            f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
            for file in sorted(aside.iterdir())
        ]
        (aside / "SHA256SUMS").write_text("".join(sums), "utf-8", newline="")
    say(f"wrote {count(len(entries), 'audit')} to {folder}; begin with {folder / index}")


def _stem(found: "Audit", taken: set[str]) -> str:
    """Return a name for a file, of letters that every system takes and that nobody else has."""
    revision = found.revision
    asked = f"@{revision.asked}" if revision and revision.asked else ""
    name = f"{found.identity.name or found.identity.variant.partition('://')[2]}{asked}"
    # A dot in front would hide the file, a dash would be an option of the next program.
    safe = _UNSAFE.sub("-", name.replace("/", "--")).strip(".-")[:_LONGEST] or "model"
    stem, number = safe, 1
    while stem.lower() in taken:  # some systems do not tell cases apart
        number += 1
        stem = f"{safe}-{number}"
    taken.add(stem.lower())
    return stem
