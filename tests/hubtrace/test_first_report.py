"""The page that leads to a first report shows what is printed on a terminal of 100 columns."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubs.demonstration import TOKEN, Demonstration
from tests.hubtrace.conftest import Call
from tests.hubtrace.live import let_in

PAGE = (Path(__file__).parents[2] / "docs" / "first-report.md").read_text()
LATER = "<!-- a month passes -->"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    with Demonstration(tmp_path / "world") as world:
        let_in(world, monkeypatch)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield world


def _steps() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the page with what is shown of it, or that a month passes."""
    parts = re.findall(rf"```console\n(.*?)```|({LATER})", PAGE, re.DOTALL)
    for block, later in parts:
        if later:
            yield LATER, []
        for step in block.split("$ hubtrace ")[1:]:
            command, *shown = step.splitlines()
            yield command, shown


def test_the_page_shows_what_is_printed(terminal: Call, world: Demonstration) -> None:
    for command, shown in _steps():
        if command == LATER:
            world.a_month_later()
            continue
        answer = terminal(*shlex.split(command))
        assert answer.code == 0, answer.err
        printed = {_squeezed(line) for line in (answer.out + answer.err).splitlines()}
        for line in shown:
            assert _squeezed(line) in printed | {"", "…"}, f"{command}: {line}\n{answer}"


def _squeezed(line: str) -> str:
    return " ".join(line.split())
