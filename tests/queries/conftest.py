"""Graphs that several tests ask, made once for every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.store import GraphStore
from tests.queries.worlds import hand_made
from tests.stores import STORES


@pytest.fixture(scope="session", params=sorted(STORES))
def shared_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GraphStore]:
    """The hand-made world; nobody writes to it."""
    folder: Path = tmp_path_factory.mktemp("world")
    with STORES[request.param](folder) as made:
        hand_made().write(made)
        yield made
