"""A page leads only to the hubs and to the graph's own projects; the rest is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.queries.pages import link

KNOWN = ("http://127.0.0.1:8000/acme/model", "https://git.example.org/acme/code")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/01-ai/Yi/commit/043a50f",
        "http://huggingface.co/01-ai/Yi-6B",
        "https://git.example.org/acme/code",
        "http://127.0.0.1:8000/acme/model/commit/1",
    ],
)
def test_hubs_and_known_places_are_linked(url: str) -> None:
    assert link(url, "here", KNOWN) == (
        f'<a href="{url}" rel="noopener noreferrer nofollow">here</a>'
    )


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)//https://github.com/",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//github.com/x",
        "https://github.com.evil.example/x",
        "https://github.com@evil.example/x",
        "https://me:secret@github.com/x",
        "https://github.com\\@evil.example/x",
        "https://git.example.org/acme/code-evil",
        "https://git.example.org/other",
        "ftp://github.com/x",
        "https://github.com/\u202egpj",
        "https://github.com/a\nb",
        "https://[github.com/x",
        "file:///etc/passwd",
    ],
)
def test_everything_else_is_text(url: str | None) -> None:
    assert link(url, "<b>\x1b", KNOWN) == "&lt;b&gt;\\x1b"


@given(st.text(), st.text())
def test_no_text_makes_a_tag_of_its_own(url: str, text: str) -> None:
    assert link(url, text).count("<") in (0, 2)
    assert link(f"https://github.com/{url}", text).count("<") in (0, 2)
