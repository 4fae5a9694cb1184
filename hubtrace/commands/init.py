"""`hubtrace init`: the files that a repository needs to check the models released from it."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from hubtrace.graph import open_store
from hubtrace.graph.atomic_files import write_atomically
from hubtrace.graph.errors import GraphMissing, HubtraceError
from hubtrace.graph.urls import Hosts, Side, parse_address, parse_project
from hubtrace.options import GRAPH, Graph
from hubtrace.progress import say

WORKFLOW = Path(".github/workflows/hubtrace.yml")
_MEMBERS = (
    "MATCH (f:Family)-[:RELEASES]->(v:Variant) RETURN DISTINCT f.name, v.name ORDER BY v.name"
)
_PLACEHOLDER = "OWNER/hubtrace@SHA"
_ACTION = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+)*@[\w./-]+", re.ASCII)
_SETTINGS = """\
# What `hubtrace check` looks for, and the findings that are accepted. Options of the command line,
# and inputs of the Action, go before what stands here. All keys: docs/check.md of hubtrace.

[check]
targets = [
TARGETS
]
# fail-on = ["usual"]      # kinds and groups; `hubtrace check --fail-on help` lists them
# max-lag = "30d"
# lag = "lower"            # or "upper": the most days that a model can be behind
# areas = ["code"]         # count only commits that change something there
# max-age = "7d"           # what was looked at longer ago decides nothing; the Action's default
# fail-undecided = true    # the Action's default
# abandon-after = 180      # days

# A finding that is accepted is shown, and fails nothing until it expires.
# `hubtrace check --write-baseline` adds one of these for each finding of now.
#
# [[accept]]
# kind = "lag"
# target = "ORG/MODEL"     # or a repository; `branch` and `value` narrow it
# reason = "why"
# expires = 2027-03-31     # the last day
# by = "who"
"""
_WORKFLOW = """\
name: hubtrace
on:
  schedule: [{cron: "17 4 * * *"}]
  release: {types: [created]}
  pull_request:
permissions:
  contents: read
  pull-requests: write     # to keep one comment
  security-events: write   # to upload the findings
jobs:
  models:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1, for .hubtrace.toml
        with: {persist-credentials: false}
      - uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5
        with:
          path: hubtrace-snapshot
          key: hubtrace-${{ github.run_id }}
          restore-keys: hubtrace-
      - id: hubtrace
        uses: OWNER/hubtrace@SHA   # where you keep hubtrace
        with:
          variants: |
VARIANTS
      - if: always() && github.event_name != 'pull_request'
        uses: github/codeql-action/upload-sarif@8aad20d150bbac5944a9f9d289da16a4b0d87c1e # v4.36.2
        with:
          sarif_file: ${{ steps.hubtrace.outputs.sarif }}
"""


def init(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="The models that are released from here. Default: those of the graph's family.",
        ),
    ] = None,
    action: Annotated[
        str, typer.Option(metavar="OWNER/REPO@SHA", help="Where the Action is kept.")
    ] = _PLACEHOLDER,
    graph: Graph = GRAPH,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that are there already.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")
    ] = False,
) -> None:
    """Write .hubtrace.toml and .github/workflows/hubtrace.yml, for `hubtrace check` here and in CI.

    Example:  hubtrace init Qwen/Qwen-VL-Chat
    """
    from hubtrace.config import CONFIG

    if not _ACTION.fullmatch(action):
        raise HubtraceError(f"--action: {action!r} is not like {_PLACEHOLDER}")
    urls = [_model_url(text) for text in targets or _members(graph)]
    models = list(dict.fromkeys(urls))
    listed = "\n".join(f'    "{url}",' for url in models)
    variants = "\n".join(f"            {url}" for url in models)
    workflow = _WORKFLOW.replace("VARIANTS", variants)
    if action != _PLACEHOLDER:
        workflow = workflow.replace(f"{_PLACEHOLDER}   # where you keep hubtrace", action)
    texts = {CONFIG: _SETTINGS.replace("TARGETS", listed), WORKFLOW: workflow}
    if dry_run:
        for file, text in texts.items():
            print(f"# {file}\n{text}")
        return
    _refuse(list(texts), force=force)
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text)
        say(f"wrote {file}")
    if action == _PLACEHOLDER:
        say(f"in {WORKFLOW}, write where you keep hubtrace instead of {_PLACEHOLDER}")


def _refuse(files: list[Path], *, force: bool) -> None:
    """Refuse to overwrite a file, or to write one elsewhere: before any is written."""
    here = Path.cwd().resolve()
    for file in files:
        if not file.resolve().is_relative_to(here):
            raise HubtraceError(f"{file} leads out of this folder, to {file.resolve()}")
    there = [str(file) for file in files if os.path.lexists(file)]
    if there and not force:
        names = " and ".join(map(str, files))
        raise HubtraceError(
            f"{' and '.join(there)} {'are' if there[1:] else 'is'} there already; nothing was "
            f"written. --force overwrites {names}, --dry-run prints them"
        )


def _members(graph: str) -> list[str]:
    """Return the models of the only family of a graph."""
    rows: list[tuple[str, str | None]] = []
    with suppress(GraphMissing), open_store(graph) as store:
        rows = [(family, name) for family, name in store.run(_MEMBERS).rows()]
    if len({family for family, _ in rows}) != 1:
        found = "has several families" if rows else "has no family with a model"
        raise HubtraceError(f"name the models that are released from here; the graph {found}")
    return [name for _, name in rows if name is not None]


def _model_url(text: str) -> str:
    project = parse_project(text)
    address = parse_address(text)
    if address.at or address.path:
        raise HubtraceError(f"{text!r} points into {project.name}; name the whole model")
    if project.side is not Side.DOWNSTREAM:
        raise HubtraceError(f"{text!r} is a repository; name the models that are released from it")
    return Hosts().url(project.side, project.name)
