"""Texts that were made to hurt are read in bounded time, and nothing of them takes effect."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.ingest.evidence import in_repository, in_variant, references_in
from hubtrace.ingest.evidence.bounded_yaml import read_yaml
from hubtrace.ingest.evidence.shell import commands
from hubtrace.ingest.records import Paper
from tests.ingest.evidence.texts import repository, variant

MILLION = 1 << 20
PAPER = Paper("2508.10157", "https://github.com/acme/x")
LINK = " https://github.com/acme/x "

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{new}: &{new} [{', '.join(f'*{old}' for _ in range(9))}]"
    for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


@contextmanager
def quickly(limit: float = 4.0) -> Iterator[None]:
    """Fail after so many seconds of processor time."""
    began = time.process_time()
    yield
    assert time.process_time() - began < limit


@pytest.mark.parametrize(
    "unit",
    ["a", "[", "![[", "[a](", "*a", "<a href='", "> ", "<!--", "- a\n", "\\", "`a", "a|b\n-|-\n"],
)
def test_a_million_characters_of_markdown(unit: str) -> None:
    lines = (unit * (4_000 // len(unit)) + LINK) * (MILLION // 4_000)
    with quickly():
        in_variant("acme/m", variant("acme/m", LINK + "\n\n" + lines))


@pytest.mark.parametrize("before", ["like " + "-" * 150, "using " + "a-" * 80, "code " * 40])
def test_words_before_a_link_cannot_be_made_slow(before: str) -> None:
    with quickly(1.0):
        in_variant("acme/m", variant("acme/m", f"{before}a{LINK}\n\n" * 20))


@pytest.mark.parametrize("start", ["<![CDAT ]]>", "<frameset>", "<b>" * 1_300, "<!x", "\0\ud800"])
def test_no_html_is_an_error_or_hides_what_follows(start: str) -> None:
    link = '<a href="https://github.com/acme/x">code</a>'
    for card in (f"<div>\n{start}{link}\n</div>\n\n{link}", f"words {start}\n\n{link}"):
        assert {one.repository for one in in_variant("acme/m", variant("acme/m", card))} == {
            "acme/x"
        }


def test_deep_nesting() -> None:
    nested = "".join(f"{'  ' * depth}- x{LINK}\n" for depth in range(1_000))
    with quickly():
        in_repository("acme/x", repository("acme/x", readme=nested + "> " * 5_000))


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: &a [*a]",
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "&a " * 1_000,
        "x: *nobody",
        "? ? ?",
        "!!python/object/apply:os.system [echo]",
        "a" * MILLION,
    ],
)
def test_hostile_yaml_is_not_built(text: str) -> None:
    with quickly():
        built = read_yaml(text)
        assert built is None or built == ["echo"]
        in_repository("acme/x", repository("acme/x", workflow=text))
        in_variant("acme/m", variant("acme/m", f"---\ngithub: {text}\n---\n"))


def test_a_matrix_of_a_billion_cells_is_cut() -> None:
    axes = "\n".join(f"        a{n}: [{', '.join('abcdefghij')}]" for n in range(9))
    workflow = (
        f"on: push\njobs:\n  a:\n    strategy:\n      matrix:\n{axes}\n"
        "    steps:\n      - run: hf upload acme/${{ matrix.a8 }} x\n"
    )
    with quickly():
        found = in_repository("acme/x", repository("acme/x", workflow=workflow))
    assert len(found) == 10


def test_scripts_that_grow_are_cut() -> None:
    script = "A=aaaaaaaaaa\n" + "A=$A$A$A$A$A$A$A$A$A$A\n" * 400 + "hf upload acme/$A x"
    with quickly():
        assert all(len(word) <= 20_000 for one in commands(script, {}) for word in one.words)


def test_a_message_without_an_end() -> None:
    with quickly():
        assert len(references_in(LINK * 40_000)) == 1
        references_in("a/" * MILLION)
        references_in("sync from " * 100_000)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert('https://github.com/acme/x')",
        "https://github.com/acme/<script>",
        "https://github.com/acme/x\u202e",
        "https://github.com/acme/$(id)",
        "https://github.com/acme/x'; DROP",
    ],
)
def test_a_name_is_a_name_or_there_is_no_evidence(link: str) -> None:
    for card in (f"[x]({link})", f"<{link}>", f'<a href="{link}">x</a>', link):
        for one in in_variant("acme/m", variant("acme/m", card)):
            assert one.repository in ("acme/x", "acme/$")


def test_credentials_are_nowhere_in_evidence() -> None:
    card = "Code: https://bob:hf_secret@github.com/acme/x and https://t0ken@github.com/acme/y"
    for one in in_variant("acme/m", variant("acme/m", card)):
        assert "hf_secret" not in repr(one)
        assert "t0ken" not in repr(one)


@pytest.mark.parametrize(
    ("parser", "error"),
    [
        ("markdown_it.MarkdownIt.parse", RecursionError()),
        ("selectolax.lexbor.LexborHTMLParser", AssertionError("an odd tag")),
        ("yaml.parse", MemoryError()),
        ("ast.parse", SystemError("an error of the interpreter")),
    ],
)
def test_a_text_that_breaks_its_parser_is_unreadable_and_all_else_goes_on(
    monkeypatch: pytest.MonkeyPatch, parser: str, error: Exception
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise error

    text = f"github: {LINK}\n"
    card = replace(variant("acme/m", f"---\n{text}---\n<b>{LINK}</b>"), papers=(PAPER,))
    run = "jobs:\n a:\n  steps:\n   - run: python -c 'push_to_hub(1)'\n   - run: hf upload acme/m"
    code = repository("acme/x", readme="<b>https://hf.co/acme/m</b>", workflow=run)
    monkeypatch.setattr(parser, breaks)
    unread: list[str] = []
    found = in_variant("acme/m", card, unread)
    of_code = in_repository("acme/x", code, unread)
    names = {line.partition(" is unreadable (")[0] for line in unread}
    places = {"acme/m: README.md", "acme/x: README.md", "acme/x: .github/workflows/publish.yml"}
    assert names
    assert names <= places
    assert all(type(error).__name__ in line for line in unread)
    assert "paper_repository" in {one.method for one in found}
    assert of_code or len(names) > 1


MARKUP = st.lists(
    st.sampled_from(
        [
            *("[", "](", ")", "<", ">", "<a href=", "</a>", "`", "```\n", "|", "\n", "\n\n", "- "),
            *("> ", "    ", "#", "---\n", "*", "!", "&#0;", "\\", "\0", "\r", "\u2028", "[x]: "),
            *("<!--", ":", LINK, "hf.co/a/b", "${{", "}}", "jobs:", "run: ", "$", "'", '"', "%zz"),
        ]
    ),
    max_size=60,
).map("".join)


def test_half_characters_in_a_link_hide_no_other() -> None:
    unread: list[str] = []
    text = f"[a](\ud800\udfff) {LINK}"
    found = in_variant("acme/m", variant("acme/m", text), unread)
    assert unread == []
    assert found == in_variant("acme/m", variant("acme/m", f"[a](x) {LINK}"), unread)


@given(MARKUP)
def test_no_text_is_an_error(text: str) -> None:
    in_variant("acme/m", variant("acme/m", text + LINK))
    in_repository("acme/x", repository("acme/x", readme=text + LINK, workflow=text))
    references_in(text)
    list(commands(text, {"A": "$A"}))


@pytest.mark.parametrize(
    "script",
    [
        "for a in $(x); do " * 3_000,
        "for a in 1 2 3; do for b in 1 2 3; do for c in 1 2 3; do " * 300 + "x; " * 300,
        "a=$a$a\n" * 2_000 + "hf upload $a .",
        "'" * 9_999,
        "((((" * 4_000,
        "cat <<X\n" * 2_000,
        "python -c '" + "(" * 9_000 + "'",
        "python -c 'f" + ".a" * 9_000 + "()'",
        "python -c '" + "x = x + x; " * 900 + "push_to_hub(x)'",
        "python - <<P\ndef f(a='b/c'):\n" + " f(a)\n" * 900 + " push_to_hub(a)\nf()\nP",
        "python -c 'push_to_hub(" + "+".join(['"a"'] * 2_000) + ")'",
    ],
    ids=list("abcdefghijk"),
)
def test_scripts_of_any_shape_are_read_in_bounded_time(script: str) -> None:
    workflow = {"jobs": {"a": {"steps": [{"run": script, "env": {"HF_X": "1"}}]}}}
    with quickly():
        list(in_repository("o/r", repository("o/r", workflow=json.dumps(workflow))))
