"""Audits for people: nothing that the hubs say takes effect, and a real browser agrees."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from hubtrace.graph import open_store
from hubtrace.graph.text import for_people
from hubtrace.queries.audit import Audit, audit
from hubtrace.queries.audit.formats.html import to_html
from hubtrace.queries.audit.formats.markdown import SECTIONS, to_markdown
from hubtrace.queries.audit.formats.text import to_text
from hubtrace.queries.audit.lineage import steps_of
from tests.browser import OpenPage
from tests.queries.audit.hostile import hostile
from tests.queries.audit.worlds import OWN, SMALL, UP, provenance
from tests.queries.worlds import World


def _audit(folder: Path, world: World, target: str) -> Audit:
    with open_store(str(folder / "graph.kgl")) as store:
        world.write(store)
        return audit(store, target)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """An audit with something to say in every section."""
    return _audit(tmp_path_factory.mktemp("small"), provenance(), SMALL)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """An audit of a variant that means ill."""
    return _audit(tmp_path_factory.mktemp("evil"), *hostile())


def test_the_text_says_the_most_important_first(small: Audit) -> None:
    lines = to_text(small).splitlines()
    assert lines[:7] == [
        "Provenance of acme/Yi-6B",
        "========================",
        "",
        f"Revision {OWN[240]}, as of 2024-09-07T12:00:00Z.",
        "It comes from acme/Yi (confidence 0.98, best evidence: same blob).",
        f"It was made from {UP[100][:10]} of 2024-04-10, or from a later one.",
        "Upstream has 1 commit since; it has been behind for 50 days.",
    ]


def test_every_section_says_something(small: Audit, evil: Audit) -> None:
    for found in (small, evil):
        parts = re.split("^## (.*)$", to_markdown(found), flags=re.MULTILINE)[1:]
        assert parts[::2] == list(SECTIONS.values())
        assert all(body.strip() for body in parts[1::2])


def test_the_lineage_says_what_went_into_the_model_and_what_says_so(small: Audit) -> None:
    steps = steps_of(small)
    assert [step.kind for step in steps[-3:]] == ["upstream", "commit", "model"]
    upstream, commit, model = steps[-3:]
    assert (upstream.name, upstream.into, upstream.confidence) == ("acme/Yi", len(steps) - 2, 0.98)
    assert upstream.evidence.startswith("confidence 0.98: same blob")
    assert commit.name == f"{UP[100][:10]} of 2024-04-10"
    assert (model.name, model.into) == ("acme/Yi-6B", None)
    assert all(step.into is not None and step.into > at for at, step in enumerate(steps[:-1]))
    html = to_html(small)
    assert html.count("<rect class=") == len(steps)


def test_text_lets_nothing_take_effect(evil: Audit) -> None:
    text = to_text(evil)
    assert for_people(text.replace("\n", " ")) == text.replace("\n", " ")
    assert "\\x1b[31mred" in text


def test_markdown_holds_no_markup_of_others(evil: Audit) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(to_markdown(evil))
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in "".join(part.split('"')[0] for part in html.split('href="')[1:])
    assert "evil.test" not in "".join(part.split('"')[0] for part in html.split('href="')[1:])
    assert "<code>" not in html


def test_markdown_leads_to_the_hubs(small: Audit) -> None:
    html = MarkdownIt("commonmark").enable("table").render(to_markdown(small))
    assert f'href="https://github.com/acme/Yi/commit/{UP[100]}"' in html
    assert html.count("<table>") >= 10


def test_a_browser_shows_the_page_and_asks_nobody(
    small: Audit, open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "audit.html"
    file.write_text(to_html(small))
    for width in (390, 1280):
        shown = open_page(file, width=width)
        shown.assert_quiet()
        assert shown.page.locator("h1").inner_text() == "Provenance of acme/Yi-6B"
        assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        commit = shown.page.locator(f'#origin a[href$="{UP[100]}"]').first
        assert commit.inner_text() == UP[100]
    for link in shown.page.locator("nav.contents a").all():
        target = link.get_attribute("href")
        assert shown.page.locator(str(target)).count() == 1


def test_the_page_is_readable_on_paper(small: Audit, open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    file.write_text(to_html(small))
    page = open_page(file).page
    page.emulate_media(media="print")
    assert not page.locator("nav.contents").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


def test_a_browser_runs_nothing_of_what_the_hubs_say(
    evil: Audit, open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "audit.html"
    file.write_text(to_html(evil))
    shown = open_page(file, width=390)
    shown.assert_quiet()
    page = shown.page
    assert page.locator("script, img, iframe, object").count() == 0
    assert page.title().startswith("Provenance of <script>")
    hrefs = [str(link.get_attribute("href")) for link in page.locator("main a").all()]
    assert all(href.startswith("https://") for href in hrefs)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
