"""Fixtures that every room's tests share."""

import socket
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from hubtrace.graph.store import GraphStore
from tests.browser import NO_BROWSER, browser, open_page, required_chromium
from tests.effort import examples
from tests.stores import NO_SERVER, STORES, SharedServer, opened

__all__ = ["browser", "open_page"]

hypothesis.settings.register_profile("effort", max_examples=examples(100), deadline=None)
hypothesis.settings.load_profile("effort")

_OURS = {"graph", "hubtrace", "ingest", "queries", "tests"}
_ROOT = Path(__file__).parents[1]
_SLOW = (
    "tests/ingest/evidence/test_hostile.py",
    "tests/ingest/sources/git/",
    "tests/ingest/sources/github/",
    "tests/ingest/sources/huggingface/",
    "tests/ingest/load/",
    "tests/queries/report/",
    "tests/queries/statistics/",
)
"""What runs servers, git or large inputs: not for the loop while editing."""
_FOLDED = {NO_SERVER: SharedServer.get, NO_BROWSER: required_chromium}
"""How a reason for a skip begins, and the place that tests skipped for it share."""


_ON_BOTH_STORES = (
    "tests/graph/",
    "tests/ingest/load/test_load.py::test_a_small_family_becomes_exactly_this_graph",
    "tests/ingest/load/test_load.py::test_loading_twice_changes_nothing",
    "tests/ingest/load/test_load.py::test_what_vanished_stays_and_is_dated",
    "tests/ingest/load/test_links.py::test_evidence_becomes_links_with_roles",
    "tests/queries/test_queries.py",
    "tests/queries/audit/test_questions.py",
)
"""What `make test` runs on a server, too: the stores' conformance, one load of each kind, and the
rows of every stored question. What is made of the rows, and what else is loaded by the same writes,
is tested on the embedded store, and on a server by `make faults`."""


_ON_MAPPED = ("tests/graph/test_conformance.py", *_ON_BOTH_STORES[-2:])
"""What `make test` runs on the copy of a large graph, too; it is the same engine."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that need the browser in one worker; leave what is long to `make faults`."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "browser" in fixtures and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("browser"))
        place = item.path.relative_to(_ROOT).as_posix()
        group = item.get_closest_marker("xdist_group")
        on_server = group is not None and "neo4j" in group.args
        if on_server and not item.nodeid.startswith(_ON_BOTH_STORES):
            item.add_marker(pytest.mark.faults)
        if "[mapped" in item.name and not place.startswith(_ON_MAPPED):
            item.add_marker(pytest.mark.faults)
        if on_server or "browser" in fixtures or place.startswith(_SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let all tests that lack a server, or a browser, share one place: one line of the summary."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        for beginning, asked in _FOLDED.items():
            if reason.removeprefix("Skipped: ").startswith(beginning):
                place = asked.__code__
                report.longrepr = (place.co_filename, place.co_firstlineno, reason)
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
