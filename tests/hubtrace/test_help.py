"""What `--help` says is whole, plain, and works as it stands on the graph of the demo."""

import re
import shlex
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from hubtrace.cli import command_line
from hubtrace.graph import open_store
from hubtrace.help import GROUPS
from hubtrace.ingest.load import load
from hubtrace.ingest.pipeline import ingest_study
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from tests.hubtrace.conftest import Call

ROOT = command_line()
_NEEDS_MORE = (
    *("demo", "ingest", "doctor", "classify", "copy", "snapshot", "tag", "diff monday"),
    *("serve", "mcp", "affected"),
)
"""What asks a hub, reads files of its own, writes elsewhere or runs on; its own test runs it."""
_NEEDS_FILES = ("reproduce", "trace Qwen/", "trace https://huggingface.co", "plot changes")
"""The graph of the demo knows days and no files."""


def _commands(command: Any, *path: str) -> list[tuple[str, ...]]:
    below = getattr(command, "commands", {})
    return [
        each for name, it in below.items() for each in [(*path, name), *_commands(it, *path, name)]
    ]


def _examples() -> list[str]:
    lines = []
    for path in _commands(ROOT):
        command = ROOT
        for name in path:
            command = command.commands[name]
        lines += re.findall(r"^\s*(?:Examples?: +)?hubtrace (.+?)(?: {3,}.*)?$", command.help, re.M)
    return lines


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    with as_file(files("hubtrace") / "sample") as sample:
        ingest_study(sample, lambda: SnapshotWriter(folder / "hubtrace-snapshot"), lambda *_: None)
    with open_store(str(folder / "hubtrace.kgl")) as made:
        load(Snapshot(folder / "hubtrace-snapshot"), made)
    return folder


@pytest.mark.parametrize("example", _examples())
def test_an_example_works_on_the_graph_of_the_demo(call: Call, demo: Path, example: str) -> None:
    if example.startswith((*_NEEDS_MORE, *_NEEDS_FILES)):
        assert example.split()[0] in ROOT.commands
        return
    shutil.copy(demo / "hubtrace.kgl", "hubtrace.kgl")
    shutil.copytree(demo / "hubtrace-snapshot", "hubtrace-snapshot")
    answer = call(*shlex.split(example.partition(" > ")[0]))  # a shell would write the file
    assert answer.code in (0, 1, 3), answer.err
    assert not re.search(
        "no (family|model|variant|repository|project)|not in the graph", answer.err
    )


@pytest.mark.parametrize("path", [(), *_commands(ROOT)], ids=" ".join)
def test_help_is_whole_and_plain(call: Call, path: tuple[str, ...]) -> None:
    long, short = call(*path, "--help"), call(*path, "-h")
    assert (long.code, short.code, short.out) == (0, 0, long.out)
    assert "..." not in re.sub(r"\[\w+\]+\.\.\.|\.\.\.\s|,\.\.\.", "", long.out)
    assert not re.search(r"<(str|int|path|list)", long.out)
    prints_a_table = "table|json|csv|markdown" in long.out
    for option in ("--columns NAME,...", "--limit N", "--sort COLUMN"):
        assert (option in long.out) is prints_a_table


def test_every_command_stands_under_one_heading(call: Call) -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    visible = [name for name, command in ROOT.commands.items() if not command.hidden]
    assert sorted(set(grouped) & set(visible)) == sorted(visible)
    assert len(grouped) == len(set(grouped))
    assert call("version").out == call("--version").out
