"""The rule for text is reversible, and leaves text that is UTF-8 alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtrace.graph.text import (
    as_json,
    for_markdown,
    for_people,
    json_text,
    masked,
    to_bytes,
    to_text,
    without_addresses,
    without_commands,
)

BLOCK = st.characters(min_codepoint=0x10FE70, max_codepoint=0x10FF10)


@given(st.binary() | st.text(st.characters(codec="utf-8") | BLOCK).map(str.encode))
def test_bytes_come_back_exactly_and_the_text_is_valid(raw: bytes) -> None:
    text = to_text(raw)
    text.encode()
    assert to_bytes(text) == raw


@given(st.text(st.characters(codec="utf-8", max_codepoint=0x10FDFF)))
def test_utf8_is_left_as_it_was(text: str) -> None:
    assert to_text(text.encode()) == text


@given(st.binary(), st.binary())
def test_different_bytes_are_different_text(one: bytes, other: bytes) -> None:
    assert (to_text(one) == to_text(other)) == (one == other)


def test_people_see_what_would_act_on_their_terminal() -> None:
    raw = b"a\xff\x1b[31m\n\xe2\x80\xaeb\xf0\x9f\x98\x80"
    assert for_people(to_text(raw)) == "a\\xff\\x1b[31m\\x0a\\u202eb\U0001f600"


@given(st.binary())
def test_what_people_see_is_printable(raw: bytes) -> None:
    assert for_people(to_text(raw)).isprintable()


def test_markdown_shows_what_would_be_a_link_or_markup_in_it() -> None:
    shown = for_markdown("<b>|[a](http://x.y) @ada www.x.y WWW.x *b*\n")
    assert shown == (
        "\\<b\\>\\|\\[a\\](http:\u200b//x.y) @\u200bada www\u200b.x.y WWW\u200b.x \\*b\\*\\\\x0a"
    )


@given(st.text() | st.sampled_from(["\x9b2J\x7f", "\u202e", "\ud800", "##[error]x", "\U0010fe80"]))
def test_json_is_the_same_and_nothing_in_it_acts_on_a_terminal(text: str) -> None:
    document = as_json({"a": [text], text: 1})
    assert json.loads(document) == {"a": [text], text: 1}
    assert document.replace("\n", "").isprintable()
    assert "##[" not in document


def test_no_line_of_a_log_is_a_command_to_the_program_that_keeps_it() -> None:
    assert for_people("::error::owned") == ":\\x3aerror::owned"
    assert for_people(" ::add-mask::x") == " :\\x3aadd-mask::x"
    assert for_people("remote: ##[error]owned") == "remote: ##\\x5berror]owned"
    assert for_people("std::move # [x]") == "std::move # [x]"
    lines = without_commands("a::b\n \t::error::x\r::y\n##[z]")
    assert lines == "a::b\n \t:\\x3aerror::x\r:\\x3ay\n##\\x5bz]"


@pytest.mark.parametrize(
    ("prose", "kept"),
    [
        ("Reviewed by Ada <ada@example.org>.", "Reviewed by Ada <(e-mail)>."),
        ("[mail](mailto:a.b+c@mail.example.org)", "[mail](mailto:(e-mail))"),
        ("ada@example.org, bob@example.org", "(e-mail), (e-mail)"),
        *[(same, same) for same in (
            *("git clone git@github.com:o/r.git", "https://u@github.com/o/r", "deploy@host.de:a/b"),
            *("uses: actions/checkout@v4.1", "lodash@4.17.21", "@ada", "a @ b.c"),
        )],
        ("a" * 1_000_000 + "@", "a" * 1_000_000 + "@"),
        ("a@" * 500_000, "a@" * 500_000),
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_prose_is_kept_without_addresses(prose: str, kept: str) -> None:
    assert without_addresses(prose) == kept


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("refs/heads/users/ada@example.org/fix", "refs/heads/users/(e-mail)/fix"),
        ("ada.l@example.co.uk", "(e-mail)"),
        ("data/ada@example.org.json", "data/(e-mail).json"),
        ("wip-ada@example.com-2", "(e-mail)-2"),
        ("https://h/o/n refs/heads/ada@x.org", "https://h/o/n refs/heads/(e-mail)"),
        *[(same, same) for same in (
            *("org/model@v1.rc:config.json", "org/model@main", "pkg:huggingface/o/m@0123abc"),
            *("git@github.com:o/n", "https://h/x/ada@example.org", "deploy@host.de:a/b", "a@b"),
            *("/home/ada@example.org/g.kgl", "cannot read '/home/ada@example.org/g': no"),
        )],
        ("a/" * 300_000 + "@", "a/" * 300_000 + "@"),
        ("a" * 1_000_000 + "@", "a" * 1_000_000 + "@"),
        ("/a@b." * 200_000, "/a@b." * 200_000),
        ("a@" + "com." * 200_000, "(e-mail)."),
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_names_are_shown_without_addresses(name: str, shown: str) -> None:
    assert masked(name) == shown
    if len(name) < 100:
        assert for_people(name) == shown
        assert json.loads(as_json([f"\n{name}"])) == [f"\n{shown}"]


def test_no_number_is_written_that_json_does_not_have() -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    body = {"a": [1e308 * 10, -1e308 * 10, {"b": 1e308 * 10 - 1e308 * 10}], "c": 0.1}
    for document in (as_json(body), json_text(body)):
        read = json.loads(document, parse_constant=refuse)
        assert read == {"a": ["Infinity", "-Infinity", {"b": "NaN"}], "c": 0.1}
