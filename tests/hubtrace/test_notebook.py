"""A graph in a notebook: typed answers, data frames, and tables in which names are only text."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import hubtrace
from hubtrace.api import Found, Graph
from hubtrace.graph import open_store
from hubtrace.graph.errors import CatalogueError, HubtraceError, WriteRefused
from hubtrace.queries.catalogue import ask
from hubtrace.queries.flags import flags
from hubtrace.queries.patterns import FamilyPattern, patterns
from hubtrace.queries.thresholds import Thresholds
from tests.hubtrace import walks
from tests.queries.worlds import at, hand_made

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script> & \"'\u202e\x1b[31m ]]> javascript:x"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """The hand-made world and a hostile family, opened as a notebook does."""
    world = hand_made()
    repository, variant = f"gh/{HOSTILE}", f"hf/{HOSTILE}"
    world.family(HOSTILE, {repository: {"u": at(0)}}, {variant: {"w": at(1)}}, observed_at=at(400))
    path = str(tmp_path_factory.mktemp("notebook") / "graph.kgl")
    with open_store(path) as store:
        world.write(store)
    with hubtrace.open_graph(path) as opened:
        yield opened


class _Tags(HTMLParser):
    """The tags and the text of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_patterns_are_those_of_the_catalogue(graph: Graph) -> None:
    found = graph.patterns(stability=False)
    assert list(found) == patterns(graph, stability=False)
    assert isinstance(found[0], FamilyPattern)
    assert found[1:3] == tuple(found)[1:3]
    frame = found.to_data_frame()
    assert list(frame["family"]) == [pattern.family for pattern in found]
    assert set(frame.loc[frame["family"] == "steady", "published_code"]) == {"PSR"}
    assert repr(found) == f"<{len(found)} patterns>"
    (one,) = graph.patterns("steady", thresholds=Thresholds(period_days=7, offsets=7))
    assert one.family == "steady"


def test_flags_put_what_is_flagged_first(graph: Graph) -> None:
    found = graph.flags(until="2025-06-01")
    assert found.flags == flags(graph, until=1748822399)
    assert len(found) == sum(
        map(len, (found.flags.branches, found.flags.sides, found.flags.variants))
    )
    marks = [flag.flagged for flag in found]
    assert marks == sorted(marks, reverse=True)
    assert found.flagged == sum(marks) > 0
    assert list(found.to_data_frame()["flagged"]) == marks


def test_no_answers_still_have_columns(tmp_path: Path) -> None:
    with hubtrace.open_graph(str(tmp_path / "g.kgl")) as empty:
        with empty.write():
            pass
        for found in (empty.patterns(), empty.flags()):
            assert isinstance(found, Found)
            assert len(found) == len(found.to_data_frame()) == 0
            assert "family" in found.to_data_frame().columns
            assert _Tags(found._repr_html_()).tags >= {"table", "th"}


def test_an_audit_is_typed_and_framed(graph: Graph) -> None:
    found = graph.audit("acme/small")
    assert found.facts.identity.variant == "hf/acme/small"
    evidence = found.to_data_frame()
    links = [link for link in (found.facts.upstream, *found.facts.others) if link is not None]
    assert len(evidence) == sum(len(link.evidence) for link in links) > 0
    assert found.to_markdown().startswith("# Provenance of")
    hostile = graph.audit(f"hf/{HOSTILE}")
    frame = _Tags(hostile._repr_html_())
    assert frame.tags == {"iframe"}
    assert frame.attributes["sandbox"] == ""
    assert frame.texts == []
    page = _Tags(str(frame.attributes["srcdoc"]))
    assert "script" not in page.tags
    assert any("<script>alert(1)</script>" in text for text in page.texts)


def test_stored_questions_and_cypher_keep_their_habits(graph: Graph) -> None:
    rows = graph.query("tails", families=["steady"])
    assert rows.data() == ask(graph, "tails", families=["steady"]).data()
    assert repr(rows).startswith("<1 rows: family, ")
    counted = graph.run("MATCH (f:Family) RETURN count(f) AS n")
    assert counted.evaluate() == counted.to_table().rows[0][0] == counted.data()[0]["n"]
    assert isinstance(counted.to_data_frame(), pd.DataFrame)
    network = graph.run("MATCH (f:Family {name: 'steady'})-[r:UPSTREAM]->(p) RETURN f, r, p")
    assert len(network.to_subgraph().edges) == 1
    with pytest.raises(WriteRefused):
        graph.run("MATCH (n) DETACH DELETE n")
    with pytest.raises(CatalogueError, match="did you mean `tails`"):
        graph.query("tail")
    assert graph.exists()
    assert repr(graph) == f"<graph {graph.url}>"


@pytest.mark.parametrize(
    "moment",
    [
        1748822399,
        "2025-06-01",
        "2025-06-01T23:59:59Z",
        date(2025, 6, 1),
        datetime(2025, 6, 1, 23, 59, 59),
        datetime(2025, 6, 2, 1, 59, 59, tzinfo=timezone(timedelta(hours=2))),
        datetime(2025, 6, 1, 23, 59, 59, 999, tzinfo=UTC),
    ],
)
def test_a_moment_can_be_told_in_many_ways(graph: Graph, moment: Any) -> None:
    assert graph.patterns("steady", moment, stability=False)[0].until == 1748822399


@pytest.mark.parametrize("moment", ["soon", True, 1.5])
def test_what_is_no_moment_is_told(graph: Graph, moment: Any) -> None:
    with pytest.raises(HubtraceError, match="until: invalid time"):
        graph.patterns("steady", moment)


def test_tables_show_hostile_names_as_text(graph: Graph) -> None:
    shown = HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")
    rows = graph.run("MATCH (f:Family) RETURN f.name AS `a<b`, 'x' + f.name AS name ORDER BY name")
    for document in (
        rows._repr_html_(),
        graph.patterns()._repr_html_(),
        graph.flags()._repr_html_(),
    ):
        read = _Tags(document)
        assert read.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
        assert read.attributes == {}
        assert any(shown in text for text in read.texts)
        assert "\u202e" not in document


def test_long_tables_are_cut_and_counted(graph: Graph) -> None:
    rows = graph.run("UNWIND range(1, 53) AS n RETURN n, $text AS text", text="x" * 1_000_000)
    document = rows._repr_html_()
    assert document.endswith("<p>… and 3 more</p>")
    assert len(document) < 30_000


def test_the_walk_shows_what_happens(demo: str) -> None:
    names: dict[str, Any] = {}
    parts = walks.blocks((ROOT / "docs" / "notebook.md").read_text("utf-8"))
    assert len(parts) > 8
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        for code, shown in parts:
            assert walks.squeezed(walks.run(code, names)) == walks.squeezed(shown), code
