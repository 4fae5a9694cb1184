"""The command line as a person calls it, in an empty folder."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubtrace.cli import main
from tests.ingest.worlds import START, World

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return what was printed as JSON."""
        return json.loads(self.out)


Call = Callable[..., Answer]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Call `hubtrace` in this process, in an empty folder and with an empty environment."""
    for name in (
        *("HUBTRACE_GRAPH", "HUBTRACE_CACHE", "XDG_CACHE_HOME", "GITHUB_API_URL", "HF_ENDPOINT"),
        *("GITHUB_TOKEN", "GITHUB_TOKENS", "GH_TOKEN", "HF_TOKEN"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["hubtrace", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        code = caught.value.code
        return Answer(code if isinstance(code, int) else int(code is not None), *captured)

    return run


@pytest.fixture
def terminal(call: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call as on a terminal of 100 columns, without colours; stderr is somewhere else."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        return call(*arguments)

    return run


def ingest_acme(call: Call, world: Path, *more: object) -> Answer:
    """Ingest the three repositories of `world` as one family."""
    answer = call(
        "ingest",
        *("--family", "acme"),
        *("--upstream", f"acme/code={world / 'code'}"),
        *("--variant", f"acme/model={world / 'model'}"),
        *("--variant", f"acme/model-chat={world / 'model-chat'}"),
        *more,
    )
    assert answer.code == 0, answer.err
    return answer


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a command wrote once, for the tests that only read it."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
def ingested(call: Call, world: Path, shelf: Path) -> None:
    """The snapshot and the graph of `world` in this folder; ingested once, then copied."""
    kept = shelf / "acme"
    if not kept.exists():
        ingest_acme(call, world)
        shutil.copytree(".", kept)
    shutil.copytree(kept, ".", dirs_exist_ok=True)


@pytest.fixture
def demo(terminal: Call, shelf: Path) -> str:
    """What `hubtrace demo` printed, and its files in this folder; run once, then copied."""
    kept, printed = shelf / "demo", shelf / "demo.txt"
    if not kept.exists():
        answer = terminal("demo")
        assert answer.code == 0, answer.err
        shutil.copytree(".", kept)
        printed.write_text(answer.out)
    shutil.copytree(kept, ".", dirs_exist_ok=True)
    return printed.read_text()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an abandoned branch, and two variants that follow it."""
    folder = tmp_path_factory.mktemp("world")
    code = World(folder / "code")
    for number in range(6):
        code.commit({b"train.py": b"%d" % number}, at=START + number * 14 * DAY)
    left = code.commit(
        {b"idea": b"x"}, ref="refs/heads/idea", parents=[code.commits[1]], at=START + 15 * DAY
    )
    code.branch("refs/heads/idea", left)
    code.commit({b"train.py": b"last"}, at=START + 300 * DAY)
    for name, days in (("model", (1, 15, 29)), ("model-chat", (15, 60))):
        variant = World(folder / name)
        for day in days:
            variant.commit({b"README.md": b"%d" % day}, at=START + day * DAY)
    return folder
