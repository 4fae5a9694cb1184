"""`hubtrace audit` and `hubtrace schema audit` as a person calls them."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hubtrace.graph import open_store
from tests.hubtrace.conftest import Call
from tests.queries.audit.worlds import ALONE, OWN, UP, provenance

FORMATS = ("text", "markdown", "html", "json", "cyclonedx", "in-toto", "spdx")


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


@pytest.mark.parametrize(
    ("file", "begins"),
    [
        ("a.html", "<!DOCTYPE html>"),
        ("A.HTM", "<!DOCTYPE html>"),
        ("a.md", "# Provenance"),
        ("a.json", '{\n  "schema": "hubtrace.audit/1"'),
        ("a.txt", "Provenance of"),
        ("a.out", "Provenance of"),
        ("a.cdx.json", '{\n  "components": ['),
        ("a.spdx.json", '{\n  "@context": "https://spdx.org/rdf/3.0.1/'),
        ("a.intoto.json", '{\n  "_type": "https://in-toto.io'),
        ("a.intoto.jsonl", '{"_type": "https://in-toto.io'),
    ],
)
def test_the_ending_says_the_format(asked: Call, file: str, begins: str) -> None:
    assert asked("audit", "acme/Yi-6B", "-o", file).code == 0
    text = Path(file).read_text()
    assert text.casefold().startswith(begins.casefold())
    assert (text.count("\n") == 1) is file.endswith("jsonl")
    assert asked("audit", "acme/Yi-6B", "-f", "markdown", "-o", file).code == 0
    assert Path(file).read_text().startswith("# Provenance")


def test_an_ending_that_is_another_documents_is_refused(asked: Call) -> None:
    refused = asked("audit", "acme/Yi-6B", "-o", "a.sarif")
    assert (refused.code, Path("a.sarif").exists()) == (2, False)
    assert "this is not written as sarif, but as text, markdown, html" in refused.err
    assert (
        "not written as cyclonedx, but as text, json"
        in asked("check", "yi", "-o", "a.cdx.json").err
    )
    assert asked("check", "yi", "-o", "a.sarif").code in (0, 1, 3)
    assert json.loads(Path("a.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("format_", FORMATS)
def test_several_audits_are_a_folder_with_an_index_and_checksums(asked: Call, format_: str) -> None:
    Path("models.txt").write_text("# mine\nacme/Yi-6B@v1\n\nacme/Yi-6B-Chat\nhf.co/acme/alone\n")
    answer = asked("audit", "--from", "models.txt", "acme/lost", "-f", format_, "-o", "all")
    if format_ == "in-toto":  # one of them has no revision with a sha
        assert answer.code in (0, 2)
        assert Path("all").exists() is (answer.code == 0)
        return
    assert answer.code == 0, answer.err
    index = "index.html" if format_ == "html" else "index.md"
    assert answer.err.splitlines()[-1] == f"wrote 4 audits to all; begin with all/{index}"
    names = sorted(file.name for file in Path("all").iterdir())
    sums = dict(line.split("  ")[::-1] for line in Path("all/SHA256SUMS").read_text().splitlines())
    assert sorted(sums) == [name for name in names if name != "SHA256SUMS"]
    for name, digest in sums.items():
        assert hashlib.sha256(Path("all", name).read_bytes()).hexdigest() == digest
    (page,) = (name for name in names if name.startswith("acme--Yi-6B-v1."))
    shown = Path("all", index).read_text()
    assert (f'href="{page}"' if format_ == "html" else f"]({page})") in shown
    alone = asked("audit", "acme/Yi-6B@v1", "-f", format_).out
    assert Path("all", page).read_text() == alone
    again = asked("audit", "yi", "acme/lost", "-f", format_, "-o", "all")
    assert (again.code, "it is not empty" in again.err) == (2, True)


def test_a_folder_is_there_as_a_whole_or_not_at_all(asked: Call) -> None:
    for more, message in (
        (
            ["acme/Yi-6B", "acme/none", "-o", "all"],
            "the graph has no variant or family 'acme/none'",
        ),
        (["acme/Yi-6B", "acme/a", "acme/b", "-o", "all"], "lacks acme/a, acme/b; to ingest them"),
        (["acme/Yi-6B", "acme/lost"], "several audits are a folder; name it with -o DIR"),
        (["acme/Yi-6B", "meta/llama", "-o", "all"], "`hubtrace ingest meta/llama`"),
        (["acme/Yi-6B", "acme/lost", "--revision", "v1", "-o", "all"], "--revision is of one"),
        (["--from", "nowhere", "-o", "all"], "nowhere: No such file"),
        ([], "name a model"),
    ):
        answer = asked("audit", *more)
        assert (answer.code, answer.out) == (2, ""), answer
        assert message in answer.err
        assert not Path("all").exists()


def test_hostile_names_make_safe_files(asked: Call) -> None:
    names = (
        "../../etc/passwd",
        ".hidden/-rf",
        "a\u202eb/\x1b[31m](javascript:x)",
        "A/B",
        "a/b",
        "index",
    )
    with open_store("hubtrace.kgl") as store:
        world = provenance()
        for number, name in enumerate(names):
            key = f"https://huggingface.co/evil/{number}"
            world.node("Variant", key, name=name, url=key, observed_at=1)
        world.write(store)
    keys = [f"https://huggingface.co/evil/{number}" for number in range(len(names))]
    answer = asked("audit", *keys, "-o", "all", "-f", "html")
    assert answer.code == 0, answer.err
    files = [file.name for file in Path("all").iterdir()]
    assert len(files) == len(names) + 2
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in files)
    assert len({name.lower() for name in files}) == len(files)
    assert "javascript:x)" not in re.findall(r'href="([^"]*)"', Path("all/index.html").read_text())


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "json"])
def test_two_revisions_stand_side_by_side(asked: Call, format_: str) -> None:
    answer = asked("audit", "acme/Yi-6B", "--compare", "v1..main", "-f", format_)
    assert (answer.code, answer.err) == (0, "")
    assert all(sha in answer.out for sha in (OWN[12], OWN[240], UP[10]))
    if format_ != "json":
        return
    body = answer.json()
    sections = {section["name"]: section for section in body["sections"]}
    assert list(sections) == [
        *("origin", "files", "hashes", "licence", "evidence", "drift", "findings")
    ]
    before, after = (
        asked("audit", "acme/Yi-6B", "--revision", end, "-f", "json").json()
        for end in ("v1", "main")
    )
    made = {row["what"]: row for row in sections["origin"]["differences"]}["made from commit"]
    assert made["before"] == before["origin"]["commit"]["sha"]
    assert made["after"] == after["origin"]["commit"]["sha"]
    assert sections["licence"] == {"name": "licence", "equal": 3, "differences": []}
    assert all(
        row["before"] != row["after"] for each in body["sections"] for row in each["differences"]
    )
    same = asked("audit", "acme/Yi-6B", "--compare", "main..", "-f", "json").json()
    assert not any(section["differences"] for section in same["sections"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--compare", "v1"], "'v1' is not REV..REV"),
        (["--compare", ".."], "'..' is not REV..REV"),
        (["--compare", "v1...main"], "'v1...main' is not REV..REV"),
        (["--compare", "v1..v9"], "the variant has no revision 'v9'"),
        (["--compare", "v1..main", "--revision", "v1"], "leave out --revision"),
        (["--compare", "v1..main", "-o", "x.cdx.json"], "--compare is not written as cyclonedx"),
    ],
)
def test_what_cannot_be_compared_is_an_error(asked: Call, more: list[str], message: str) -> None:
    answer = asked("audit", "acme/Yi-6B", *more)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
