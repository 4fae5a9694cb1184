"""The house keeps its shape: names, arrows, what ships, what no file may say."""

import ast
import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("hubtrace", "ingest", "graph", "queries")


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", ROOMS)
def test_no_other_distribution_owns_our_names(name: str) -> None:
    """An editable install lists none of them, hence the default."""
    owners = importlib.metadata.packages_distributions().get(name, ["hubtrace"])
    assert set(owners) == {"hubtrace"}


def test_every_public_thing_says_what_it_is() -> None:
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            module = ast.parse(file.read_text())
            assert ast.get_docstring(module), file
            for thing in module.body:
                if isinstance(thing, ast.FunctionDef | ast.ClassDef) and thing.name[0] != "_":
                    assert ast.get_docstring(thing), f"{file}: {thing.name}"


def test_no_file_is_too_long_to_read() -> None:
    for file in _tracked():
        if file.suffix == ".py":
            assert len(file.read_text().splitlines()) <= 600, file


def test_no_file_names_an_index_or_a_machine() -> None:
    # Written so that this file does not match itself.
    words = (
        "p[y]pi\\.org",
        "python[h]osted\\.org",
        "np[m]js\\.org",
        "repo1?\\.ma[v]en",
        "/wo[r]k/",
    )
    forbidden = re.compile("|".join(words))
    for file in _tracked():
        if file.suffix not in (".gz", ".png"):
            assert not forbidden.search(file.read_text(errors="replace")), file
    names = {file.name for file in _tracked()}
    assert not names & {"uv.lock", "poetry.lock", "package-lock.json"}


def test_no_file_holds_the_marks_of_a_conflict() -> None:
    marks = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
    assert [file for file in _tracked() if marks.search(file.read_bytes())] == []


def test_the_wheel_would_carry_the_queries_and_the_sample() -> None:
    """Hatchling takes every file that git does not ignore."""
    carried = {file.relative_to(ROOT).as_posix() for file in _tracked()}
    assert "queries/cypher/sync_type.cypher" in carried
    assert "hubtrace/sample/families.jsonl" in carried


def test_no_two_decisions_have_the_same_number() -> None:
    """Gaps are fine: who works beside others takes a range of numbers."""
    numbers = [file.name[:4] for file in (ROOT / "docs" / "decisions").glob("*.md")]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)
