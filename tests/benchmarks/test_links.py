"""The benchmark of links: what it reads, what it counts, its baselines."""

import json
from pathlib import Path

import pytest

from benchmarks import links
from benchmarks.links import Answer, Card, Score, calibration, first_url, membership, study_rule

OWN = "See https://github.com/acme/Lumen for the code."
LABELS = [
    ("acme/cards@1:a.md", "acme/lumen-7b", ["acme/lumen"], "plain", "upstream", OWN),
    ("acme/cards@1:b.md", "bob/tuned", [], "tool_only", None, "Likes https://github.com/x/y."),
    ("acme/cards@1:c.md", "carl/silent", [], "no_link", None, "Nothing."),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = []
    for source, model, accept, kind, role, text in LABELS:
        name = source.replace("/", "_").replace(":", "_")
        (tmp_path / name).write_text(text)
        label = {"source": source, "model": model, "accept": accept, "kind": kind, "role": role}
        lines.append(json.dumps(label))
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    (tmp_path / "readmes").mkdir()
    (tmp_path / "readmes" / "acme+lumen.md").write_text("[7b](https://hf.co/acme/lumen-7b)")
    return tmp_path


def test_it_prints_figures_beside_the_baselines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--labels", str(folder / "labels.jsonl"), "--texts", str(folder)]
    given += ["--readmes", str(folder / "readmes")]
    assert links.main([*given, "--misses"]) == 0
    printed = capsys.readouterr().out
    assert "| hubtrace | 1 | 1 | 1.000 | 1.000 | 0 |" in printed
    assert "| first GitHub URL | 2 | 1 | 0.500 | 1.000 | 1 |" in printed
    assert "Membership: precision 1.000, recall 1.000 (1 members, 1 of 1 releases)." in printed
    assert links.main([*given, "--format", "json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["schema"] == links.SCHEMA
    assert body["best_link"]["hubtrace"]["precision"] == 1.0
    assert body["kinds"]["hubtrace"]["no_link"]["answered"] == 0


def test_a_missing_text_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert links.main(["--labels", str(folder / "labels.jsonl"), "--texts", "/nowhere"]) == 1
    assert "is missing" in capsys.readouterr().err


def _card(model: str = "acme/lumen-7b", text: str = "", accept: str = "acme/lumen") -> Card:
    right = frozenset({accept} if accept else ())
    return Card("s", model, right, "plain", "upstream" if accept else None, text)


def test_the_baselines() -> None:
    text = "[x](https://github.com/x/y), https://github.com/Acme/other and github.com/acme/lumen)."
    assert first_url(text) == "x/y"
    assert study_rule(_card(text=text)) is None  # as written: `acme` is not `Acme`
    assert study_rule(_card(text=f"{text} https://github.com/a/lumen-code")) == "a/lumen-code"
    assert first_url("nothing") is study_rule(_card(text="nothing")) is None


def test_scores_and_calibration() -> None:
    right = Answer(_card(), "Acme/Lumen", 0.9, member=True)
    wrong = Answer(_card(), "x/y", 0.5)
    false = Answer(_card(accept=""), "x/y", 0.5, member=True)
    silent = Answer(_card(), None)
    score = Score.of([right, wrong, false, silent])
    assert (score.answered, score.right, score.with_upstream, score.false_where_none) == (
        3,
        1,
        3,
        1,
    )
    assert (score.precision, score.recall) == (1 / 3, 1 / 3)
    members, released = membership([right, wrong, false, silent])
    assert (members.answered, members.right, released) == (2, 1, 3)
    error, curve = calibration([right, wrong, false, silent])
    assert error == pytest.approx((0.1 + 2 * 0.5) / 3)
    assert [(row["links"], row["right"]) for row in curve] == [(2, 0.0), (1, 1.0)]
