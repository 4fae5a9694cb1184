"""Every JSON document has a JSON Schema, made from what prints it; `hubtrace schema`."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from hubtrace.cli import command_line
from hubtrace.commands.mcp import Tools
from hubtrace.commands.schema import DOCUMENTS, json_schema
from hubtrace.graph.question import Limits
from hubtrace.web import Access, application
from tests.effort import THOROUGH, share
from tests.golden import frozen
from tests.hubtrace.conftest import Call
from tests.hubtrace.test_reproduce import SAMPLE, labels, models, package

ROOT = Path(__file__).parents[2]
_WORLDS = ("sample", "demonstration", "kept")
_NOT_ON_A_PAGE = {
    *(
        "affected",
        "audit-comparison",
        "coverage",
        "ingest",
        "stored-query",
        "schemas",
        "reproduce",
        "mcp",
    ),
    *("search", "lineage", *(name for name in DOCUMENTS if name.startswith("page."))),
}
"""Documents that no golden shows; the tests of what prints them hold them by `check_document`."""


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json_schema(name))


def _name(document: dict[str, Any]) -> str:
    if "types" in document and "rule" in document:
        return "classify"
    about = document["graph"] if isinstance(document.get("graph"), dict) else document
    name = str(about.get("schema", ""))
    return name.removeprefix("hubtrace.").removesuffix("/1") if name.endswith("/1") else ""


def check_document(document: dict[str, Any]) -> str:
    """Fail unless a document is what the schema of its name describes; return the name."""
    name = _name(document)
    _validator(name).validate(document)
    return name


@cache
def _golden_documents() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return every JSON document of ours on a page of the goldens."""
    return tuple(_documents())


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    decoder = json.JSONDecoder()
    for world in _WORLDS:
        for place in sorted(frozen.places(world)):
            page, end = frozen.golden(f"{world}/{place}") or "", 0
            for start in re.finditer(r"^\{", page, re.MULTILINE):
                if start.start() < end:
                    continue
                try:
                    document, end = decoder.raw_decode(page, start.start())
                except ValueError:
                    continue  # the brace is of something else, a template or Cypher
                if _name(document):
                    yield f"{world}/{place}", document if THOROUGH else _thin(document, 1)


def test_every_golden_document_is_what_its_schema_describes() -> None:
    """With the ends of its lists; `make faults` reads the whole documents."""
    found = [check_document(document) for _, document in _golden_documents()]
    assert len(found) >= 80
    assert {name for name in DOCUMENTS if name not in found} == _NOT_ON_A_PAGE


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _objects(each)
    if isinstance(value, list):
        for each in value:
            yield from _objects(each)


def _thin(value: Any, first: int) -> Any:
    """Return a document with the first and the last items of each list."""
    if isinstance(value, dict):
        return {key: _thin(each, first) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    return [_thin(each, first) for each in [*value[:first], *value[max(first, len(value) - 1) :]]]


_OPEN = {"classify": 2, "diff": 1, "query": 3, "report": 6, "why": 1}
"""Document → objects in it whose keys are data: counts by kind, facts, what was given or asked."""
_MAY_LACK = {("classify", "files"), ("report", "changes")}


@pytest.mark.parametrize("name", sorted({*DOCUMENTS, "query.links"} - _NOT_ON_A_PAGE))
def test_an_extra_or_a_missing_field_is_found(name: str) -> None:
    golden = [_thin(d, 0) for _, d in _golden_documents() if _name(d) == name]
    document = max(golden, key=lambda each: sum(1 for _ in _objects(each)))
    validator = _validator(name)
    assert validator.is_valid(document)
    taken = 0
    for each in _objects(document):
        each["extra_field"] = 0
        taken += validator.is_valid(document)
        del each["extra_field"]
    assert taken == _OPEN.get(name, 0)
    for field in [*document]:
        kept = document.pop(field)
        assert validator.is_valid(document) == ((name, field) in _MAY_LACK), field
        document[field] = kept


def test_what_no_golden_shows_is_what_its_schema_describes(
    call: Call, ingested: None, world: Path, tmp_path: Path
) -> None:
    missing = package(tmp_path / "package", [labels(SAMPLE[0])], models(SAMPLE[0]))
    commands: list[list[object]] = [
        ["audit", "acme/model", "--compare", "main.."],
        ["audit", "acme/model", "--for", "g7"],
        ["affected", "HEAD..", "--upstream", f"acme/code={world / 'code'}"],
        ["queries", "links"],
        ["schema", "list"],
        ["reproduce", missing],
        ["ingest", "--family", "acme", "--upstream", f"acme/code={world / 'code'}", "--replace"],
    ]
    commands[-1] += ["--variant", f"acme/model={world / 'model'}"]
    found = {check_document(call(*each, "--format", "json").json()) for each in commands}
    for tool, arguments in (("patterns", {}), ("audit", {"model": "acme/none"})):
        text, _ = Tools(command_line(), "hubtrace.kgl").answer(tool, arguments)
        found.add(check_document(json.loads(text)))
    site = application("hubtrace.kgl", Access(), Limits(5, 100, 0.5))
    client = TestClient(site, base_url="http://localhost")
    pages = (
        *("search.json?q=acme", "patterns.json", "flags.json?all=1", "history.json", "cypher.json"),
        *("model/acme/model/lineage.json", "model/acme/model/audit.json", "families.json"),
        *("model/acme/model/evidence.json?repository=acme/code", f"commit/{_sha(call)}/trace.json"),
    )
    found |= {check_document(client.get(f"/{page}").json()) for page in pages}
    assert found >= _NOT_ON_A_PAGE


def _sha(call: Call) -> str:
    asked = "MATCH (c:Commit) RETURN c.sha AS sha LIMIT 1"
    sha: str = call("query", "--cypher", asked, "--format", "json").json()["rows"][0]["sha"]
    return sha


def test_every_schema_is_listed_and_valid(call: Call) -> None:
    listed = call("schema", "list", "--format", "json").json()["schemas"]
    assert [each["name"] for each in listed][: len(DOCUMENTS)] == [*DOCUMENTS]
    for each in share(listed, 0, 4):
        schema = json_schema(each["name"])
        Draft202012Validator.check_schema(schema)
        assert schema["title"] == (each["schema"] or f"hubtrace.{each['name']}/1")
    assert call("schema", "query.links").json() == json_schema("query.links")
    assert "did you mean `patterns`?" in call("schema", "pattern").err


def test_every_shape_in_the_code_has_a_schema() -> None:
    """A document with a shape of its own in `schema` is in the table of documents."""
    names = set()
    for file in (ROOT / "hubtrace").rglob("*.py"):
        names |= set(re.findall(r'"hubtrace\.([a-z.-]+)/1"', file.read_text()))
    inner = {"manifest"}  # what a snapshot's hash is taken of
    assert names - inner <= {*DOCUMENTS}
