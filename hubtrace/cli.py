"""The command line. Each command is a module of `hubtrace.commands`."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from hubtrace.commands import (
    audit,
    check,
    classify,
    copy,
    demo,
    diff,
    doctor,
    export,
    flags,
    history,
    ingest,
    load,
    patterns,
    plot,
    queries,
    query,
    report,
    schema,
    snapshot,
    tag,
    trace,
    why,
)
from hubtrace.graph.errors import HubtraceError
from hubtrace.progress import say

BAD_INPUT = 2
INTERRUPTED = 130
_LONGEST = 2_000
"""Characters of an error's line: a name in it may be as long as a book."""

app = typer.Typer(
    name="hubtrace",
    help="Which code made which model: trace model families from GitHub to Hugging Face.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    *(demo, ingest, load, copy, tag, patterns, flags, history, audit, check, report, diff, trace),
    *(why, query, queries, schema, classify, doctor),
):
    # The command `x` is the function `x` of the module `x`; its help is its docstring or `HELP`.
    name = module.__name__.rpartition(".")[2]
    app.command(name, help=getattr(module, "HELP", None))(getattr(module, name))
app.add_typer(snapshot.app, name="snapshot")
app.add_typer(export.app, name="export")
app.add_typer(plot.app, name="plot")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"hubtrace {version('hubtrace')}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an expected error ends in one sentence and exit code 2."""
    try:
        app()
    except HubtraceError as error:
        for line in f"hubtrace: {error}".splitlines():  # an engine points at the place below
            say(_clipped(line))
        sys.exit(BAD_INPUT)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            say("hubtrace: interrupted; run the same command again to continue")
        raise
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        say(_clipped(f"hubtrace: {file}{error.strerror or error}"))
        sys.exit(BAD_INPUT)


def _clipped(line: str) -> str:
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]} … {line[-half:]}"
