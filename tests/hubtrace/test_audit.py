"""`hubtrace audit` and `hubtrace schema audit` as a person calls them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hubtrace.graph import open_store
from tests.hubtrace.conftest import Call
from tests.queries.audit.worlds import ALONE, OWN, UP, provenance

FORMATS = ("text", "markdown", "html", "json", "cyclonedx", "in-toto")


@pytest.fixture
def asked(call: Call) -> Call:
    """Call in a folder that holds the world of audits as `hubtrace.kgl`."""
    with open_store("hubtrace.kgl") as store:
        provenance().write(store)
    return call


def test_an_audit_is_one_page_on_stdout(asked: Call) -> None:
    answer = asked("audit", "acme/Yi-6B")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Provenance of acme/Yi-6B\n")
    assert UP[100] in answer.out


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_holds_what_stdout_would(asked: Call, format_: str) -> None:
    shown = asked("audit", "acme/Yi-6B", "--format", format_)
    written = asked("audit", "acme/Yi-6B", "--format", format_, "-o", "audit.out")
    assert (shown.code, written.code, written.out) == (0, 0, "")
    assert written.err == "wrote audit.out\n"
    assert Path("audit.out").read_text() == shown.out
    assert shown.out.endswith("\n")


def test_the_json_is_what_the_schema_command_prints(asked: Call) -> None:
    schema = asked("schema", "audit").json()
    audit = asked("audit", ALONE, "--format", "json").json()
    Draft202012Validator(schema).validate(audit)
    assert audit["schema"] == schema["title"] == "hubtrace.audit/1"


def test_the_schema_of_the_graph_is_what_it_was(asked: Call) -> None:
    assert asked("schema").out == asked("schema", "graph").out
    assert "Variant" in asked("schema", "--format", "json").out


def test_a_revision_and_a_moment_can_be_asked_for(asked: Call) -> None:
    at_tag = asked("audit", "acme/Yi-6B", "--revision", "v1", "-f", "json").json()
    assert at_tag["revision"]["commit"]["sha"] == OWN[12]
    early = asked("audit", "acme/Yi-6B", "--until", "2024-03-01", "-f", "json").json()
    assert early["revision"]["commit"]["sha"] == OWN[35]


@pytest.mark.parametrize(
    ("target", "sha"),
    [
        ("https://huggingface.co/acme/Yi-6B/tree/v1", OWN[12]),
        ("hf.co/acme/Yi-6B/resolve/refs%2Ftags%2Fv1/config.json", OWN[12]),
        ("hf://acme/Yi-6B@v1/config.json", OWN[12]),
        ("acme/Yi-6B@v1", OWN[12]),
        (f"https://huggingface.co/acme/Yi-6B/commit/{OWN[35]}", OWN[35]),
    ],
)
def test_a_revision_in_a_url_is_the_one_that_is_audited(asked: Call, target: str, sha: str) -> None:
    found = asked("audit", target, "-f", "json").json()
    assert (found["identity"]["name"], found["revision"]["commit"]["sha"]) == ("acme/Yi-6B", sha)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["acme/Yi-6B@v1", "--revision", "main"], "names the revision 'v1', not 'main'"),
        (["hf.co/acme/Yi-6B/tree/v9"], "the variant has no revision 'v9'; it has main"),
        (["hf.co/papers/2508.10157"], "hf.co/papers/2508.10157 is a paper, not a model"),
        (["gh:acme/Yi-6B"], "is a repository, not a variant"),
        (["https://[::1/x"], "is malformed"),
        (["acme/Yi-6c"], "the graph has no variant 'acme/Yi-6c'; did you mean `acme/Yi-6B`"),
        (["acme/Yi-6B", "--revision", "v9"], "the variant has no revision 'v9'; it has main"),
        (["acme/Yi-6B", "--until", "soon"], "--until: invalid date 'soon'"),
        (["acme/Yi-6B", "--graph", "none.kgl"], "there is no graph at none.kgl"),
        (["acme/Yi-6B", "-o", "nowhere/x"], "nowhere/x: No such file or directory"),
        (["acme/Yi-6B", "-f", "pdf"], "'pdf' is not one of"),
        (["acme/nothing", "-f", "in-toto"], "in-toto statement needs a revision"),
    ],
)
def test_bad_input_ends_in_one_sentence(asked: Call, arguments: list[str], message: str) -> None:
    if arguments[0] == "acme/nothing":
        with open_store("hubtrace.kgl") as store:
            world = provenance()
            world.node("Variant", "https://huggingface.co/acme/nothing", name="acme/nothing")
            world.node("Variant", "https://huggingface.co/acme/nothing", observed_at=1)
            world.write(store)
    answer = asked("audit", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert message in " ".join(answer.err.split())
    assert "Traceback" not in answer.err


def test_help_shows_an_example(call: Call) -> None:
    answer = call("audit", "--help")
    assert "hubtrace audit Qwen/Qwen-VL-Chat --format html -o qwen.html" in answer.out


def test_what_is_written_is_whole_json(asked: Call) -> None:
    for format_ in ("json", "cyclonedx", "in-toto"):
        assert json.loads(asked("audit", "acme/Yi-6B", "-f", format_).out)
