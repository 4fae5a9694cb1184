"""What a commit changed: what its message says, what its paths are, and the rule that says so."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.kappa import LABELLED, WRITTEN, agreement, labelled, pairs_of, written
from hubtrace.ingest.change_types import Area, Changed, ChangeType, classify
from hubtrace.ingest.change_types.rules import all_rules

RULES = {row["rule"] for row in all_rules()} | {"merge", "nothing"}


@pytest.mark.parametrize(
    ("side", "message", "files", "type_", "rule"),
    [
        ("downstream", "Update README.md", "M README.md", "external documentation", "file:readme"),
        ("upstream", "x", "M docs/guide.rst", "external documentation", "file:page"),
        (
            "downstream",
            "Update config.json",
            "M config.json",
            "parameter tuning",
            "file:hub-config",
        ),
        ("downstream", "x", "M tokenizer.json", "preprocessing", "file:tokenizer"),
        (
            "downstream",
            "initial commit",
            "A .gitattributes",
            "project metadata",
            "rule:first-commit",
        ),
        ("downstream", "Upload x.bin", "A x.bin", "sharing", "rule:hub-upload"),
        (
            "downstream",
            "Upload README.md with huggingface_hub",
            "M README.md",
            "sharing",
            "rule:hub-upload",
        ),
        (
            "downstream",
            "Update metadata with huggingface_hub",
            "M README.md",
            "project metadata",
            "rule:card-metadata",
        ),
        (
            "downstream",
            "weights update",
            "M a.safetensors",
            "model structure",
            "words:model",
        ),
        ("downstream", "update", "M a.safetensors", "model structure", "rule:renewed-weights"),
        ("downstream", "Delete a.pt", "D a.pt", "remove dependency", "rule:deleted-artefact"),
        ("downstream", "add the weights", "A a.safetensors", "sharing", "rule:added-weights"),
        ("downstream", "Add prompts", "M README.md", "external documentation", ""),
        ("downstream", "Faster 4bit run", "M README.md", "external documentation", ""),
        ("downstream", "pad token", "M generation_config.json", "parameter tuning", ""),
        ("downstream", "Compatible with it", "A config.json", "sharing", "rule:made-loadable"),
        ("downstream", "Delete convert.py", "D convert.py", "remove dependency", ""),
        ("upstream", "first commit", "A model.py", "model structure", "file:model-code"),
        ("upstream", "first commit", "A .gitignore", "project metadata", "rule:first-files"),
        ("upstream", "Fix it", "M lib/transcribe.py", "output data", "file:output-code"),
        ("downstream", "License", "A LICENSE", "project metadata", "words:metadata"),
        ("upstream", "License", "A LICENSE", "external documentation", "file:licence"),
        ("upstream", "Bump torch from 1.0 to 2.0", "M requirements.txt", "update dependency", ""),
        (
            "upstream",
            "Add einops",
            "M requirements.txt",
            "add dependency",
            "rule:requirements-more",
        ),
        ("upstream", "Remove einops", "M requirements.txt", "remove dependency", ""),
        (
            "upstream",
            "x",
            "M .github/workflows/ci.yml",
            "validation infrastructure",
            "file:workflow",
        ),
        ("upstream", "x", "A Dockerfile", "sharing", "file:sharing-code"),
        ("upstream", "Fix it", "M src/utils.py", "training infrastructure", "file:code"),
        ("upstream", "Faster attention", "M model.py", "pipeline performance", "words:speed"),
        ("upstream", "Fix typo in docstring", "M model.py", "internal documentation", ""),
        ("upstream", "Update train.py", "", "training infrastructure", "file:training-code"),
        ("upstream", "Merge branch 'main' into dev", "", "sharing", "merge"),
        ("upstream", "Merge pull request #3 from a/fix-readme", "", "external documentation", ""),
        ("upstream", "...", "", "training infrastructure", "nothing"),
    ],
)
def test_typical_commits(side: str, message: str, files: str, type_: str, rule: str) -> None:
    changed = [
        Changed(path, status) for status, path in (f.split(" ") for f in files.split(", ") if f)
    ]
    found = classify(side, message, changed)
    assert found.types[0] == type_, found.rule
    assert rule in ("", found.rule)


@pytest.mark.parametrize(
    ("message", "files", "types"),
    [
        ("Repair the tokenizer", "model.bin config.json", ["preprocessing", "parameter tuning"]),
        ("More data", "config.json", ["input data", "parameter tuning"]),
        ("Train it for longer", "model.bin", ["training infrastructure"]),
        ("Accuracy on the new corpus", "README.md", ["validation infrastructure", "input data"]),
        ("Faster decoding", "model.py", ["pipeline performance", "output data"]),
        ("更新数据", "config.json", ["input data", "parameter tuning"]),
        ("Mehr", "model.bin config.json", ["sharing", "model structure"]),
        ("Update README.md: new data", "README.md", ["external documentation"]),
    ],
)
def test_on_the_hub_the_message_decides_before_the_files(
    message: str, files: str, types: list[str]
) -> None:
    found = classify("downstream", message, [Changed(path, "M") for path in files.split()])
    assert list(found.types[: len(types)]) == types, found.rule


def test_a_commit_of_many_parts_has_many_types() -> None:
    paths = ["model/attention.py", "README.md", "tests/test_attention.py"]
    found = classify("upstream", "Rotary embeddings", [Changed(path) for path in paths])
    assert found.types == (
        ChangeType.MODEL_STRUCTURE,
        ChangeType.VALIDATION_INFRASTRUCTURE,
        ChangeType.EXTERNAL_DOCUMENTATION,
    )
    assert found.areas == (Area.CODE, Area.DOCS, Area.TESTS)


def test_most_of_the_files_outvote_the_rest() -> None:
    paths = [f"docs/{n}.md" for n in range(9)] + ["model.py"]
    found = classify("upstream", "Update", [Changed(path) for path in paths])
    assert found.types[0] is ChangeType.EXTERNAL_DOCUMENTATION


@pytest.mark.parametrize(
    ("author", "message", "bot"),
    [
        ("dependabot[bot]", "x", True),
        ("SFconvertbot", "x", True),
        (None, "Bump torch from 1 to 2", True),
        (None, "Librarian Bot: Add base_model", True),
        ("Ada Abbot", "Bump the learning rate", False),
        (None, None, False),
    ],
)
def test_programs_are_told_from_people(author: str | None, message: str | None, bot: bool) -> None:
    assert classify("upstream", message or "", (), author).bot is bot


@pytest.mark.parametrize(
    ("message", "merge"),
    [
        ("Merge pull request #1 from a/b", True),
        ("Merge remote-tracking branch 'o/main'", True),
        ("Merge tag 'v1'", True),
        ("Merge the two configs", False),
        ("Support LoRA merge", False),
    ],
)
def test_merges_are_told_apart(message: str, merge: bool) -> None:
    assert classify("upstream", message).merge is merge


@given(
    st.sampled_from(["upstream", "downstream"]),
    st.text(max_size=60) | st.sampled_from(["Merge branch 'x'", "Update README.md", "fix bug"]),
    st.lists(
        st.builds(Changed, st.text(max_size=30), st.sampled_from([None, "A", "M", "D", "T", "?"])),
        max_size=5,
    ),
)
def test_whatever_a_commit_says_it_gets_types_and_a_rule_of_the_tables(
    side: str, message: str, files: list[Changed]
) -> None:
    found = classify(side, message, files)
    assert found.types
    assert len(set(found.types)) == len(found.types)
    assert found.rule in RULES
    assert classify(side, message, files[::-1]) == found  # the order of files says nothing
    assert bool(found.areas) is bool(files)


def test_the_generated_commits_cover_all_types_on_both_sides() -> None:
    rows = [json.loads(line) for line in WRITTEN["generated"].read_text("utf-8").splitlines()]
    assert len(rows) >= 200
    covered = {(row["side"], row["label"]) for row in rows}
    assert covered == {(s, str(t)) for s in ("upstream", "downstream") for t in ChangeType}


def test_kappa_of_a_worked_example() -> None:
    pairs = Counter({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    found = agreement("x", "upstream", "a, b", pairs)
    assert found.kappa == pytest.approx(0.4)  # (0.7 - 0.5) / (1 - 0.5)
    assert found.same == pytest.approx(0.7)
    assert found.macro_f1 == pytest.approx((40 / 55 + 30 / 45) / 2)


def test_agreement_does_not_fall_behind_what_the_document_tells() -> None:
    for name in WRITTEN:
        for side in ("upstream", "downstream"):
            rows = [row for row in written(name) if row["side"] == side]
            own = agreement(name, side, "", pairs_of(rows, "label"))
            assert own.kappa is not None
            assert own.kappa >= 0.95
    if not Path(LABELLED).is_dir():
        pytest.skip("the labelled commits are not part of the project, and not beside it")
    for who in ("label_a", "label_b"):
        theirs = agreement("", "downstream", "", pairs_of(labelled(LABELLED, "downstream"), who))
        assert theirs.kappa is not None
        assert theirs.kappa >= 0.88
        assert (
            agreement("", "upstream", "", pairs_of(labelled(LABELLED, "upstream"), who)).same > 0.95
        )
