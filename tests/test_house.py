"""The house keeps its shape: names, arrows, what ships, what no file may say."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import networkx
import pytest
import yaml

from tests.hubtrace.test_extras import LIBRARIES

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


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def _modules() -> dict[str, Path]:
    """Return every module of ours by the name that it is imported by."""
    found = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            if any(parent.is_symlink() for parent in file.parents):
                continue
            parts = file.relative_to(ROOT).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join(parts if room == "hubtrace" else ("hubtrace", *parts))] = file
    return found


def test_every_public_thing_says_what_it_is() -> None:
    for file in _modules().values():
        module = _parsed(file)
        assert ast.get_docstring(module), file
        for thing in module.body:
            if isinstance(thing, ast.FunctionDef | ast.ClassDef) and thing.name[0] != "_":
                assert ast.get_docstring(thing), f"{file}: {thing.name}"


def test_no_file_is_too_long_to_read() -> None:
    for file in _tracked():
        if file.suffix == ".py":
            assert len(file.read_text().splitlines()) <= 600, file


def test_a_long_function_has_its_reason_beside_it() -> None:
    """A line `# Long: …` right above the function, or first in it."""
    for file in _modules().values():
        lines = file.read_text().splitlines()
        for thing in ast.walk(_parsed(file)):
            if isinstance(thing, ast.FunctionDef) and thing.end_lineno:
                long = thing.end_lineno - thing.lineno >= 60
                first = min([thing.lineno, *(d.lineno for d in thing.decorator_list)])
                reasons = lines[max(first - 3, 0) : thing.body[0].lineno]
                assert not long or any("# Long: " in line for line in reasons), (file, thing.name)


def test_no_module_imports_itself_through_others() -> None:
    """Imports that wait in a function count too; those for types alone do not."""
    modules = _modules()
    arrows: networkx.DiGraph[str] = networkx.DiGraph()
    for name, file in modules.items():
        tree = _parsed(file)
        for_types = {
            id(inner)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
            for inner in ast.walk(block)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    target = inner if inner in modules else node.module
                    if target in modules and target != name:
                        arrows.add_edge(name, target)
    circles = [c for c in networkx.strongly_connected_components(arrows) if len(c) > 1]
    assert circles == []


def test_the_library_of_an_extra_waits_until_it_is_used() -> None:
    """Apart from modules that are one themselves: they are imported in `with extra(…)`."""
    theirs = {"hubtrace/web.py": "starlette"}
    for file in _modules().values():
        here = file.relative_to(ROOT).as_posix()
        at_once = [
            module.split(".")[0]
            for node in _parsed(file).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for module in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
        ]
        found = {*at_once} & {library for each in LIBRARIES.values() for library in each}
        assert found <= {theirs.get(here)}, here


def test_a_name_stands_once_in_a_folder_of_modules() -> None:
    """`audit/records` and `report/records` are two; `records` beside `records/` is one too many."""
    for name, file in _modules().items():
        if file.name != "__init__.py":
            assert not file.with_suffix("").is_dir(), name


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


def test_the_citation_names_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (cited["title"], cited["version"], cited["license"]) == (
        project["name"],
        project["version"],
        project["license"],
    )


def test_workflows_pin_what_they_run_and_keep_no_credentials() -> None:
    for file in (ROOT / ".github" / "workflows").iterdir():
        text = file.read_text()
        jobs = yaml.safe_load(text)["jobs"].values()
        steps = [step for job in jobs for step in job["steps"] if "uses" in step]
        assert yaml.safe_load(text)["permissions"] == {}
        assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"]) for step in steps)
        assert len(re.findall(r"uses: \S+ # v\d", text)) == len(steps)
        for step in steps:
            if step["uses"].startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
