"""The index of files.toml answers as reading the table entry by entry does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.ingest.change_types import messages
from hubtrace.ingest.change_types.paths import kind_of
from hubtrace.ingest.change_types.rules import file_kinds
from tests.effort import examples
from tests.ingest.change_types import plain_paths

_PIECES = sorted(
    {
        text.strip("*")
        for kind in file_kinds()
        for text in (*kind.names, *kind.folders, *kind.words, *kind.endings)
    }
)
_NAMES = st.lists(
    st.sampled_from([*_PIECES, *(piece.title() for piece in _PIECES)])
    | st.sampled_from(["_", "-", ".", "", "x", "Y", "é", " ", "3"]),
    min_size=1,
    max_size=4,
).map("".join)


@settings(max_examples=examples(5_000))
@given(st.lists(_NAMES, min_size=1, max_size=4))
def test_it_is_the_plain_reading(parts: list[str]) -> None:
    path = "/".join(parts)
    assert kind_of(path) is plain_paths.kind_of(path)


@settings(max_examples=examples(1_000))
@given(st.text(max_size=30))
def test_whatever_a_path_is(path: str) -> None:
    assert kind_of(path) is plain_paths.kind_of(path)


@pytest.mark.parametrize(
    "path",
    ["", "/", "a/", ".", "..", "x" * 5_000, "a/" * 3_000 + "b.py", "." * 2_000, "TESTS/Test.PY"],
)
def test_odd_paths(path: str) -> None:
    assert kind_of(path) is plain_paths.kind_of(path)


def test_an_ending_has_no_more_dots_than_are_looked_for() -> None:
    endings = [ending for kind in file_kinds() for ending in kind.endings]
    assert all(ending.startswith(".") and ending.count(".") <= 2 for ending in endings)


def test_a_star_ends_words_of_lengths_that_are_looked_for() -> None:
    lengths = {len(word) for word in messages._phrases()[1]}
    assert min(lengths) >= messages._NARROWEST
    assert max(lengths) <= messages._WIDEST
