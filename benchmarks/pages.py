"""`report`: making the report of many families from a loaded graph, and using its page.

The page is opened in a real Chromium, sorted and searched there; each is timed inside the page, up
to the frame in which the answer is painted.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.families import Size
from benchmarks.measuring import BenchmarkFailed, Taken, measure
from benchmarks.reporting import Report, Row
from benchmarks.worlds import Workshop
from hubtrace.graph import open_store

SIZE_GOAL, MAKE_GOAL, USE_GOAL = 5.0, 30.0, 1.0
"""MB, seconds, seconds."""

_PAINTED = """
async (act) => {
  const begin = performance.now();
  eval(act);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - begin) / 1000;
}
"""
_SORT = "document.querySelectorAll('#table th button')[11].click()"
_SEARCH = """
{ const field = document.getElementById('search'); field.value = '7';
  field.dispatchEvent(new Event('input')); }
"""
_DRAW = "document.querySelector('details.family').open = true"


def make_report(graph: str, path: str) -> Taken:
    """Ask an open graph for everything and write the page; opening the graph is not timed."""
    from hubtrace.queries.report.build import report
    from hubtrace.queries.report.formats.html import to_html

    with open_store(graph) as store:
        store.run("MATCH (f:Family) RETURN count(f)")
        begin, busy = time.perf_counter(), time.process_time()
        found = report(store)
        asked = time.perf_counter() - begin
        text = to_html(found)
        Path(path).write_text(text, "utf-8")
        seconds = time.perf_counter() - begin
    return Taken(
        seconds,
        {
            "asked": asked,
            "busy": time.process_time() - busy,
            "megabytes": Path(path).stat().st_size / 1e6,
            "families": found.totals.families,
            "switches": found.totals.switches,
        },
    )


def use_page(path: str) -> Taken:
    """Open the page in Chromium, sort and search the table, draw a timeline."""
    from playwright.sync_api import sync_playwright

    from tests.browser import FLAGS, chromium

    program = chromium()
    if program is None:
        raise SystemExit("there is no Chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=[*FLAGS])
        # The benchmark's own evaluations are not the page's scripts.
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(Path(path).as_uri())
        loaded = page.evaluate("performance.getEntriesByType('navigation')[0].duration / 1000")
        facts = {
            name: page.evaluate(_PAINTED, act)
            for name, act in (("sort", _SORT), ("search", _SEARCH), ("draw", _DRAW))
        }
        browser.close()
    return Taken(loaded, facts)


def run(workshop: Workshop, size: Size, repeat: int) -> Iterator[Report]:
    """Measure the report of a world of this size."""
    graph, path = workshop.graph(size), workshop.folder / "report.html"
    made = measure(make_report, {"graph": str(graph), "path": str(path)}, repeat=repeat)
    used = measure(use_page, {"path": str(path)}, repeat=max(repeat, 3))
    megabytes = made.facts["megabytes"]
    report = Report(f"report: {size.families:,} families, {size.commits:,} commits")
    note = f"processor time {made.facts['busy']:.1f} s; {made.facts['switches']:,} switches"
    report.rows.extend(
        [
            Row.of("making it from a loaded graph", made, goal=f"< {MAKE_GOAL:g} s", note=note),
            Row("size of the page", note=f"{megabytes:.2f} MB", goal=f"< {SIZE_GOAL:g} MB"),
            Row.of("opening it in Chromium", used, goal=f"< {USE_GOAL:g} s"),
            Row("sorting by a column, painted", used.facts["sort"], goal=f"< {USE_GOAL:g} s"),
            Row("searching, painted", used.facts["search"]),
            Row("opening a family, its timeline painted", used.facts["draw"]),
        ]
    )
    yield report
    if megabytes >= SIZE_GOAL:
        raise BenchmarkFailed(f"the page has {megabytes:.2f} MB")
