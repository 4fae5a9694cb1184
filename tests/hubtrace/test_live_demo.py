"""`hubtrace demo --live` shows the whole way, from the files that a wheel carries."""

import shutil
import tomllib
from pathlib import Path

import pytest

from hubtrace.commands import demo
from tests.hubtrace.conftest import Call

ROOT = Path(__file__).parents[2]


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with only what `pyproject.toml` puts beside the package."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    for source, place in build["targets"]["wheel"]["force-include"].items():
        to = tmp_path / place
        to.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, to)
    shutil.copy(ROOT / "hubtrace" / "__init__.py", tmp_path / "hubtrace")
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "hubtrace" / "commands" / "demo.py"))
    return tmp_path


def test_the_demonstration_shows_the_whole_way(call: Call, wheel: Path) -> None:
    answer = call("demo", "--live")
    assert answer.code == 0, answer.err
    assert answer.out.count("$ hubtrace ") == 8
    assert "acme-lab/atlas" in answer.out
    assert "transferred" in answer.out
    assert "dead_link" in answer.out
    assert "read 16 projects of 3 families" in answer.err
    assert "history rewritten refs/heads/main" in answer.err
    assert Path("hubtrace-demo/live/hubtrace.kgl").exists()
    for command in _questions(answer.out):
        asked = call(*command, "--graph", "hubtrace-demo/live/hubtrace.kgl")
        assert (asked.code, "acme/atlas-7b" in asked.out) == (0, True), asked.err
    again = call("demo", "--live")
    assert (again.code, again.out) == (2, "")
    assert "is there already" in again.err


def _questions(said: str) -> list[list[str]]:
    """The questions that it advises to ask next."""
    tips = said.partition("What to try next")[2].splitlines()
    found = [line.split()[1:] for line in tips if "hubtrace query" in line]
    assert found
    return found


def test_an_installation_without_the_hubs_says_so(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "hubtrace" / "commands" / "demo.py"))
    answer = call("demo", "--live")
    assert answer.code == 2
    assert "this installation has no loopback hubs; run it in a checkout" in answer.err
    assert not Path("hubtrace-demo").exists()
