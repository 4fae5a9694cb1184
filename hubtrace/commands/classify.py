"""`hubtrace classify`: what commits changed, and by which rule."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from hubtrace.graph.text import as_json
from hubtrace.options import OutputFormat, table_options
from hubtrace.output import Format, Table
from hubtrace.progress import say

_RULES = Table.of("hubtrace.change-rules/1", "rule", "side", "type", "reason")


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

        _RULES.print(all_rules(), format_)
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
