"""Every kind of page by the rules of axe-core, in the browser that is there, and by keyboard."""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from starlette.testclient import TestClient

from hubtrace.graph import open_store
from hubtrace.graph.question import Limits
from hubtrace.queries.audit import audit
from hubtrace.queries.audit.formats.html import to_html as audit_html
from hubtrace.queries.report.build import report
from hubtrace.queries.report.formats.html import to_html as report_html
from hubtrace.web import Access, application
from tests.browser import OpenPage, required_program
from tests.queries.worlds import at, hand_made

_ADDRESSES = (
    *("/", "/search?q=acme", "/patterns", "/flags?all=1", "/history", "/cypher", "/nothing"),
    *(f"/model/acme/small/{page}" for page in ("audit", "evidence", "lineage", "files", "history")),
    *("/repository/acme/steady", "/family/steady", "/family/steady/patterns", "/question/lag"),
    *("/cypher?q=MATCH+(f:Family)+RETURN+f.name+AS+name", "/commit/s1s1s1s"),
)
_OFTEN = ("audit", "/model/acme/small/evidence")
_WAYS = [(width, scheme) for width in (390, 768, 1440) for scheme in ("light", "dark")]
_RUN = "axe.run(document, {resultTypes: ['violations']})"


@pytest.fixture(scope="module")
def axe() -> str:
    """The program itself: MPL-2.0, so it comes from a package and never lies in this repository."""
    if find_spec("axe_playwright_python") is None:
        required_program("axe-playwright-python, which brings axe-core")
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, as a file."""
    folder = tmp_path_factory.mktemp("pages")
    graph = str(folder / "graph.kgl")
    world = hand_made()
    families = [f"family-{number}" for number in range(10)]  # a report has statistics from ten on
    for number, name in enumerate(families):
        own = {f"u{number}{day}": at(day + number) for day in range(0, 60, 7 + number)}
        theirs = {f"v{number}{day}": at(day + number + 2) for day in range(0, 40, 9 + number)}
        world.family(name, {f"gh/many/{number}": own}, {f"hf/many/{number}": theirs})
    with open_store(graph) as store:
        world.write(store)
        found = {"audit": audit_html(audit(store, "acme/small", None, None))}
        found["report"] = report_html(report(store))
        found["report of one"] = report_html(report(store, ["steady"]))
    client = TestClient(application(graph, Access(), Limits(5, 1_000, 0.5)), "http://localhost")
    found |= {address: client.get(address).text for address in _ADDRESSES}
    places = {}
    for number, (name, text) in enumerate(found.items()):
        places[name] = folder / f"{number}.html"
        places[name].write_text(text)
    return places


def _violations(page: Page, axe: str) -> list[Any]:
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.evaluate(axe)
    return [
        (found["id"], node["html"][:200], node["failureSummary"])
        for found in page.evaluate(_RUN)["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("name", _OFTEN)
def test_the_usual_pages_have_no_violation(
    pages: dict[str, Path], open_page: OpenPage, axe: str, name: str
) -> None:
    page = open_page(pages[name], width=390, color_scheme="dark").page
    assert _violations(page, axe) == []


@pytest.mark.faults
@pytest.mark.parametrize(("width", "scheme"), _WAYS)
def test_no_page_has_a_violation_at_any_width(
    pages: dict[str, Path], open_page: OpenPage, axe: str, width: int, scheme: str
) -> None:
    page = open_page(pages["audit"], width=width, color_scheme=scheme).page
    for name, place in pages.items():
        page.goto(place.as_uri())
        assert _violations(page, axe) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if width == 768:
            page.emulate_media(media="print")
            assert _violations(page, axe) == [], f"{name}, printed"
            page.emulate_media(media="screen")


def test_axe_notices_what_is_wrong(open_page: OpenPage, axe: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.html"
    wrong.write_text("<!doctype html><html><title>x</title><img src='data:,'><p>text</html>")
    assert {"image-alt", "html-has-lang"} <= {
        one[0] for one in _violations(open_page(wrong).page, axe)
    }


@pytest.mark.faults
def test_a_keyboard_reaches_what_a_mouse_does(pages: dict[str, Path], open_page: OpenPage) -> None:
    """Tab comes to every link, button, field and table that scrolls, in order, and shows it."""
    page = open_page(pages["report"], width=390).page
    for name in (*_OFTEN, "report"):
        page.goto(pages[name].as_uri())
        wanted = page.evaluate(
            "[...document.querySelectorAll('a[href], button, input, summary, select, textarea,"
            ' [tabindex="0"]\')].filter(e => e.checkVisibility()).map((e, i) => (e.dataset.k = i))'
        )
        reached: list[int] = []
        for _ in range(3 * len(wanted)):  # timelines that come into sight bring more
            page.keyboard.press("Tab")
            number = page.evaluate("Number(document.activeElement.dataset.k ?? -1)")
            reached += [number] if number >= 0 else []
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) != "none", name
            if len(reached) == len(wanted):
                break
        assert reached == wanted, name
