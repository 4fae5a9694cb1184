"""Fixtures that every room's tests share."""

import socket
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.store import GraphStore
from tests.stores import NO_SERVER, STORES, SharedServer, opened

_OURS = {"graph", "hubtrace", "ingest", "queries", "tests"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let all tests that lack a server share one place, so that the summary says so in one line."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if reason.removeprefix("Skipped: ").startswith(NO_SERVER):
            asked = SharedServer.get.__code__
            report.longrepr = (asked.co_filename, asked.co_firstlineno, reason)
    return report


@pytest.fixture(scope="session")
def shared_server() -> Iterator[SharedServer]:
    """The Neo4j server of this run; nothing is started before a test asks for it."""
    shared = SharedServer()
    yield shared
    shared.stop()


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, shared_server: SharedServer
) -> Iterator[GraphStore]:
    """An empty place for a graph, once for every store there is."""
    with opened(request.param, tmp_path, shared_server) as made:
        yield made


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests neither wait nor leave this machine."""
    look_up, sleep = socket.getaddrinfo, time.sleep

    def no_sleep(seconds: float) -> None:
        if sys._getframe(1).f_globals["__name__"].partition(".")[0] in _OURS:
            raise AssertionError("a unit test sleeps")
        sleep(seconds)  # how the standard library waits for a process, and the driver for a server

    def loopback_only(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a unit test looks up {host!r}")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(time, "sleep", no_sleep)
    monkeypatch.setattr(socket, "getaddrinfo", loopback_only)
