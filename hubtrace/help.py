"""How `--help` looks: commands in groups, whole sentences, and none of Python's types."""

import os
import re
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from hubtrace.graph.errors import HubtraceError
from hubtrace.graph.text import for_people, to_text

GROUPS = {
    "Start": ("demo", "doctor"),
    "Keep": ("ingest", "load", "tag", "snapshot"),
    "Look": (
        *("audit", "why", "trace", "patterns", "flags", "history", "diff", "report", "plot"),
        "serve",
        "reproduce",
    ),
    "Gate": ("check", "affected", "init"),
    "Ask": ("query", "queries", "schema", "classify", "mcp"),
    "Move": ("copy", "export"),
}
"""Heading → the commands under it."""
HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
_LOCATIONS = frozenset({"upstream", "variant"})
"""Options that may name a repository on this machine."""
_TYPE = re.compile(r" ?<(?:str|int|float|path|file|directory|list\[(?:str|path)\])>")
_LIST = re.compile(r"<list\[(.*)\]>")


class Command(TyperCommand):
    """A command whose help names values as we do: by the word in capitals alone."""

    def invoke(self, ctx: Any) -> Any:
        """Run it, unless a value is not UTF-8: only a repository may lie where that is so."""
        for name, value in ctx.params.items():
            for one in value if isinstance(value, list | tuple) else [value]:
                if isinstance(one, str | Path) and name not in _LOCATIONS:
                    text = to_text(os.fsencode(one))
                    if text != str(one) and not _is_text(str(one)):
                        raise HubtraceError(f"{for_people(text)} is not valid UTF-8")
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, without what the library says of their types."""
        write = formatter.write_dl

        def write_plainly(rows: list[tuple[str, str]], *more: Any, **options: Any) -> None:
            plain = [(_LIST.sub(r"<\1>", _TYPE.sub("", term)), text) for term, text in rows]
            write(plain, *more, **options)

        formatter.write_dl = write_plainly
        super().format_options(ctx, formatter)


class Group(TyperGroup):
    """Commands under headings, each with the first sentence of its help as a whole."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write every command once, under its heading."""
        grouped = {name for names in GROUPS.values() for name in names}
        rest = tuple(name for name in self.commands if name not in grouped)
        for heading, names in {**GROUPS, "Commands": rest}.items():
            there = [name for name in names if name in self.commands]
            if there:
                with formatter.section(heading):
                    formatter.write_dl([(name, _summary(self.commands[name])) for name in there])


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _summary(command: Any) -> str:
    """Return the first paragraph of a command's help, on one line."""
    return " ".join((command.help or "").split("\n\n")[0].split())
