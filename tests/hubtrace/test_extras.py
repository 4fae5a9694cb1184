"""What the base does without the extras, and which extra an error names (docs/decisions/0064)."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hubtrace.graph.store import Result
from tests.hubtrace.conftest import Call

LIBRARIES = {
    "mcp": ("mcp", "mcp_types", "jsonschema"),
    "notebook": ("networkx", "pandas"),
    "plot": ("matplotlib",),
    "serve": ("starlette", "uvicorn"),
    "statistics": ("scipy",),
    "verify": ("sigstore", "sigstore_models"),
}
OF_TESTS = ("scikit_posthocs", "statsmodels", "seaborn", "hypothesis", "pytest")
WITHOUT = {
    "mcp": ("mcp", "mcp"),
    "plot": ("matplotlib", "plot", "lag", "-o", "t.svg"),
    "serve": ("uvicorn", "serve"),
    "statistics": ("scipy", "report"),
}


@pytest.mark.parametrize("extra", WITHOUT)
def test_one_sentence_names_the_extra(
    call: Call, monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    library, *arguments = WITHOUT[extra]
    for name in [*sys.modules]:  # what others imported already is forgotten, until this test ends
        if name.split(".")[0] == library:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    answer = call(*arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), answer.err
    assert library in answer.err
    assert answer.err.endswith(f", which is not installed: `pip install 'hubtrace[{extra}]'`\n")


def test_results_name_the_extra_too(monkeypatch: pytest.MonkeyPatch) -> None:
    result = Result(("n",), [(1,)])
    for library, hand_out in (("pandas", result.to_data_frame), ("networkx", result.to_subgraph)):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(Exception, match=rf"{library}, which .*`pip install 'hubtrace\[notebo"):
            hand_out()


def test_extras_are_those_that_are_declared() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    declared = project["optional-dependencies"]
    assert declared.pop("all") == [f"hubtrace[{','.join(sorted(declared))}]"]
    assert declared.keys() == LIBRARIES.keys()


_IN_THE_BASE = """
import importlib.abc, sys

class Refuses(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refuses())
from hubtrace.cli import command_line
from hubtrace.graph.errors import HubtraceError

program = command_line()
for name in program.commands:
    program.main([name, "--help"], standalone_mode=False)
graph = ["--graph", "d/hubtrace.kgl"]
model = "Qwen/Qwen-VL-Chat"
for line in [
    ["demo", "--directory", "d"],
    *([*words, *graph] for words in (
        ["patterns"], ["flags"], ["check", "--all"], ["history", model], ["tag"],
        ["audit", model], ["why", model, "QwenLM/Qwen-VL"],
        ["query", "projects"], ["load", "d/snapshot"],
        ["export", "graphml", "g.graphml"], ["export", "node-link", "g.json"],
    )),
    *(["audit", model, "-f", format_, *graph] for format_ in (
        "markdown", "html", "json", "cyclonedx")),
    ["export", "tables", "tables", *graph],
    ["export", "neo4j-import", "import", *graph],
    ["copy", "d/hubtrace.kgl", "copy.kgl"],
    ["snapshot", "verify", "d/snapshot"],
    ["queries"],
    ["schema"],
    ["ingest", "--family", "own", "--upstream", "{here}", "--variant", "a/own={here}",
     "--snapshot", "s"],
]:
    try:
        program.main(line, standalone_mode=False)
    except HubtraceError as error:
        sys.exit(f"{{line}}: {{error}}")
"""


@pytest.mark.faults
def test_the_base_does_everything_else(tmp_path: Path) -> None:
    refused = {library for each in LIBRARIES.values() for library in each} | {*OF_TESTS}
    here = tmp_path / "own.git"
    subprocess.run(["git", "init", "-q", here], check=True)
    named = ["git", "-C", str(here), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*named, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    program = _IN_THE_BASE.format(refused=refused, here=here)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "There is no report on them: statistical tests need scipy" in done.stdout
    assert "`pip install 'hubtrace[statistics]'`" in done.stdout
