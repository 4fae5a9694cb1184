"""`hubtrace trace` and `hubtrace why` as a person calls them, on hostile names too."""

import csv

import pytest

from hubtrace.graph import open_store
from tests.hubtrace.conftest import DAY, Answer, Call
from tests.queries.traced import FIRST, HOSTILE, SECOND, SYNCED, traced


@pytest.fixture
def traced_call(call: Call) -> Call:
    """Call in a folder that has a graph of the traced world."""
    with open_store("hubtrace.kgl") as store:
        traced().write(store)
    return call


def _rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.out.splitlines()))


def test_a_commit_is_traced_to_the_models(traced_call: Call) -> None:
    answer = traced_call("trace", FIRST[:7])
    assert answer.code == 0
    licence, code = [line.split() for line in answer.out.splitlines() if "o/m" in line]
    taken, made = ["b1b1b1b1b1", "2024-01-04", "12:00"], ["aa11000000", "2024-01-02", "12:00"]
    gone, o_r = ["2024-01-10", "12:00"], ["o/r"]
    note = ["ubiquitous"]
    assert licence == ["o/m", "LICENSE", *taken, *o_r, "src/LICENSE", *made, "2", "0", *note]
    assert code == ["o/m", "code.py", *taken, *gone, *o_r, "src/code.py", *made, "2", "0.5"]
    assert answer.err.splitlines() == [
        "commit aa11000000 of o/r, 2024-01-02 12:00, landed 2024-01-02 12:00: Add code",
        "2 copies between 1 variant and 1 repository",
    ]


@pytest.mark.parametrize("target", [SECOND, SYNCED])
def test_references_stand_among_the_rows(traced_call: Call, target: str) -> None:
    row = _rows(traced_call("trace", target, "--format", "csv"))[-1]
    assert (row["variant"], row["revision"], row["repository"]) == ("o/m", "b2b2b2b2b2", "o/r")
    assert (row["origin"], row["lag_seconds"], row["file"]) == ("aa22000000", str(DAY), "")
    assert row["note"] == "the variant's commit names the other"


def test_json_says_all_and_hostile_names_do_no_harm(traced_call: Call) -> None:
    answer = traced_call("trace", f"o/m:{HOSTILE}", "--format", "json")
    body = answer.json()
    assert body["schema"] == "hubtrace.trace/1"
    assert (body["kind"], body["copies"][0]["path"]) == ("file", HOSTILE)
    for format_ in ("table", "markdown"):
        for arguments in (("trace", "o/m"), ("why", "o/m", "o/r")):
            answer = traced_call(*arguments, "--format", format_)
            assert answer.code == 0
            assert "\x1b" not in answer.out + answer.err
    answer = traced_call("why", "o/m", "o/r", "--format", "markdown")
    assert "\\[red\\]\\|=1+1.py" in answer.out


def test_nothing_found_is_no_failure(traced_call: Call) -> None:
    answer = traced_call("trace", "o/m:nothing.py")
    assert answer.code == 0
    assert answer.err.strip() == (
        "nothing in the graph is known to come from, or to go into, o/m:nothing.py"
    )
    answer = traced_call("why", "x/child", "o/other", "--format", "json")
    assert [path["kind"] for path in answer.json()["paths"]] == ["base"]


def test_why_is_told_in_sentences(traced_call: Call) -> None:
    answer = traced_call("why", "o/m", "o/r", "--format", "markdown")
    assert answer.code == 0
    assert "The family fam releases the variant and is built in the repository." in answer.out
    assert "9 paths between o/m and o/r" in answer.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trace", "0000000"), "hubtrace: there is no commit 0000000 in the graph"),
        (("trace", ""), "hubtrace: an empty text is neither a name nor an address"),
        (("trace", "hf.co/o/m/tree/v9"), "o/m has no revision `v9` in the graph"),
        (("why", "hf.co/o/m/tree/v9", "o/r"), "points into o/m, and only the whole of it"),
        (("history", "o/m@v9"), "points into o/m, and only the whole of it"),
        (("history", "http://[::1/x"), "http://[::1/x is not an address: it is malformed"),
        (("why", "o/x", "o/r"), "the graph has no variant 'o/x'; did you mean `o/m`?"),
    ],
)
def test_bad_input_ends_in_one_sentence(
    traced_call: Call, arguments: tuple[str, ...], sentence: str
) -> None:
    answer = traced_call(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["trace", "why"])
def test_help_has_an_example(call: Call, command: str) -> None:
    answer = call(command, "--help")
    assert f"hubtrace {command} " in answer.out
    assert "Example" in answer.out
