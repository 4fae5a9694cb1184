"""`hubtrace classify`: lines in, the same lines with their types out; or one sentence."""

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from hubtrace.ingest.change_types import lines
from tests.hubtrace.conftest import Call

GOOD = {
    "side": "downstream",
    "message": "Update README.md",
    "files": ["README.md"],
    "label": "é\u202e",
}


class _Stdin:
    """Standard input with these bytes in it."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


@pytest.fixture
def feed(call: Call, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the command with these bytes on stdin."""

    def run(content: bytes, *arguments: str) -> Any:
        monkeypatch.setattr(sys, "stdin", _Stdin(content))
        return call("classify", *arguments)

    return run


def _line(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode() + b"\n"


def test_the_same_objects_come_back_with_types(feed: Any) -> None:
    changed = [{"path": "model.py", "status": "removed"}, {"path": "train.py"}]
    answer = feed(_line() + b"\n" + _line(side="upstream", files=changed, author="x[bot]"))
    first, second = map(json.loads, answer.out.splitlines())
    assert first == {
        **GOOD,
        "types": ["external documentation"],
        "rule": "file:readme",
        "areas": ["docs"],
        "bot": False,
        "merge": False,
    }
    assert second["bot"] is True
    assert "\u202e" not in answer.out  # nothing of a message takes effect on a terminal
    assert answer.code == 0


def test_a_title_stands_before_the_message(feed: Any) -> None:
    answer = feed(_line(title="Upload tokenizer", message="", files=None))
    assert json.loads(answer.out)["types"] == ["sharing", "preprocessing"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "stdin:2: not JSON: a key in double quotation marks is missing"),
        (b"[]", "stdin:2: a commit is a JSON object, not a list"),
        (b"7", "stdin:2: a commit is a JSON object, not a number"),
        (b"\xff", "stdin:2: not UTF-8"),
        (b'{"side": NaN}', "stdin:2: not JSON that can be read: NaN is not a valid JSON number"),
        (b'{"x": 1e999}', "stdin:2: not JSON that can be read: the number 1e999 is too large"),
        (b'{"x": -Infinity}', "stdin:2: not JSON that can be read: -Infinity is not a valid JSON"),
        (b"{} x", "stdin:2: not JSON: something follows after the value at column 4"),
        (b'{"a": "\t"}', "stdin:2: not JSON: a control character in a text at column 8"),
        (b'{"a": "\\q"}', "stdin:2: not JSON: what follows a backslash in a text is not an escape"),
        (b'{"a": "b', "stdin:2: not JSON: a text is not closed that begins at column 7"),
        (b'{"a" 1}', "stdin:2: not JSON: `:` is missing after a key at column 6"),
        (
            b'{"a": 1 "b": 2}',
            "stdin:2: not JSON: a comma or a closing bracket is missing at column 9",
        ),
        (b'{"a": }', "stdin:2: not JSON: a value is missing at column 7"),
        (b"[" * 100_000, "stdin:2: not JSON that can be read: nested too deeply"),
        (b"9" * 5000, "stdin:2: not JSON that can be read"),
        (b'{"message": ""}', "stdin:2: `side` is missing; it must be `upstream` or `downstream`"),
        (_line(side="left"), 'stdin:2: `side` is "left"'),
        (b'{"side": "upstream"}', "stdin:2: `message` is missing"),
        (_line(message=7), "stdin:2: `message` is a number, not a text"),
        (_line(files="a"), "stdin:2: `files` is a text, not a list"),
        (
            _line(files=["a", {"name": "b"}]),
            "stdin:2: file 2 of `files` is not a path and has no `path`",
        ),
        (_line(files=[{"path": "a", "status": 1}]), "stdin:2: the status of file 1 is a number"),
    ],
)
def test_a_bad_line_ends_in_one_sentence(feed: Any, line: bytes, told: str) -> None:
    answer = feed(_line() + line)
    assert answer.code == 2
    assert answer.err.startswith(f"hubtrace: {told}")
    assert answer.err.count("\n") == 1
    assert len(answer.out.splitlines()) == 1  # what was good is already there


def test_a_huge_line_is_not_held(feed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1024 * 1024)
    answer = feed(_line(message="x" * 2_000_000))
    assert answer.err == "hubtrace: stdin:1: the line is longer than 1 MiB\n"
    assert json.loads(feed(_line(message="x" * 1_000_000)).out)["rule"] == "file:readme"


def test_a_file_and_the_rules_can_be_asked_for(call: Call, tmp_path: Any) -> None:
    commits = tmp_path / "commits.jsonl"
    commits.write_bytes(_line())
    assert json.loads(call("classify", commits).out)["rule"] == "file:readme"
    rules = call("classify", "--rules", "--format", "json").json()["rows"]
    assert {"rule": "file:readme", "side": "both"}.items() <= {
        **next(row for row in rules if row["rule"] == "file:readme")
    }.items()
    missing = call("classify", tmp_path / "none.jsonl")
    assert missing.code == 2
    assert "none.jsonl" in missing.err


def test_lines_are_answered_as_they_come() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hubtrace", "classify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for _ in range(2):
            running.stdin.write(_line())
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["rule"] == "file:readme"
        running.stdout.close()  # as `head` does
        running.stdin.write(_line() * 3)
        running.stdin.close()
        assert running.stderr is not None
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_nothing_of_a_message_is_a_command_in_a_log(feed: Any) -> None:
    answer = feed(_line(message="Fix: x ##[error]y", paths=["a"]))
    assert "##[" not in answer.out
    assert answer.code == 0
