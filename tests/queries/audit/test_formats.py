"""Audits as files for other programs, held against the official schemas."""

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit import Audit, audit
from hubtrace.queries.audit.check import Checked, Wanted
from hubtrace.queries.audit.formats.cyclonedx import to_cyclonedx
from hubtrace.queries.audit.formats.in_toto import PREDICATE, to_in_toto
from hubtrace.queries.audit.formats.json import json_schema, to_json
from hubtrace.queries.audit.formats.markdown import findings_to_markdown
from hubtrace.queries.audit.records import Finding
from tests.queries.audit.hostile import hostile
from tests.queries.audit.worlds import ALONE, CHAT, OWN, SMALL, UP, provenance

SUBJECTS = [SMALL, CHAT, ALONE, "acme/lost"]


@pytest.fixture(scope="module", params=[*SUBJECTS, "hostile"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The audits of very different variants."""
    world, target = provenance(), request.param
    if target == "hostile":
        world, target = hostile()
    with open_store(str(tmp_path_factory.mktemp("formats") / "graph.kgl")) as store:
        world.write(store)
        return audit(store, target)


def test_json_is_what_the_published_schema_says(found: Audit) -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(to_json(found)))


def test_nothing_in_a_document_for_machines_acts_on_a_terminal(found: Audit) -> None:
    for document in (to_json(found), to_cyclonedx(found), to_in_toto(found)):
        assert document.replace("\n", "").isprintable()


def test_the_published_schema_notices_what_is_not_an_audit(found: Audit) -> None:
    body = json.loads(to_json(found))
    body["identity"]["downloads"] = "many"
    errors = list(Draft202012Validator(json_schema()).iter_errors(body))
    assert [list(error.path) for error in errors] == [["identity", "downloads"]]


def test_cyclonedx_is_valid_and_the_same_every_time(found: Audit) -> None:
    text = to_cyclonedx(found)
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None
    assert text == to_cyclonedx(found)


def test_in_toto_is_a_statement(found: Audit) -> None:
    text = to_in_toto(found)
    message = json_format.Parse(text, StatementMessage())
    Statement.copy_from_pb(message).validate()
    assert message.predicate_type == PREDICATE


def test_cyclonedx_names_model_upstream_commits_and_files(small: Audit) -> None:
    body = json.loads(to_cyclonedx(small))
    model = body["metadata"]["component"]
    assert model["type"] == "machine-learning-model"
    assert model["purl"] == f"pkg:huggingface/acme/Yi-6B@{OWN[240]}"
    assert {commit["uid"] for commit in model["pedigree"]["commits"]} == {UP[100], UP[30]}
    assert [each["purl"] for each in model["pedigree"]["ancestors"][:1]] == [
        "pkg:huggingface/acme/Yi-34B"
    ]
    (file,) = model["components"]
    assert file["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    (upstream,) = body["components"]
    assert upstream["purl"] == f"pkg:github/acme/yi@{UP[100]}"
    (identity,) = upstream["evidence"]["identity"]
    assert identity["confidence"] == 0.98
    assert identity["methods"][0]["technique"] == "hash-comparison"
    assert body["metadata"]["timestamp"] == "2024-09-07T12:00:00+00:00"
    assert "@" not in json.dumps(model["pedigree"]["commits"])


def test_in_toto_speaks_of_the_revision_and_its_files(small: Audit) -> None:
    body = json.loads(to_in_toto(small))
    assert [subject["digest"] for subject in body["subject"]] == [
        {"gitCommit": OWN[240]},
        {"sha256": "a" * 64},
    ]
    assert body["predicate"]["upstream"]["digest"] == {"gitCommit": UP[100]}
    assert body["predicate"]["audit"]["schema"] == "hubtrace.audit/1"


@pytest.fixture
def small(tmp_path: Path) -> Audit:
    with open_store(str(tmp_path / "graph.kgl")) as store:
        provenance().write(store)
        return audit(store, SMALL)


def test_every_store_gives_the_same_bytes(
    audited: GraphStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_store(str(tmp_path_factory.mktemp("same") / "graph.kgl")) as store:
        provenance().write(store)
        for subject in SUBJECTS:
            assert to_json(audit(audited, subject)) == to_json(audit(store, subject))


def test_a_table_of_findings_has_a_row_for_each_cause_and_links_that_work() -> None:
    place = "https://github.com/acme/code/commit/0123456789"
    evil = "https://evil.example/|`<x>"
    found = [
        Finding(
            "dead_link", f"https://huggingface.co/acme/{name.lower()}", f"acme/{name}", None, *why
        )
        for name in ("A", "B")
        for why in ((f"gone | <b> {name}", (place, evil)), ("the same", (place,)))
    ]
    checked = Checked(Wanted.of(None, 30, ()), None, None, 2, tuple(found), ())
    page = findings_to_markdown(checked)
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    parts = [part for token in tokens for part in token.children or ()]
    links = [str(part.attrs["href"]) for part in parts if part.type == "link_open"]
    models = ["https://huggingface.co/acme/A", "https://huggingface.co/acme/B"]
    assert links == [models[0], place, *models, place, models[1], place]
    assert page.count("\n| [") == 3
    assert not any(part.type == "html_inline" for part in parts)
