"""A page escapes what it shows, runs nothing but our scripts, and asks no network."""

from pathlib import Path

import jinja2
import pytest

from hubtrace.queries.pages import _environment, render
from tests.browser import OpenPage

HOSTILE = "</title><script>document.title='owned'</script>]]>\u202e\x1b[31m&<img src=x onerror=y>"


def test_a_value_that_is_missing_is_an_error() -> None:
    environment = _environment()
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ missing }}").render()


def test_what_a_template_prints_is_visible_and_escaped() -> None:
    template = _environment().from_string(
        "{{ text }}|{{ gone }}|{{ n }}|{{ at|date }}|{{ never|date }}"
    )
    shown = template.render(text="<\x1b>", gone=None, n=0, at=90_000, never=None)
    assert shown == "&lt;\\x1b&gt;||0|1970-01-02 01:00|never"


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, open_page: OpenPage) -> None:
    data = {"</script><script>document.title='owned'</script>": HOSTILE}
    place = tmp_path / "page.html"
    place.write_text(render("pages/base.html", title=HOSTILE, data=data))
    opened = open_page(place)
    assert opened.page.title() == HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")
    assert opened.page.locator("script").count() == 1, "the data and nothing else"
    read = opened.page.evaluate("() => JSON.parse(document.getElementById('data').textContent)")
    assert read == data
    opened.assert_quiet()


def test_a_script_of_somebody_else_is_refused(tmp_path: Path, open_page: OpenPage) -> None:
    text = render("pages/base.html", title="still")
    text = text.replace("</main>", "<script>document.title = 'owned'</script></main>")
    text = text.replace("</main>", '<img src="https://example.org/x.png"></main>')
    place = tmp_path / "page.html"
    place.write_text(text)
    opened = open_page(place)
    assert opened.page.title() == "still"
    assert len([error for error in opened.errors if "Content Security Policy" in error]) == 2
    assert "script-src &#39;none&#39;" in text
