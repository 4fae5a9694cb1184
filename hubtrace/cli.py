"""The command line. Each command is a function of a module of `hubtrace.commands`."""

import sys
import traceback
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any

import typer
import typer.main

from hubtrace.commands import export, plot, snapshot
from hubtrace.commands.audit import audit
from hubtrace.commands.check import check
from hubtrace.commands.classify import classify
from hubtrace.commands.copy import copy
from hubtrace.commands.demo import demo
from hubtrace.commands.diff import diff
from hubtrace.commands.doctor import doctor
from hubtrace.commands.flags import flags
from hubtrace.commands.history import history
from hubtrace.commands.ingest import ingest
from hubtrace.commands.init import init
from hubtrace.commands.load import load
from hubtrace.commands.mcp import mcp
from hubtrace.commands.patterns import patterns, tag
from hubtrace.commands.query import queries, query
from hubtrace.commands.report import report
from hubtrace.commands.reproduce import reproduce
from hubtrace.commands.schema import schema
from hubtrace.commands.trace import trace
from hubtrace.commands.why import why
from hubtrace.graph.errors import HubtraceError
from hubtrace.help import EPILOG, HELP_OPTIONS, Command, Group
from hubtrace.progress import say

BAD_INPUT = 2
INTERRUPTED = 130
_LONGEST = 2_000
"""Characters of an error's line: a name in it may be as long as a book."""

app = typer.Typer(
    name="hubtrace",
    cls=Group,
    context_settings=HELP_OPTIONS,
    epilog=EPILOG,
    help="Which code made which model: trace model families from GitHub to Hugging Face.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    *(demo, ingest, load, copy, tag, patterns, flags, history, audit, check, report, diff, trace),
    *(why, query, queries, schema, mcp, classify, reproduce, doctor, init),
):
    app.command(cls=Command)(command)
app.add_typer(snapshot.app, name="snapshot")
app.add_typer(export.app, name="export")
app.add_typer(plot.app, name="plot")


def _print_version(wanted: bool) -> None:
    if wanted:
        _version()
        raise typer.Exit


@app.command("version", cls=Command, hidden=True)
def _version() -> None:
    """Print the version, as `--version` does."""
    print(f"hubtrace {version('hubtrace')}")


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


@cache
def command_line() -> Any:
    """Return all commands with their options; made once in a process, for it takes 30 ms."""
    return typer.main.get_command(app)


def main() -> None:
    """Run the command line; an expected error ends in one sentence and exit code 2."""
    try:
        command_line()()
    except HubtraceError as error:
        for line in f"hubtrace: {error}".splitlines():  # an engine points at the position below
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
    except Exception:  # whatever is not foreseen: Python would end with 1, which is "findings"
        traceback.print_exc()
        say("hubtrace: this is a defect of hubtrace; please report it with the lines above")
        sys.exit(BAD_INPUT)


def _clipped(line: str) -> str:
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]} … {line[-half:]}"
