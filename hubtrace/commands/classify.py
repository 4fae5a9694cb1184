"""`hubtrace classify`: what commits changed, and by which rule."""

import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hubtrace.graph.text import as_json
from hubtrace.options import OutputFormat, table_options
from hubtrace.output import Format, Table
from hubtrace.progress import say


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """A rule that assigns a change type."""

    rule: str
    side: str
    """`upstream`, `downstream` or `both`."""
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeRulesDocument:
    """All rules, in their order."""

    rows: tuple[ChangeRule, ...]


@dataclass(frozen=True, slots=True)
class ClassifiedCommit:
    """A commit as it was given, and what was found of it: one object a line, without `schema`."""

    side: str
    """`upstream` or `downstream`."""
    message: str | None
    types: tuple[str, ...]
    """The primary one first."""
    rule: str
    areas: tuple[str, ...]
    bot: bool
    merge: bool


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a line: a commit keeps whatever else was given of it."""
    from hubtrace.queries.json_schema import schema_of

    found = schema_of(ClassifiedCommit, "hubtrace.classify/1")
    del found["properties"]["schema"]
    found["required"].remove("schema")
    return {**found, "additionalProperties": True}


_RULES = Table.of_records("hubtrace.change-rules/1", ChangeRule)


@table_options
def classify(
    commits: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Lines of JSON. Default: stdin.")
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="List the rules instead, with their reasons.")
    ] = False,
    format_: OutputFormat = Format.TABLE,
) -> None:
    """Assign the 15 change types of the study to commits.

    Reads one JSON object per line: `side` (`upstream` or `downstream`), `message`, and, if known,
    `files` (a list of paths, or of objects with `path` and `status`), `title` and `author`. Writes
    the same objects with `types` (the primary one first), `rule`, `areas`, `bot` and `merge`, one
    per line. --format is for --rules.

    Example:  hubtrace classify < commits.jsonl
    """
    if rules:
        from hubtrace.ingest.change_types.rules import all_rules

        _RULES.print([ChangeRule(**row) for row in all_rules()], format_)
        return
    from hubtrace.ingest.change_types.lines import classified_lines

    if commits is None and sys.stdin.isatty():
        say("reading commits from the terminal, one JSON object per line; Ctrl-D ends")
    with nullcontext(sys.stdin.buffer) if commits is None else commits.open("rb") as lines:
        try:
            for row in classified_lines(lines, str(commits or "stdin")):
                print(as_json(row, indent=None), end="", flush=True)
        except BrokenPipeError:
            # The reader has seen enough, as `head` does; Python must not complain again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
