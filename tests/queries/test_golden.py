"""The study's own families: the labels that it published, through the graph and Cypher.

Facts from the replication package of arXiv 2508.10157: `data/figures.json` has four families with
several variants, as active periods; the shipped sample has 43 with real commit times.
"""

import csv
import gzip
import io
import json
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from hubtrace.graph.store import GraphStore
from hubtrace.queries.patterns import FamilyPattern, Labels, patterns
from hubtrace.queries.study import agreement
from tests.queries.worlds import World, at

_DIMENSIONS = ("lag", "sync", "intensity", "code")


def _published(labels: dict[str, Any]) -> dict[str, str]:
    return {f"published_{dimension}": labels[dimension] for dimension in _DIMENSIONS}


def _labels(found: list[FamilyPattern]) -> dict[str, Labels]:
    return {p.family: Labels(p.lag, p.sync, p.intensity, p.code) for p in found}


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_the_four_families_of_the_figures_get_their_published_labels(store: GraphStore) -> None:
    figures = json.loads((Path(__file__).parent / "data" / "figures.json").read_text())
    world = World()

    def commits(family: str, project: str, periods: list[int]) -> dict[str, int]:
        return {f"{family} {project} {period}": at(14 * period) for period in periods}

    for figure in figures:
        name, repository = figure["family"], figure["repository"]
        world.family(
            name,
            {f"gh/{repository}": commits(name, repository, figure["repository_periods"])},
            {
                f"hf/{variant}": commits(name, variant, periods)
                for variant, periods in figure["variant_periods"].items()
            },
            observed_at=at(2_000),
        )
        world.node("Family", name, **_published(figure["published"]))
    world.write(store)
    found = patterns(store)
    assert len(found) == 4
    assert _labels(found) == {
        figure["family"]: Labels(*(figure["published"][d] for d in _DIMENSIONS))
        for figure in figures
    }


def test_the_43_families_of_the_sample_get_their_published_labels(store: GraphStore) -> None:
    sample = files("hubtrace") / "sample"
    lines = (sample / "families.jsonl").read_text().splitlines()
    families = [json.loads(line) for line in lines]
    packed = (sample / "repository_commits.csv.gz").read_bytes()
    history: dict[str, dict[str, int]] = {}
    for row in csv.DictReader(io.StringIO(gzip.decompress(packed).decode())):
        commits = history.setdefault(row["repository"], {})
        commits[row["sha"]] = _seconds(row["authored_at"])
    world = World()
    for family in families:
        variants = {
            f"hf/{variant}": {f"day:{variant}:{day}": _seconds(f"{day}T00:00:00Z") for day in days}
            for variant, days in family["variant_commit_days"].items()
        }
        repository = family["repository"]
        world.family(family["family"], {f"gh/{repository}": history[repository]}, variants)
        world.node("Family", family["family"], **_published(family["published"]))
    world.write(store)
    (until,) = {_seconds(family["until"]) for family in families}
    found = patterns(store, until=until)
    assert len(found) == 43
    for dimension in agreement(found):
        assert (dimension.agreeing, dimension.compared) == (43, 43), dimension
    assert _labels(found) == {
        family["family"]: Labels(*(family["published"][d] for d in _DIMENSIONS))
        for family in families
    }
    assert all(p.stability is not None and 1 / 14 <= p.stability <= 1 for p in found)
