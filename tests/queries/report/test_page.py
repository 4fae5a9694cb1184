"""The page in a real Chromium: it shows the JSON, it can be used, nothing acts or leaves."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from hubtrace.queries.pages import UNKNOWN
from hubtrace.queries.report.formats.html import to_html
from hubtrace.queries.report.records import Report
from tests.browser import OpenPage
from tests.queries.report.conftest import Document
from tests.queries.report.worlds import ATTACKS

_COLUMNS = {
    5: "stability",
    7: "upstream_commits",
    8: "downstream_commits",
    10: "switch_count",
    11: "median_lag_days",
    12: "left_behind",
}
"""Cells of a row in the table of families, and where the JSON has them."""


def _at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list | tuple) else document[step]
    return document


def _reads(text: str, value: float | None) -> bool:
    """Return True if a person reads this value in the text, to its last digit."""
    if value is None:
        return text in (UNKNOWN, "")
    if text.startswith("<"):
        return value < float(text[1:])
    digits: int = len(text.partition(".")[2])
    return bool(abs(float(text.replace(",", "")) - value) <= 0.5 * 10**-digits + 1e-9)


def test_every_number_is_that_of_the_json(
    study_page: Path, study_document: Document, open_page: OpenPage
) -> None:
    opened = open_page(study_page)
    figures = opened.page.locator("data[data-json]").evaluate_all(
        "all => all.map(e => [e.dataset.json, e.value, e.textContent])"
    )
    assert len(figures) > 400
    for path, value, text in figures:
        expected = _at(study_document, path)
        assert _reads(text, expected), (path, text, expected)
        assert value == ("" if expected is None else str(expected))
    rows = opened.page.locator("#table tbody tr").evaluate_all(
        "all => all.map(r => [...r.cells].map(c => [c.dataset.v, c.textContent.trim()]))"
    )
    for family, cells in zip(study_document["families"], rows, strict=True):
        assert cells[0][1] == family["family"]
        for column, key in _COLUMNS.items():
            assert _reads(cells[column][1], family[key]), (family["family"], key, cells)
        assert cells[3][1] == family["code"]
    opened.assert_quiet()


def test_it_sorts_by_every_kind_of_column(study_page: Path, open_page: OpenPage) -> None:
    opened = open_page(study_page)
    shown = opened.page

    def column(number: int) -> list[str]:
        cells = shown.locator(f"#table tbody tr > :nth-child({number})")
        return [text.strip() for text in cells.all_text_contents()]

    button = shown.get_by_role("button", name="Left behind")
    button.click()
    values = [int(text.replace(",", "")) for text in column(13)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 1_000
    button.press("Enter")
    assert column(13) == [f"{value:,}" for value in reversed(values)]
    header = shown.locator("#table th", has_text="Left behind")
    assert header.get_attribute("aria-sort") == "ascending"
    shown.get_by_role("button", name="Pattern").click()
    assert column(4) == sorted(column(4))
    assert shown.locator("#table th[aria-sort=ascending]").all_text_contents() == ["Pattern"]
    ordered = column(4)
    assert shown.evaluate("location.hash").startswith("#sort=")
    shown.reload()  # the address is passed on
    assert column(4) == ordered
    assert shown.locator("#table th[aria-sort=ascending]").all_text_contents() == ["Pattern"]
    assert opened.errors == []


def test_it_searches_and_filters(study_page: Path, open_page: OpenPage) -> None:
    opened = open_page(study_page)
    shown, rows = opened.page, opened.page.locator("#table tbody tr:visible")
    shown.get_by_label("Search families and projects").fill("LM-Evaluation-harness")
    assert rows.count() == 1, "by the name of a repository, in any case"
    assert shown.locator("#shown").text_content() == "1 of 43 families"
    assert shown.locator("details.family:visible").count() == 1
    shown.get_by_label("Search families and projects").fill("no such family")
    assert rows.count() == 0
    assert shown.get_by_text("No family is like that.").is_visible()
    shown.get_by_label("Search families and projects").fill("")
    shown.get_by_label("Only those to look at").check()
    assert rows.count() == 14
    shown.get_by_role("combobox").select_option("CSS")
    codes = shown.locator("#table tbody tr:visible > :nth-child(4)").all_text_contents()
    assert set(codes) == {"CSS"}
    opened.assert_quiet()


def _readout(shown: Page, section: int) -> str:
    return shown.locator("details.family").nth(section).locator(".readout").text_content() or ""


def test_a_timeline_is_read_and_zoomed_without_a_mouse(
    study_page: Path, study_document: Document, open_page: OpenPage
) -> None:
    opened = open_page(study_page)
    shown, family = opened.page, study_document["families"][0]
    shown.get_by_role("link", name=family["family"]).first.press("Enter")
    plot = shown.locator("details.family").first.get_by_role("slider")
    plot.focus()
    plot.press("ArrowRight")
    first = dict(family["projects"][0]["periods"])[0]
    said = _readout(shown, 0)
    assert re.match(r"2022-04-06 to 2022-04-\d\d: ", said)
    assert f"{family['projects'][0]['name']} {first} commits" in said
    assert plot.get_attribute("aria-valuetext") == said
    plot.press("End")
    assert plot.get_attribute("aria-valuenow") == str(family["periods"])
    width = "document.querySelector('details.family rect.cursor').getBoundingClientRect().width"
    shown.locator("details.family").first.get_by_role("button", name="Show all").click()
    before = shown.evaluate(width)
    plot.press("+")
    assert shown.evaluate(width) == pytest.approx(2 * before, rel=0.1)
    shown.locator("details.family").first.get_by_role("button", name="Show all").click()
    assert shown.evaluate(width) == pytest.approx(before, rel=0.1)
    plot.press("Escape")
    assert f"{len(family['shared_periods'])} with both sides active" in _readout(shown, 0)
    opened.assert_quiet()


def test_a_timeline_is_read_by_pointing_and_moved_by_dragging(
    study_page: Path, study_document: Document, open_page: OpenPage
) -> None:
    opened = open_page(study_page)
    shown = opened.page
    shown.goto(f"{study_page.resolve().as_uri()}#family-EleutherAI_gpt")
    section = shown.locator("#family-EleutherAI_gpt")
    plot = section.locator(".plot")
    box = plot.bounding_box()
    assert box is not None
    shown.mouse.move(box["x"] + 1, box["y"] + 40)
    assert _readout(shown, 1).startswith("2020-08-28 to ")
    section.get_by_role("button", name="Zoom in").click()
    ticks = section.locator("svg text").all_text_contents()
    shown.mouse.move(box["x"] + 300, box["y"] + 40)
    shown.mouse.down()
    shown.mouse.move(box["x"] + 10, box["y"] + 40)
    shown.mouse.up()
    assert section.locator("svg text").all_text_contents() != ticks
    shown.mouse.move(box["x"], box["y"] - 60)
    shown.keyboard.press("Escape")
    assert "24 switches" in _readout(shown, 1)
    assert len(study_document["families"][1]["switches"]) == 24
    opened.assert_quiet()


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_it_fits_the_window(study_page: Path, open_page: OpenPage, width: int) -> None:
    opened = open_page(study_page, width=width)
    wide = "document.documentElement.scrollWidth"
    assert opened.page.evaluate(wide) == width
    opened.page.locator("details.family").nth(3).scroll_into_view_if_needed()
    opened.page.locator("details.family").nth(3).locator("svg").wait_for()
    assert opened.page.evaluate(wide) == width
    opened.assert_quiet()


def test_it_prints_every_open_timeline(study_page: Path, open_page: OpenPage) -> None:
    opened = open_page(study_page)
    assert opened.page.pdf().startswith(b"%PDF")
    assert opened.page.locator("figure.timeline svg").count() == 43
    opened.assert_quiet()


def test_colours_differ_in_the_dark(study_page: Path, open_page: OpenPage) -> None:
    colours = {
        scheme: open_page(study_page, color_scheme=scheme).page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 28)"}


def test_hostile_text_is_text(
    hostile_report: Report, hostile_document: Document, tmp_path: Path, open_page: OpenPage
) -> None:
    text = to_html(hostile_report)
    assert len(text) < 500_000, "a megabyte is cut"
    place = tmp_path / "report.html"
    place.write_text(text, "utf-8")
    opened = open_page(place)
    shown = opened.page
    title = shown.title()
    shown.get_by_role("button", name="Open all").click()
    for i in range(len(hostile_document["families"])):
        section = shown.locator("details.family").nth(i)
        section.scroll_into_view_if_needed()
        section.locator("svg").wait_for()
        section.get_by_role("slider").press("ArrowRight")
    assert shown.title() == title == "Synchronization report on 9 model families"
    assert shown.locator("img, iframe, object, embed").count() == 0
    targets = shown.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert [target for target in targets if not target.startswith("#")] == []
    names = shown.locator("#table tbody th").all_text_contents()
    assert ATTACKS[0] in names
    assert not any(char in "".join(names) for char in "\u202e\u2066\x1b\x07\x00")
    assert "\\u202eevil\\u2066 \\x1b[31mred\\x07\\x0anew line" in "".join(names)
    opened.assert_quiet()


def test_a_thousand_rows_sort_at_once(
    study_report: Report, tmp_path: Path, open_page: OpenPage
) -> None:
    """The real figures are in benchmarks; this only fails where sorting has become quadratic."""
    families = [replace(study_report.families[i % 43], family=f"family {i}") for i in range(1_000)]
    place = tmp_path / "report.html"
    place.write_text(to_html(replace(study_report, families=tuple(families))), "utf-8")
    assert place.stat().st_size < 5_000_000
    shown = open_page(place).page
    begin = time.perf_counter()
    shown.get_by_role("button", name="Left behind").click()
    shown.evaluate("document.body.offsetHeight")
    assert time.perf_counter() - begin < 10
    assert shown.locator("figure.timeline").count() == 0, "nothing is drawn before it is asked for"
