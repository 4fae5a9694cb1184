"""The doctor tells what works, what does not and why, and never a token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubs.demonstration import Demonstration
from tests.hubtrace.conftest import Answer, Call
from tests.hubtrace.live import GITHUB_TOKEN, HUB_TOKEN, let_in


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    with Demonstration(tmp_path / "world") as world:
        let_in(world, monkeypatch)
        yield world


def _told(answer: Answer) -> dict[str, tuple[str, str]]:
    return {row["check"]: (row["state"], row["detail"]) for row in answer.json()["findings"]}


def test_all_is_well(call: Call, world: Demonstration) -> None:
    call("ingest", "acme/atlas-7b")
    answer = call("doctor", "--format", "json")
    assert answer.code == 0, answer.err
    told = _told(answer)
    assert not [check for check, (state, _) in told.items() if state != "ok"]
    assert "GITHUB_TOKEN: scopes repo" in told["GitHub token"][1]
    assert "of 5,000 requests left" in told["GitHub token"][1]
    assert told["Hugging Face token"][1].startswith("of ada, role read")
    assert told["snapshot"][1].startswith("hubtrace-snapshot: 2 projects of 1 family")
    assert told["graph"][1].startswith("hubtrace.kgl: 1 family, 1 variant")
    for token in (GITHUB_TOKEN, HUB_TOKEN):
        assert token not in answer.out + answer.err


def test_a_token_that_is_refused_is_a_problem(
    call: Call, world: Demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_other")
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    answer = call("doctor", "--format", "json")
    assert answer.code == 1
    assert "2 problems" in answer.err
    told = _told(answer)
    assert told["GitHub token"] == ("problem", "GITHUB_TOKEN is not accepted")
    assert told["Hugging Face"][0] == "problem"
    assert "other" not in answer.out


def test_a_hub_that_is_away_is_told_at_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    answer = call("doctor")
    assert answer.code == 1
    assert answer.out.count("problem") == 2
    assert "Traceback" not in answer.err


def test_what_is_damaged_is_a_problem(call: Call, world: Demonstration) -> None:
    call("ingest", "echo/silent")
    Path("hubtrace.kgl").write_bytes(b"no graph")
    Path("hubtrace-snapshot/snapshot.json").write_text("{}")
    told = _told(call("doctor", "--format", "json"))
    assert told["graph"][0] == told["snapshot"][0] == "problem"
    assert "has been changed since it was written" in told["snapshot"][1]
