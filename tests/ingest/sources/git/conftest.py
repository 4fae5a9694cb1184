"""Fixtures of the git source's tests."""

from pathlib import Path

import pytest

from tests.ingest.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return an empty repository."""
    return World(tmp_path / "world.git")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return where clones go; it does not exist yet."""
    return tmp_path / "cache"
