"""Reports that several tests look at, each made once."""

from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.store import GraphStore, open_store
from hubtrace.queries.changes import changes, state
from hubtrace.queries.report import document, report
from hubtrace.queries.report.formats.html import page
from hubtrace.queries.report.formats.markdown import changes_document
from tests.queries.report.worlds import hostile
from tests.queries.worlds import at

Document = dict[str, Any]


@pytest.fixture(scope="session")
def study_document(study_store: GraphStore) -> Document:
    """The report on the 43 families."""
    return document(report(study_store, clock=lambda: 0))


@pytest.fixture(scope="session")
def study_page(study_document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page."""
    path = tmp_path_factory.mktemp("study") / "report.html"
    path.write_text(page(study_document), "utf-8")
    return path


@pytest.fixture(scope="session")
def hostile_document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The report on the world of attacks, with what changed in it."""
    with open_store(str(tmp_path_factory.mktemp("hostile") / "graph.kgl")) as store:
        hostile().write(store)
        then, now = state(store, "then <b>", until=at(2)), state(store, "now")
        body = document(report(store, clock=lambda: 0))
        return {**body, "changes": changes_document(changes(then, now))}
