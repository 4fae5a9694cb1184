"""The page that leads to a first report shows what is printed on a terminal of 100 columns."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubtrace.conftest import Call

PAGE = (Path(__file__).parents[2] / "docs" / "first-report.md").read_text()
LATER = "<!-- a month passes -->"


@pytest.fixture
def hubs(
    terminal: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["subprocess.Popen[str]"]:
    """`hubtrace demo --live --keep` in another terminal, and what it prints pasted in this one."""
    command = [sys.executable, "-m", "hubtrace", "demo", "--live", "--keep"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [*command, "--directory", str(tmp_path / "hubs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as running:
        assert running.stdout is not None
        for line in iter(running.stdout.readline, "\n"):
            word, *given = shlex.split(line)
            for text in given:
                name, _, value = text.partition("=")
                if word == "export":
                    monkeypatch.setenv(name, value)
                else:
                    monkeypatch.delenv(name, raising=False)
        yield running
        running.send_signal(signal.SIGINT)
    assert running.returncode == 130


def _steps() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the page with what is shown of it, or that a month passes."""
    parts = re.findall(rf"```console\n(.*?)```|({LATER})", PAGE, re.DOTALL)
    for block, later in parts:
        if later:
            yield LATER, []
        for step in block.split("$ hubtrace ")[1:]:
            command, *shown = step.splitlines()
            yield command, shown


def test_the_page_is_followed_word_by_word(terminal: Call, hubs: "subprocess.Popen[str]") -> None:
    assert hubs.stdin is not None
    assert hubs.stdout is not None
    for command, shown in _steps():
        if command == LATER:
            print(file=hubs.stdin, flush=True)
            assert hubs.stdout.readline().startswith("A month later")
            continue
        answer = terminal(*shlex.split(command))
        assert answer.code == 0, answer.err
        printed = {_squeezed(line) for line in (answer.out + answer.err).splitlines()}
        for line in shown:
            assert _squeezed(line) in printed | {"", "…"}, f"{command}: {line}\n{answer}"


def _squeezed(line: str) -> str:
    return " ".join(line.split())
