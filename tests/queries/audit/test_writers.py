"""Whatever stands in a page, its writers let nothing of it take effect."""

import html.parser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hubtrace.graph.store import open_store
from hubtrace.graph.text import for_people
from hubtrace.queries.audit import audit
from hubtrace.queries.audit.build import as_of
from hubtrace.queries.audit.formats.html import to_html
from hubtrace.queries.audit.formats.markdown import to_markdown
from hubtrace.queries.audit.formats.text import WIDTH, to_text
from hubtrace.queries.audit.page import Facts, Linked, Note, Page, Section, Table, cut
from hubtrace.queries.audit.records import Audit
from hubtrace.queries.pages.rendering import is_safe
from tests.queries.audit.worlds import ALONE, provenance

_HARD = ("<script>", "](", "javascript:", "https://github.com/a/b", "|", "\n", "`", "**", "\x1b[0m")
_PIECES = st.sampled_from([*_HARD, "&lt;", "- ", "1. ", "    ", "# ", "===", "> "])
TEXTS = st.one_of(st.text(max_size=30), st.lists(_PIECES, max_size=5).map("".join))
URLS = st.one_of(TEXTS, st.sampled_from(["https://github.com/a/b", "https://evil.test/", "//x"]))
PARTS = st.one_of(TEXTS, st.builds(Linked, TEXTS, st.none() | URLS))
CELLS = st.one_of(PARTS, st.lists(PARTS, max_size=3).map(tuple))
TABLES = st.builds(
    Table,
    TEXTS.map("Caption {}".format),
    st.just(("one", "two")),
    st.lists(st.tuples(CELLS, CELLS), max_size=3).map(tuple),
    st.just(frozenset({1})),
)
BLOCKS = st.one_of(
    TABLES,
    st.builds(Facts, st.lists(st.tuples(st.just("label"), CELLS), max_size=3).map(tuple)),
    st.builds(Note, CELLS, st.booleans()),
)
PAGES = st.builds(
    Page,
    TEXTS,
    st.lists(CELLS, max_size=2).map(tuple),
    st.lists(BLOCKS, max_size=3).map(lambda blocks: (Section("s", "Heading", tuple(blocks)),)),
    st.just(frozenset({"https://hub.example/"})),
)


@pytest.fixture(scope="module")
def audit_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """An audit, for the foot of a page."""
    with open_store(str(tmp_path_factory.mktemp("writers") / "graph.kgl")) as store:
        provenance().write(store)
        return audit(store, ALONE)


class _Elements(html.parser.HTMLParser):
    """The names of the elements of a page, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.hrefs: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.hrefs += [value or "" for name, value in attrs if tag == "a" and name == "href"]


@settings(deadline=None, max_examples=60)
@given(PAGES)
def test_text_has_no_control_characters_and_keeps_its_width(page: Page) -> None:
    for line in to_text(page).split("\n"):
        assert for_people(line) == line
        longest = max((len(word) for word in line.split()), default=0)
        assert len(line) <= WIDTH + longest


@settings(deadline=None, max_examples=60)
@given(PAGES)
def test_markdown_leads_only_where_it_may(page: Page) -> None:
    shown = _Elements(MarkdownIt("commonmark").enable("table").render(to_markdown(page)))
    ours = {"h1", "h2", "p", "a", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert shown.names <= ours
    assert all(is_safe(href, page.known) for href in shown.hrefs)


@settings(deadline=None, max_examples=60)
@given(PAGES)
def test_html_leads_only_where_it_may_and_runs_nothing(audit_of_nothing: Audit, page: Page) -> None:
    shown = _Elements(to_html(page, audit_of_nothing))
    assert not shown.names & {"script", "img", "iframe", "object", "form", "input", "svg"}
    outside = [href for href in shown.hrefs if not href.startswith("#")]
    assert all(is_safe(href, page.known) for href in outside)


@given(st.none() | st.text(max_size=1000))
def test_a_text_is_cut_to_a_length(text: str | None) -> None:
    short = cut(text)
    assert len(short) <= 300
    assert short.rstrip("…") == (text or "")[: len(short.rstrip("…"))]


_KINDS = ("archived", "unarchived", "licence_changed", "gated", "ungated")
_STEPS = st.lists(st.tuples(st.sampled_from(_KINDS), st.sampled_from(["a", "b", None])), max_size=8)


@given(_STEPS, st.integers(0, 9))
def test_facts_of_a_moment_are_those_before_all_later_events(
    steps: list[tuple[str, str | None]], until: int
) -> None:
    state: dict[str, object] = {"archived": False, "licence": "x", "gated": None}
    then = dict(state)
    events: list[dict[str, object]] = []
    for moment, (kind, value) in enumerate(steps, start=1):
        name = {"archived": "archived", "unarchived": "archived", "licence_changed": "licence"}
        field = name.get(kind, "gated")
        new = kind == "archived" if field == "archived" else value
        if state[field] == new:
            continue  # a host tells of changes only
        events.append({"kind": kind, "observed_at": moment, "before": state[field], "after": new})
        state[field] = new
        if moment <= until:
            then[field] = new
    assert as_of(state, events, until) == then
