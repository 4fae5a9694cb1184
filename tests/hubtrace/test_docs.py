"""What the documents name is there, and what they show is what is printed."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from tests.hubtrace.conftest import Call

ROOT = Path(__file__).parents[2]
PLACES = re.findall(
    r"`((?:graph|ingest|queries)[./][^`]+)`", (ROOT / "docs/definitions.md").read_text()
)
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("place", PLACES)
def test_a_definition_is_where_the_document_says(place: str) -> None:
    if "/" in place:
        assert (ROOT / place).is_file()
    else:
        module, _, name = place.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _commands() -> list[str]:
    lines = "\n".join(_blocks("sh")).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("hubtrace ")]


@pytest.mark.parametrize("command", _commands())
def test_a_command_of_the_readme_has_these_options(call: Call, command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    subcommand = words[:2] if words[0] == "snapshot" else words[:1]
    answer = call(*subcommand, "--help")
    assert answer.code == 0, answer.err
    for option in options:
        assert option in answer.out


def test_the_readme_shows_what_the_demo_prints(demo: str) -> None:
    (shown,) = (block for block in _blocks("text") if "Patterns of synchronization" in block)
    printed = {_squeezed(line) for line in demo.splitlines()}
    for line in shown.splitlines():
        assert _squeezed(line) in printed | {"", "…"}, line


def _squeezed(line: str) -> str:
    return " ".join(line.split())


@pytest.mark.parametrize("command", ["audit Qwen/Qwen-VL-Chat", "check augmxnt_shisa"])
def test_the_readme_shows_what_is_printed_on_the_sample(
    call: Call, demo: str, command: str
) -> None:
    where = ["--graph", "hubtrace-demo/hubtrace.kgl"]
    assert " ".join(["`hubtrace", command, *where]) in README
    printed = call(*command.split(), *where).out
    assert any(block in printed for block in _blocks("text"))
