"""The command line. Each command is a function of a module of `hubtrace.commands`.

Only the module of the command that is run is imported: a question starts in half of the time.
"""

import os
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main

from hubtrace.exit_codes import FAILED, IN_A_SENTENCE, INTERRUPTED
from hubtrace.graph.errors import HubtraceError
from hubtrace.help import HELP_OPTIONS, Command, Group
from hubtrace.progress import say

_LONGEST = 2_000
"""Characters of an error's line: a name in it may be as long as a book."""

_GROUPS = ("snapshot", "export", "plot")
_COMMANDS = (
    *("demo", "ingest", "load", "copy", "tag", "patterns", "flags", "history", "audit", "check"),
    *("report", "diff", "trace", "why", "query", "queries", "schema", "classify", "reproduce"),
    *("affected", "doctor", "init", "serve", "mcp"),
)
_ELSEWHERE = {"tag": "patterns", "queries": "query"}
"""The modules of commands that are not in the one of their name."""


class _Commands(MutableMapping[str, Any]):
    """The commands by their names; each is imported when it is looked up."""

    def __init__(self, known: MutableMapping[str, Any]) -> None:
        self._known = dict.fromkeys((*_GROUPS, *_COMMANDS)) | dict(known)

    def __getitem__(self, name: str) -> Any:
        if self._known[name] is None:
            module = import_module(f"hubtrace.commands.{_ELSEWHERE.get(name, name)}")
            self._known[name] = _made(name, module)
        return self._known[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._known[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known  # without an import

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _made(name: str, module: Any) -> Any:
    """Return the command or the group of commands of a module."""
    if name in _GROUPS:
        command: Any = typer.main.get_group(module.app)
    else:
        one = typer.Typer(**_PLAIN, add_completion=False)
        one.command(cls=Command)(getattr(module, name))
        command = typer.main.get_command(one)
    command.name = name
    return command


class _Program(Group):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands(self.commands)


_PLAIN: dict[str, Any] = {"pretty_exceptions_enable": False, "rich_markup_mode": None}
app = typer.Typer(
    name="hubtrace",
    cls=_Program,
    context_settings=HELP_OPTIONS,
    epilog=IN_A_SENTENCE,
    help="Which code made which model: trace model families from GitHub to Hugging Face.",
    no_args_is_help=True,
    **_PLAIN,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        _version()
        raise typer.Exit


@app.command("version", cls=Command, hidden=True)
def _version() -> None:
    """Print the version, as `--version` does."""
    from importlib.metadata import version  # imports a parser of e-mail

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
    """Return the whole command line; a command is made once in a process, which takes a while."""
    return typer.main.get_command(app)


def main() -> None:
    """Run the command line; an expected error ends in one sentence and exit code 2."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the process ends
    try:
        command_line()()
    except HubtraceError as error:
        for line in f"hubtrace: {error}".splitlines():  # an engine points at the position below
            say(_clipped(line))
        sys.exit(FAILED)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            say("hubtrace: interrupted; run the same command again to continue")
        raise
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        say(_clipped(f"hubtrace: {file}{error.strerror or error}"))
        sys.exit(FAILED)
    except Exception:  # whatever is not foreseen: Python would end with 1, which is "findings"
        traceback.print_exc()
        say("hubtrace: this is a defect of hubtrace; please report it with the lines above")
        sys.exit(FAILED)


def _clipped(line: str) -> str:
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]} … {line[-half:]}"
