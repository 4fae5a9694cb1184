"""Audits as files for other programs, held against the official schemas."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from spdx_python_model.bindings.v3_0_1 import JSONLDDeserializer, SHACLObjectSet

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import is_web
from hubtrace.queries.audit import Audit, audit
from hubtrace.queries.audit.check import Checked, Wanted
from hubtrace.queries.audit.formats.cyclonedx import to_cyclonedx
from hubtrace.queries.audit.formats.in_toto import PREDICATE, to_in_toto
from hubtrace.queries.audit.formats.json import json_schema, to_json
from hubtrace.queries.audit.formats.markdown import findings_to_markdown
from hubtrace.queries.audit.formats.spdx import to_spdx
from hubtrace.queries.audit.formats.text import as_text
from hubtrace.queries.audit.records import Finding
from tests.queries.audit.hostile import hostile
from tests.queries.audit.worlds import ALONE, CHAT, OWN, SMALL, UP, provenance

NO_LICENCE = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"
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


_OF_AI = (
    *("releaseTime", "suppliedBy", "software_downloadLocation", "software_packageVersion"),
    "software_primaryPurpose",
)


def test_spdx_is_valid_and_keeps_to_its_profiles(found: Audit) -> None:
    """The bindings of the SPDX project read it: each type, name, value and number of values."""
    if not is_web(found.identity.url or ""):  # the hostile one: nothing to get it from
        with pytest.raises(ValueError, match="needs a revision with a sha, an owner"):
            to_spdx(found)
        return
    text = to_spdx(found)
    assert text == to_spdx(found)
    assert text.replace("\n", "").isprintable()
    objects = SHACLObjectSet()
    JSONLDDeserializer().deserialize_data(json.loads(text), objects)
    assert objects.link() == set()
    elements = json.loads(text)["@graph"]
    ids = [element["spdxId"] for element in elements[1:]]
    assert len(set(ids)) == len(ids)
    (model,) = (each for each in elements if each["type"] == "ai_AIPackage")
    assert all(model[name] for name in _OF_AI)
    related = [each for each in elements if each["type"] == "Relationship"]
    kinds = [each["relationshipType"] for each in related if each["from"] == model["spdxId"]]
    assert (kinds.count("hasDeclaredLicense"), kinds.count("hasConcludedLicense")) == (1, 1)
    assert {each["from"] for each in related} <= set(ids)
    assert {end for each in related for end in each["to"]} <= {*ids, NO_LICENCE}


def test_spdx_states_what_is_known(small: Audit) -> None:
    elements = json.loads(to_spdx(small))["@graph"]
    of = {each.get("spdxId"): each for each in elements}
    (model,) = (each for each in elements if each["type"] == "ai_AIPackage")
    revision, origin, link = small.revision, small.origin.commit, small.upstream
    assert revision is not None
    assert origin is not None
    assert link is not None
    assert model["name"] == small.identity.name
    assert model["software_packageVersion"] == revision.commit.sha
    assert of[model["suppliedBy"]]["name"] == (small.identity.name or "").partition("/")[0]
    ends = {
        each["relationshipType"]: [of.get(end, end) for end in each["to"]]
        for each in elements
        if each.get("from") == model["spdxId"]
    }
    upstream = next(e for e in elements if e.get("software_primaryPurpose") == "source")
    assert (upstream["name"], upstream["software_packageVersion"]) == (link.name, origin.sha)
    assert ends["hasConcludedLicense"] == [NO_LICENCE]
    hashes = [file["verifiedUsing"][0]["hashValue"] for file in ends.get("contains", [])]
    assert hashes == [file.sha256 for file in small.files]
    said = [each["statement"] for each in elements if each["type"] == "Annotation"]
    assert len(said) == len(small.findings) + len(small.unknown)


@pytest.mark.parametrize(
    ("licence", "expression"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("qwen research (v2)", "LicenseRef-qwen-research-v2"),
        ("研究", "LicenseRef-unnamed"),
        (None, None),
    ],
)
def test_spdx_states_a_licence_or_that_none_is_known(
    small: Audit, licence: str | None, expression: str | None
) -> None:
    changed = replace(small, identity=replace(small.identity, licence=licence))
    elements = json.loads(to_spdx(changed))["@graph"]
    (model,) = (each for each in elements if each["type"] == "ai_AIPackage")
    (declared,) = (
        each["to"]
        for each in elements
        if each.get("relationshipType") == "hasDeclaredLicense" and each["from"] == model["spdxId"]
    )
    stated = {e["spdxId"]: e for e in elements if e["type"].startswith("simplelicensing")}
    if expression is None:
        assert declared == [NO_LICENCE]
    else:
        assert stated[declared[0]]["simplelicensing_licenseExpression"] == expression


def test_spdx_of_what_has_no_revision_is_refused(small: Audit) -> None:
    for unknown in (
        replace(small, revision=None),
        replace(small, identity=replace(small.identity, url=None)),
        replace(small, identity=replace(small.identity, name="gpt2")),
    ):
        with pytest.raises(ValueError, match="needs a revision with a sha, an owner"):
            to_spdx(unknown)


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


@pytest.mark.parametrize("before", range(40))
def test_no_line_of_a_wrapped_text_is_a_command_in_a_log(before: int) -> None:
    told = f"{'x ' * before}::error::y {'x ' * 60}::z"
    lines = as_text(f"| a | b |\n|---|---|\n| a{told} | {told} |\n\nA{told}\n").splitlines()
    assert not [line for line in lines if line.lstrip().startswith("::")]
