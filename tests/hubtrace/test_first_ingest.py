"""What the graph lacks is ingested before the question, if somebody agrees; else it is named."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubs.demonstration import Demonstration
from tests.hubtrace.conftest import Call
from tests.hubtrace.live import let_in

MODEL, CODE = "acme/atlas-7b", "acme-lab/atlas"
QUESTIONS = {
    "audit": ["audit", MODEL],
    "check": ["check", MODEL],
    "why": ["why", MODEL, CODE],
}


@pytest.fixture
def hubs(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Call with the demonstration's hubs in the environment."""
    with Demonstration(tmp_path / "world") as world:
        let_in(world, monkeypatch)
        yield call


class Terminal(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_elsewhere_than_on_a_terminal_the_error_names_the_command(
    call: Call, question: list[str]
) -> None:
    answer = call(*question)
    assert (answer.code, answer.out) == (2, "")
    targets = f"{MODEL} github.com/{CODE}" if question[0] == "why" else MODEL
    assert f"`hubtrace ingest {targets}`, then this again, or add --ingest" in answer.err
    elsewhere = call(*question, "--graph", "my graph.kgl", "--snapshot", "s")
    assert f"`hubtrace ingest {targets} --snapshot s --graph 'my graph.kgl'`" in elsewhere.err
    assert not any(Path().iterdir())


def test_a_question_is_one_step(hubs: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    found = hubs("audit", MODEL, "--ingest")
    assert found.code == 0, found.err
    assert f"It comes from {CODE} (confidence" in found.out
    assert "read 2 projects of 1 family" in found.err
    again = hubs("audit", MODEL, "--ingest")
    assert (again.out, again.err) == (found.out, "")
    # One number for one link, whatever asks for it.
    asked = (
        hubs("query", "links", "--param", f"variant={MODEL}", "--format", "json").json()["rows"],
        [hubs("audit", MODEL, "--format", "json").json()["upstream"]],
        hubs("why", MODEL, CODE, "--format", "json").out,
    )
    (sure,) = {row["confidence"] for rows in asked[:2] for row in rows}
    assert f'"confidence": {sure}' in asked[2]
    assert f"(confidence {sure:.2f}" in found.out

    other = "acme/atlas-7b-chat"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for typed, code in (("n\n", 2), ("", 2)):
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        answer = hubs("check", other)
        assert answer.code == code
        assert f"Ingest now (hubtrace ingest {other})? [Y/n] " in answer.err
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    assert hubs("check", other).code in (0, 1, 3)

    unknown = hubs("audit", "acme/never-was", "--ingest")
    assert (unknown.code, unknown.out) == (2, "")
    assert "acme/never-was could not be ingested: " in unknown.err


def test_a_name_of_no_project_is_not_ingested(hubs: Call) -> None:
    for question, message in (
        (("audit", "hf.co/papers/2508.10157"), "is a paper, not a model"),
        (("check", "gpt2"), "there is no graph at hubtrace.kgl"),
        (("why", "x y z", CODE), "x y z"),
    ):
        answer = hubs(*question, "--ingest")
        assert answer.code == 2, answer
        assert message in answer.err
    assert not Path("hubtrace-snapshot").exists()
