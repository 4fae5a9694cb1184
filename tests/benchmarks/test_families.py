"""A world has the size that was asked for, and looks the same every time."""

from dataclasses import astuple

from benchmarks.families import OBSERVED_AT, STUDY, Size, World, world
from hubtrace.graph.urls import Side
from hubtrace.ingest.records import Commit

SMALL = Size(12, 900, 30)


def commits_of(size: Size) -> list[tuple[str, Side, list[Commit]]]:
    return [
        (family.name, reading.project.side, list(reading.commits))
        for family, readings in World(size).families()
        for reading in readings
    ]


def test_a_world_has_its_size() -> None:
    made = commits_of(SMALL)
    assert sum(len(commits) for *_, commits in made) == SMALL.commits
    assert len({name for name, *_ in made}) == SMALL.families
    assert sum(side is Side.DOWNSTREAM for _, side, _ in made) == SMALL.variants


def test_a_world_is_the_same_every_time() -> None:
    assert commits_of(SMALL) == commits_of(SMALL)


def test_every_family_has_commits_on_both_sides() -> None:
    made = commits_of(SMALL)
    for side in Side:
        assert len({name for name, of, commits in made if of is side and commits}) == SMALL.families


def test_parents_come_before_their_children_and_times_lie_in_the_past() -> None:
    for *_, commits in commits_of(SMALL):
        seen: set[str] = set()
        for commit in commits:
            assert set(commit.parents) <= seen
            assert commit.authored_at <= commit.committed_at < OBSERVED_AT
            seen.add(commit.sha)


def test_sizes_by_commits_keep_the_study_s_proportions() -> None:
    assert astuple(world(2_000_000)) == (4_000, 2_000_000, 10_000, False)
    assert astuple(STUDY)[:3] == (325, 157_000, 904)
