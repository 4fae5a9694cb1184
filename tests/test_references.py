"""What documents and docstrings point at is there: files, modules, names, decisions, sections."""

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_PATH = re.compile(
    r"(?<![\w/.-])(?:graph|ingest|queries|hubtrace|tests|docs|benchmarks|tools)"
    r"(?:/[\w.*-]+)*/[\w*-]+\.(?:py|md(?:\.j2)?|cypher|toml|tsv|json|js|j2|html)\b"
)
_DOTTED = re.compile(r"(?<![\w./-])hubtrace(?:\.[A-Za-z_]\w*)+(?![\w/-])")
_FILE = re.compile(r"`([a-z_0-9]+\.py)`")
_DECISION = re.compile(r"decisions?[ /](\d{4})\b")
_SECTION = re.compile(r"design\.md, section (\d+)")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_ELSEWHERE = re.compile(r"hubtrace\.(kgl|sarif|toml|loopback(\.\w+)?)")
"""Files of users, whose names look like modules; a package that the wheel alone has."""
_FORMER = re.compile(r"^(\| `[^|]*\|)[^|]*\|$", re.MULTILINE)
"""A row of a table from today's names to those of a former version."""
_EXAMPLES = {"test_kernels.py", "train.py", "utils.py"}
"""Files of other repositories that a sentence takes as examples."""
_STANDS_FOR = re.compile(r"/[A-Z]{4}")
"""In the name of a file that is yet to be written."""


def _tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return sorted(file for file in files if file.is_file())


@cache
def _prose() -> tuple[tuple[Path, str], ...]:
    """Return every document, the docstrings and comments of every module, and queries' comments."""
    return tuple(_read())


def _read() -> Iterator[tuple[Path, str]]:
    for file in _tracked("*.md"):
        text, former, table = file.read_text().partition("\n## Where it went")
        yield file, text + former + _FORMER.sub(r"\1", table)
    for file in _tracked("*.py"):
        text = file.read_text()
        strings = [
            node.value.value
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ]
        comments = [line for line in text.splitlines() if "# " in line]
        yield file, "\n".join([*strings, *(line[line.index("# ") :] for line in comments)])
    for file in _tracked("*.cypher"):
        yield file, "\n".join(x for x in file.read_text().splitlines() if x.startswith("//"))


def _missing(dotted: str) -> bool:
    """Return True if neither a module nor what it holds has this name."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            fields = getattr(thing, "__dataclass_fields__", {})
            if not hasattr(thing, name) and name not in fields:
                return True
            thing = getattr(thing, name, None)
        return False
    return True


def test_every_file_that_is_named_is_there() -> None:
    names = {file.name for file in _tracked()}
    for file, text in _prose():
        gone = {
            path
            for path in _PATH.findall(text)
            if not list(ROOT.glob(path)) and not list(file.parent.glob(path))
        }
        gone |= {name for name in _FILE.findall(text) if name not in names | _EXAMPLES}
        gone = {name for name in gone if not _STANDS_FOR.search(name)}
        assert not gone, (file, gone)


def test_every_dotted_name_is_there() -> None:
    for file, text in _prose():
        named = {name for name in _DOTTED.findall(text) if not _ELSEWHERE.fullmatch(name)}
        gone = {name for name in named if _missing(name)}
        assert not gone, (file, gone)


def test_every_decision_and_section_is_there() -> None:
    numbers = {file.name[:4] for file in (ROOT / "docs" / "decisions").glob("*.md")}
    design = (ROOT / "docs" / "design.md").read_text()
    sections = set(re.findall(r"^## (\d+)\. ", design, re.MULTILINE))
    for file, text in _prose():
        assert set(_DECISION.findall(text)) <= numbers, file
        assert set(_SECTION.findall(text)) <= sections, file
        assert "DESIGN" + ".md" not in text, file


def test_every_link_of_a_document_leads_somewhere() -> None:
    for file in _tracked("*.md"):
        gone = {
            target
            for target in _LINK.findall(file.read_text())
            if not (file.parent / target).exists()
        }
        assert not gone, (file, gone)
