"""The pandas peers give the labels that we give, for every family."""

from pathlib import Path

import pytest

from benchmarks.labels import label_ours, label_pandas, write_frames
from tests.benchmarks.conftest import SIZE


@pytest.fixture(scope="module")
def frames(graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data frames that the peers start from."""
    path = tmp_path_factory.mktemp("labels") / "frames"
    write_frames(str(graph), str(path))
    return path


@pytest.mark.parametrize(
    ("shape", "stability"),
    [
        ("study", False),
        ("tidy", False),
        ("tidy", True),
        pytest.param("study", True, marks=pytest.mark.faults),  # loops in Python: seconds
    ],
)
def test_pandas_agrees_with_us(graph: Path, frames: Path, shape: str, stability: bool) -> None:
    ours = label_ours(str(graph), stability).facts["labels"]
    theirs = label_pandas(str(frames), shape, 1, stability).facts["labels"]
    assert theirs == ours
    assert len(ours) == SIZE.families


def test_the_world_is_not_of_one_kind(graph: Path) -> None:
    labels = label_ours(str(graph), stability=False).facts["labels"]
    assert len({label["lag"] for label in labels}) == 3
    assert len({label["code"] for label in labels}) >= 4
