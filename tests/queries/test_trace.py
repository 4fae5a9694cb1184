"""`trace` goes both ways: from a commit to the models, from a file to its origin."""

from typing import Any

import pytest

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.store import GraphStore
from hubtrace.queries.catalogue import ask
from hubtrace.queries.provenance import Trace, trace
from tests.queries.traced import (
    CODE,
    DERIVED,
    DRAFT,
    ELSEWHERE,
    FIRST,
    HOSTILE,
    LICENCE,
    MODEL,
    NEVER,
    OTHER,
    REPOSITORY,
    SECOND,
    SYNCED,
    TAKEN,
    WEIGHTS,
    traced,
)
from tests.queries.worlds import DAY, at


@pytest.fixture
def world(store: GraphStore) -> GraphStore:
    """The traced world on each store."""
    traced().write(store)
    return store


def _files(found: Trace) -> list[tuple[str, str, str | None, str, int | None, float]]:
    return [
        (
            copy.path,
            copy.repository,
            copy.origin_sha,
            copy.copied_sha,
            copy.lag_seconds,
            copy.weight,
        )
        for copy in found.copies
    ]


OF_CODE = [
    ("code.py", REPOSITORY, FIRST, TAKEN, 2 * DAY, 0.5),
    ("code.py", OTHER, ELSEWHERE, TAKEN, -2 * DAY, 0.5),
]
OF_LICENCE = [("LICENSE", REPOSITORY, FIRST, TAKEN, 2 * DAY, 0.0)]
OF_DRAFT = [(HOSTILE, REPOSITORY, NEVER, SYNCED, 7 * DAY, 1.0)]
OF_WEIGHTS = [("w.bin", REPOSITORY, None, SYNCED, -DAY, 1.0)]


def test_every_way_to_point_at_something(world: GraphStore) -> None:
    """One store has to be filled once; each line is a target and the files that it answers."""
    expected = {
        # commits of repositories: what came of them
        FIRST: [*OF_LICENCE, OF_CODE[0]],
        FIRST[:10].upper(): [*OF_LICENCE, OF_CODE[0]],
        f"https://github.com/o/r/commit/{FIRST[:8]}": [*OF_LICENCE, OF_CODE[0]],
        SECOND: [],
        NEVER: OF_DRAFT,
        # commits of models: what is in them
        TAKEN: [*OF_LICENCE, *OF_CODE],
        f"https://huggingface.co/o/m/commit/{SYNCED}": [*OF_DRAFT, *OF_WEIGHTS],
        # a blob, a file and all files of a model
        CODE: OF_CODE,
        "o/m:code.py": OF_CODE,
        "O/M/code.py": OF_CODE,
        f"o/m@{TAKEN[:9]}:code.py": OF_CODE,
        "o/m@main:code.py": [],
        "https://huggingface.co/o/m/blob/main/LICENSE": OF_LICENCE,
        f"https://huggingface.co/o/m/resolve/{TAKEN}/LICENSE?download=true": OF_LICENCE,
        "o/m:nothing.py": [],
        "https://huggingface.co/o/m/tree/main": [*OF_DRAFT, *OF_LICENCE, *OF_WEIGHTS],
        "o/m": [*OF_DRAFT, *OF_LICENCE, *OF_CODE, *OF_WEIGHTS],
        # a file and all files of a repository
        "https://github.com/o/r/blob/main/src/code.py": OF_CODE[:1],
        "https://api.github.com/repos/o/other/contents/src/code.py": OF_CODE[1:],
        "https://github.com/o/r/tree/feature/x/src/code.py": OF_CODE[:1],
        "https://raw.githubusercontent.com/o/r/refs/heads/main/src/code.py": OF_CODE[:1],
        "git@github.com:o/other.git": OF_CODE[1:],
        "gh:o/other": OF_CODE[1:],
        "o/other": OF_CODE[1:],
    }
    assert {target: _files(trace(world, target)) for target in expected} == expected


def test_what_is_known_of_a_copy(world: GraphStore) -> None:
    here, there = trace(world, "o/m:code.py").copies
    assert (here.first, there.first) == (True, False)
    assert (here.origin_at, here.landed_at, here.copied_at, here.gone_at) == (
        *(at(1), at(1)),
        *(at(3), at(9)),
    )
    (draft,) = trace(world, NEVER).copies
    assert (draft.origin_at, draft.landed_at, draft.first) == (at(2), None, True)
    (asset,) = trace(world, "o/m:w.bin").copies
    assert (asset.kind, asset.origin_at, asset.landed_at) == ("asset", at(10), None)


def test_who_carries_files_now_by_path_and_by_content(world: GraphStore) -> None:
    asked: dict[str, Any] = {"repository": REPOSITORY, "paths": [f"src/{HOSTILE}", "src/code.py"]}
    found = ask(world, "carriers", **asked, blobs=[WEIGHTS, CODE]).data()
    assert [(row["path"], row["blob"], row["origin_sha"]) for row in found] == [
        (HOSTILE, DRAFT, NEVER),
        ("w.bin", WEIGHTS, None),  # the code is gone from the model's head
    ]
    assert {(row["variant"], row["repository"]) for row in found} == {(MODEL, REPOSITORY)}
    assert [row["path"] for row in ask(world, "carriers", blobs=[LICENCE])] == ["LICENSE"]


def test_commits_that_name_each_other_are_told_from_both_ends(world: GraphStore) -> None:
    (named,) = trace(world, SECOND).references
    assert (named.direction, named.other_sha, named.project) == ("named_by", SYNCED, MODEL)
    (names,) = trace(world, SYNCED).references
    assert (names.direction, names.other_sha, names.project) == ("names", SECOND, REPOSITORY)
    (place,) = trace(world, SECOND).places
    assert (place.name, place.side, place.at, place.landed_at) == ("o/r", "upstream", at(8), at(8))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("0000000", "there is no commit 0000000 in the graph"),
        ("0" * 40, f"the graph has no commit {'0' * 40}, and no variant's file of that id"),
        ("o/mm", "the graph has no project 'o/mm'; did you mean `o/m`?"),
        ("https://github.com/o/m", "the graph has no repository 'https://github.com/o/m'"),
        (f"https://github.com/o/other/commit/{FIRST}", f"o/other has no commit {FIRST}"),
        ("o/m@v9:code.py", "o/m has no revision `v9` in the graph"),
        (f"o/m@{DERIVED}:code.py", f"o/m has no revision `{DERIVED}` in the graph"),
        ("https://github.com/o/r/blob/v9/src/code.py", "o/r has no revision `v9` in the graph"),
        ("https://huggingface.co/papers/2508.10157", "is a paper, not a model"),
        ("https://github.com/topics/llm", "is not a page of a repository"),
        ("https://huggingface.co/datasets/o/m", "is a data set, not a model"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(
    world: GraphStore, target: str, sentence: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        trace(world, target)
    assert sentence in str(caught.value)


def test_letters_that_several_commits_begin_with_are_refused(store: GraphStore) -> None:
    made = traced()
    for number in range(8):
        made.commit("Repository", REPOSITORY, f"abcdef0{number}" + "0" * 32, at(number))
    made.write(store)
    with pytest.raises(CatalogueError, match="abcdef0 could be 8 commits"):
        trace(store, "abcdef0")
    assert trace(store, "abcdef03").places[0].at == at(3)
