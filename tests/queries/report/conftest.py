"""Reports that several tests look at, each made once."""

from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph import open_store
from hubtrace.graph.store import GraphStore
from hubtrace.queries.changes import changes, state
from hubtrace.queries.report.build import report
from hubtrace.queries.report.formats.html import to_html
from hubtrace.queries.report.formats.json import document
from hubtrace.queries.report.records import Report
from tests.queries.report.worlds import hostile
from tests.queries.worlds import at

Document = dict[str, Any]


@pytest.fixture(scope="session")
def study_report(study_store: GraphStore) -> Report:
    """The report on the 43 families."""
    return report(study_store, clock=lambda: 0)


@pytest.fixture(scope="session")
def study_document(study_report: Report) -> Document:
    """Its JSON."""
    return document(study_report)


@pytest.fixture(scope="session")
def study_page(study_report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page."""
    path = tmp_path_factory.mktemp("study") / "report.html"
    path.write_text(to_html(study_report), "utf-8")
    return path


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on the world of attacks, with what changed in it."""
    with open_store(str(tmp_path_factory.mktemp("hostile") / "graph.kgl")) as store:
        hostile().write(store)
        then, now = state(store, "then <b>", until=at(2)), state(store, "now")
        return report(store, changes=changes(then, now), clock=lambda: 0)


@pytest.fixture(scope="session")
def hostile_document(hostile_report: Report) -> Document:
    """Its JSON."""
    return document(hostile_report)
