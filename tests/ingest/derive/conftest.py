"""What the tests of the derivations share."""

from pathlib import Path

import pytest

from tests.ingest.derive.oracle import Git


@pytest.fixture(scope="session")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """One bare repository for all examples: commits are told apart by their shas."""
    folder: Path = tmp_path_factory.mktemp("git")
    return Git(folder)
