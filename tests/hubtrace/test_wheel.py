"""The wheel holds one name, and works beside a distribution that owns a package called `graph`."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


def _run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _build(folder: Path) -> Path:
    """Return the wheel of what git tracks here: a clean checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, folder / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
        elif source.is_file():
            target.write_bytes(source.read_bytes())
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "../built"]
    _run(command, folder / "checkout")
    (built,) = (folder / "built").iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(tmp_path_factory.mktemp("wheel"))


@pytest.mark.faults  # builds a second one
def test_two_builds_are_the_same(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder, another time of every file, another mask and another zone of time."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    before = os.umask(0o077)
    try:
        assert _build(tmp_path / "elsewhere").read_bytes() == wheel.read_bytes()
    finally:
        os.umask(before)


def test_it_holds_one_package_and_all_of_it(wheel: Path) -> None:
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    (manual,) = {name for name in names if not name.startswith("hubtrace/")}
    assert manual.endswith(".data/data/share/man/man1/hubtrace.1")
    assert "hubtrace/queries/cypher/sync_type.cypher" in names
    assert "hubtrace/sample/families.jsonl" in names
    assert "hubtrace/py.typed" in names
    for room in ("graph", "ingest", "queries"):
        files = {file.relative_to(ROOT).as_posix() for file in (ROOT / room).rglob("*.py")}
        assert {f"hubtrace/{file}" for file in files} <= names
    assert not {name for name in names if "/tests/" in name or "/test_" in name}


def test_the_image_is_built_from_all_that_the_wheel_needs() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    needed = {
        *wheel["force-include"],
        *wheel["shared-data"],
        "hubtrace",
        "ingest",
        "graph",
        "queries",
    }
    copies = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copied = {place for line in copies for place in line.split()}
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    assert copied <= sent
    assert all(any(Path(name).is_relative_to(place) for place in copied) for name in needed)


def test_it_runs_beside_a_rival_graph(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    ZipFile(wheel).extractall(site)
    for rival in ("graph", "ingest", "queries"):
        (site / rival).mkdir()
        (site / rival / "__init__.py").write_text("raise ImportError('a rival was imported')")
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    shown = "import hubtrace; print(hubtrace.__file__)"
    origin = _run([sys.executable, "-c", shown], tmp_path, environment)
    assert Path(origin.strip()).is_relative_to(site)
    told = _run([sys.executable, "-m", "hubtrace", "demo"], tmp_path, environment)
    assert "43 of 43" in told
