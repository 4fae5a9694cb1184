"""Fixtures that every room's tests share."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from graph.store import GraphStore
from tests.stores import STORES


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """An empty place for a graph, once for every store there is."""
    with STORES[request.param](tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests neither wait nor leave this machine."""

    def no_sleep(_seconds: float) -> NoReturn:
        raise AssertionError("a unit test sleeps")

    def no_lookup(host: object, *_: object, **__: object) -> NoReturn:
        raise AssertionError(f"a unit test looks up {host!r}")

    monkeypatch.setattr(time, "sleep", no_sleep)
    monkeypatch.setattr(socket, "getaddrinfo", no_lookup)
