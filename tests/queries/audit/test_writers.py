"""Whatever stands in a page, its writers let nothing of it take effect."""

import html.parser
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hubtrace.graph import open_store
from hubtrace.graph.text import for_people
from hubtrace.queries.audit import audit
from hubtrace.queries.audit.build import as_of
from hubtrace.queries.audit.formats import AuditFormat, write
from hubtrace.queries.audit.formats.cyclonedx import cut
from hubtrace.queries.audit.formats.html import to_html
from hubtrace.queries.audit.formats.markdown import known_places, to_markdown
from hubtrace.queries.audit.formats.text import WIDTH, to_text
from hubtrace.queries.audit.lineage import picture
from hubtrace.queries.audit.records import Audit
from hubtrace.queries.pages import is_safe
from tests.effort import examples
from tests.queries.audit.worlds import SMALL, provenance

_HARD = ("<script>", "](", "javascript:", "https://github.com/a/b", "|", "\n", "`", "**", "\x1b[0m")
_PIECES = st.sampled_from([*_HARD, "&lt;", "- ", "1. ", "    ", "# ", "===", "> "])
_URLS = st.sampled_from(
    [
        "https://github.com/a/b",
        "https://evil.test/",
        "//x",
        "https://github.com/a>)[x](https://evil.test/",
        "https://github.com/a|[x](https://evil.test/)|",
        "https://github.com/`",
        "https://github.com/?a=1&quot;onclick=x",
    ]
)
TEXTS = st.one_of(st.text(max_size=30), st.lists(_PIECES, max_size=5).map("".join), _URLS)
_OURS = {"how", "basis", "unknown", "schema"}
"""Fields that hold words of ours: from a fixed set, or sentences of `unknown_of`."""


def _with_texts(value: Any, texts: Iterator[str], name: str = "") -> Any:
    """Return a record in which every text that could be somebody else's is one of `texts`."""
    if name in _OURS:
        return value
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, tuple):
        return tuple(_with_texts(each, texts) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        return replace(
            value, **{name: _with_texts(getattr(value, name), texts, name) for name in names}
        )
    return value


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """An audit with something in every section."""
    with open_store(str(tmp_path_factory.mktemp("writers") / "graph.kgl")) as store:
        provenance().write(store)
        return audit(store, SMALL)


def _hostile(full: Audit, texts: list[str]) -> Audit:
    made = _with_texts(full, cycle(texts))
    assert isinstance(made, Audit)
    return made


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


LISTS = st.lists(TEXTS, min_size=1, max_size=7)


@settings(deadline=None, max_examples=examples(40))
@given(texts=LISTS)
def test_text_has_no_control_characters_and_keeps_its_width(full: Audit, texts: list[str]) -> None:
    for line in to_text(_hostile(full, texts)).split("\n"):
        assert for_people(line) == line
        longest = max((len(word) for word in line.split()), default=0)
        assert len(line) <= WIDTH + longest


@settings(deadline=None, max_examples=examples(40))
@given(texts=LISTS)
def test_markdown_leads_only_where_it_may(full: Audit, texts: list[str]) -> None:
    found = _hostile(full, texts)
    shown = _Elements(MarkdownIt("commonmark").enable("table").render(to_markdown(found)))
    ours = {"h1", "h2", "h3", "p", "a", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert shown.names <= ours
    known = known_places(found)
    assert all(is_safe(href, known) for href in shown.hrefs)


@settings(deadline=None, max_examples=examples(40))
@given(texts=LISTS)
def test_html_leads_only_where_it_may_and_runs_nothing(full: Audit, texts: list[str]) -> None:
    found = _hostile(full, texts)
    page = to_html(found)
    shown = _Elements(page)
    assert not shown.names & {"script", "img", "iframe", "object", "form", "input"}
    ours = str(picture(found))  # the one picture, in which texts are no elements
    drawn = _Elements(ours).names
    assert drawn <= {"figure", "div", "svg", "path", "rect", "text", "figcaption"}
    assert page.count("<svg") == ours.count("<svg")
    outside = [href for href in shown.hrefs if not href.startswith("#")]
    assert all(is_safe(href, known_places(found)) for href in outside)


@pytest.mark.parametrize("url", ["a>)[x](https://evil.test/", "a|[x](https://evil.test/)|"])
def test_a_url_cannot_end_its_link(full: Audit, url: str) -> None:
    made = replace(full, identity=replace(full.identity, url=f"https://github.com/{url}"))
    html = MarkdownIt("commonmark").enable("table").render(to_markdown(made))
    assert not any("evil.test" in href.split("/")[2] for href in _Elements(html).hrefs)


@pytest.mark.parametrize("format_", AuditFormat)
def test_every_format_can_be_written(full: Audit, format_: AuditFormat) -> None:
    assert write(full, format_).endswith("\n")


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
