"""`hubtrace reproduce`: a made package of the published layout beside the graph of the sample."""

import csv
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.hubtrace.conftest import Call

GRAPH = "hubtrace-demo/hubtrace.kgl"
_LAGS = {
    "upstream_first": "Upstream First",
    "downstream_first": "Downstream First",
    "simultaneous": "No Lag",
}
SAMPLE: list[dict[str, Any]] = [
    json.loads(line)
    for line in (files("hubtrace") / "sample" / "families.jsonl").read_text().splitlines()
]


def labels(family: Mapping[str, Any], **changed: str) -> dict[str, str]:
    """Return the row of a family in the table of labels."""
    own = family["published"]
    row = {"owner": "o", "family": family["family"], "Syncs": own["sync"]}
    row |= {"intensity": own["intensity"], "codes": own["code"], "Lagged": _LAGS[own["lag"]]}
    return {**row, **changed}


def models(family: Mapping[str, Any], *more: str) -> list[dict[str, str]]:
    """Return the rows of a family in the table of models."""
    page = f"https://github.com/{family['repository']}"
    names = [*family["variant_commit_days"], *more]
    row = {"family": family["family"], "cleaned_github": page, "downloads": "1,000"}
    return [{**row, "model_name": name} for name in names]


def write(file: Path, rows: list[dict[str, str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def package(folder: Path, labelled: list[dict[str, str]], known: list[dict[str, str]]) -> Path:
    """Write a package; one of its families is excluded."""
    gone = {"family": "x_gone", "Syncs": "PS", "intensity": "S", "codes": "PSS", "Lagged": "No Lag"}
    write(folder / "dataset/all_auto_and_manual_patterns.csv", [*labelled, {"owner": "o", **gone}])
    write(folder / "dataset/complete_dataset.csv", known)
    write(folder / "dataset/must_exclude_from_all_analysis.csv", [{"family": "x_gone"}])
    return folder


def test_the_labels_of_all_families_agree(call: Call, demo: str, tmp_path: Path) -> None:
    rows = [row for family in SAMPLE for row in models(family)]
    folder = package(tmp_path / "package", [*map(labels, SAMPLE)], rows)
    answer = call("reproduce", folder, "--graph", GRAPH, "--format", "json")
    assert (answer.code, len(answer.json()["families"])) == (0, 43)
    assert "43 families of 43 compared; 0 differ" in answer.err
    assert all(one["differing"] == [] for one in answer.json()["families"])


def test_what_differs_and_what_cannot_be_compared_is_told_apart(
    call: Call, demo: str, tmp_path: Path
) -> None:
    same, other, moved, larger = (SAMPLE[number] for number in (1, 2, 3, 4))
    unknown = {**same, "family": "x_y", "variant_commit_days": {"x/y": []}, "repository": "x/y"}
    wrong = {"Syncs": "VS", "intensity": "S", "codes": "VSS"}
    stated = [labels(same), labels(other, **wrong), labels(moved), labels(larger), labels(unknown)]
    rows = [*models(same), *models(other), *models({**moved, "repository": "x/elsewhere"})]
    rows += [*models(larger, "x/another"), *models(unknown)]
    folder = package(tmp_path / "package", stated, rows)
    answer = call("reproduce", folder, "--graph", GRAPH, "--format", "json")
    assert answer.code == 1
    found = {one["family"]: one for one in answer.json()["families"]}
    assert found[same["family"]]["differing"] == []
    assert found[other["family"]]["differing"] == ["sync", "intensity", "code"]
    assert found[other["family"]]["ours"]["code"] == other["published"]["code"]
    assert found[moved["family"]]["reason"].startswith("its repositories differ: ")
    assert found[larger["family"]]["reason"] == "its models differ: x/another"
    assert found["x_y"]["reason"] == "the graph has no model of it"
    assert "2 families of 5 compared; 1 differ" in answer.err
    agreeing = package(tmp_path / "less", [labels(same), labels(unknown)], rows)
    assert call("reproduce", agreeing, "--graph", GRAPH).code == 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Lagged": "Sideways"}, "unknown lag 'Sideways'"),
        ({"codes": "PSR", "Syncs": "CS"}, "'PSR' is not made of its parts"),
    ],
)
def test_a_broken_table_ends_in_one_sentence(
    changed: dict[str, str], said: str, call: Call, tmp_path: Path
) -> None:
    folder = package(tmp_path / "package", [labels(SAMPLE[0], **changed)], models(SAMPLE[0]))
    answer = call("reproduce", folder, "--graph", GRAPH)
    assert (answer.code, answer.out) == (2, "")
    assert f"all_auto_and_manual_patterns.csv:2: {said}" in answer.err
    file = folder / "dataset/complete_dataset.csv"
    good = file.read_text()
    for text, said in (
        (good.replace("downloads", "family", 1), ":1: the column 'family' stands twice"),
        (good.replace('"1,000"', "1,000", 1), ":2: 5 cells, not 4"),
        (good.replace("model_name", "name", 1), "; model_name is missing"),
    ):
        file.write_text(text)
        answer = call("reproduce", folder, "--graph", GRAPH)
        assert (answer.code, said in answer.err) == (2, True), answer.err


def test_a_folder_without_tables_is_refused(call: Call, tmp_path: Path) -> None:
    answer = call("reproduce", tmp_path, "--graph", GRAPH)
    assert answer.code == 2
    assert "complete_dataset.csv cannot be read" in answer.err
