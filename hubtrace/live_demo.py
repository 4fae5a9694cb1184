"""`hubtrace demo --live`: the whole way from names to a graph, on two hubs on this machine."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hubtrace.graph.errors import HubtraceError

_TOKEN = "demonstration"  # noqa: S105 - the loopback hubs let it in; it opens nothing else
_EVERYTHING = (
    "ingest --org acme --org borealis --org cirrus thebits/atlas-7b-gguf dusk/lost-1b echo/silent"
)
_FIRST = (
    "ingest acme/atlas-7b",
    _EVERYTHING,
    "patterns",
    "flags",
)
_LATER = (
    _EVERYTHING,
    "history acme-lab/atlas",
    "history borealis-ai/aurora",
    "history cirrus/nimbus",
)


@dataclass(frozen=True, slots=True)
class _World:
    """A process that runs both hubs."""

    github: str
    hub: str
    orders: IO[str]
    answers: IO[str]

    def a_month_later(self) -> None:
        """Let happen on the hubs what hubs forget."""
        self.orders.write("later\n")
        self.orders.flush()
        self.answers.readline()


def show_live(directory: Path) -> None:
    """Run the demonstration; the snapshot and the graph stay in `directory`.

    Raises:
        HubtraceError: the directory is there already, or the hubs cannot be started.
    """
    if directory.exists():
        raise HubtraceError(f"{directory} is there already; remove it, or give another --directory")
    with _world() as world:
        directory.mkdir(parents=True)
        print(f"A GitHub is at {world.github}, a Hugging Face at {world.hub}: made-up families.\n")
        with chdir(directory), _environment(world):
            for command in _FIRST:
                _call(command)
            world.a_month_later()
            print("A month later: renamed, deleted, squashed, closed. The hubs forget.\n")
            for command in _LATER:
                _call(command)
    print(
        f"""What to try next
  cd {shlex.quote(str(directory))}
  hubtrace query evidence --param variant=acme/atlas-7b
  hubtrace snapshot info hubtrace-snapshot
  hubtrace doctor                            whether everything is there for real families
  hubtrace ingest --help"""
    )


def _call(command: str) -> None:
    from hubtrace.cli import app

    print(f"$ hubtrace {command}", flush=True)
    code = app(shlex.split(command), standalone_mode=False)
    sys.stdout.flush()
    if code:
        raise HubtraceError(f"`hubtrace {command}` ended with {code}")
    print()


@contextmanager
def _world() -> Iterator[_World]:
    """Run both hubs for the block, in a process of their own."""
    folder, module = _place()
    command = [sys.executable, "-m", module]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process was started without pipes")
        try:
            told = json.loads(process.stdout.readline() or "{}")
            if not told:
                raise HubtraceError("the loopback hubs did not start; what they said stands above")
            yield _World(told["github"], told["hub"], process.stdin, process.stdout)
        finally:
            process.stdin.close()


def _place() -> tuple[Path, str]:
    """Return the module that runs the hubs, installed or in a checkout, after its folder."""
    root = Path(__file__).parent.parent
    for module in ("hubtrace.loopback.demonstration", "tests.hubs.demonstration"):
        if (root / f"{module.replace('.', '/')}.py").is_file():
            return root, module
    raise HubtraceError("this installation has no loopback hubs; run it in a checkout of hubtrace")


@contextmanager
def _environment(world: _World) -> Iterator[None]:
    """Let commands find these hubs, and none of the user's tokens."""
    before = dict(os.environ)
    for name in ("GITHUB_TOKENS", "GH_TOKEN", "HUBTRACE_GRAPH", "HF_HUB_OFFLINE"):
        os.environ.pop(name, None)
    os.environ |= {
        "GITHUB_API_URL": world.github,
        "GITHUB_TOKEN": _TOKEN,
        "HF_ENDPOINT": world.hub,
        "HF_TOKEN": _TOKEN,
        "HUBTRACE_CACHE": "clones",
        "NO_PROXY": "127.0.0.1",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
