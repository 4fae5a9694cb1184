"""`why` tells every path between two projects, each in a sentence."""

import pytest

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import later
from hubtrace.graph.store import GraphStore
from hubtrace.queries.provenance import why
from tests.queries.traced import HOSTILE, MODEL, REPOSITORY, traced


@pytest.fixture
def world(store: GraphStore) -> GraphStore:
    """The traced world on each store."""
    traced().write(store)
    return store


def test_a_project_is_found_by_the_name_that_it_had(world: GraphStore) -> None:
    assert why(world, "o/m", "old/r").repository.key == REPOSITORY


def test_every_path_is_a_sentence(world: GraphStore) -> None:
    found = why(world, "o/m", "https://github.com/o/r")
    assert (found.variant.key, found.repository.key) == (MODEL, REPOSITORY)
    assert [(path.kind, path.sentence) for path in found.paths] == [
        (
            "link",
            "They are linked with confidence 0.90, best by same_blob, by 2 observations: "
            "the variant is of the repository's family.",
        ),
        ("family", "The family fam releases the variant and is built in the repository."),
        (
            "file",
            f"`{HOSTILE}` is, byte for byte, `src/{HOSTILE}` of commit a3a3a3a3a3 (2024-01-03), "
            "which never landed. The variant took it 7 days later, in b2b2b2b2b2 (2024-01-10). "
            "No other repository holds it (weight 1).",
        ),
        (
            "file",
            "`w.bin` is, by SHA-256 and size, the release asset `src/w.bin` of 2024-01-11. "
            "The variant had it 24 hours earlier, in b2b2b2b2b2 (2024-01-10): it flowed back. "
            "No other repository holds it (weight 1).",
        ),
        (
            "file",
            "`code.py` is, byte for byte, `src/code.py` of commit aa11000000 (2024-01-02). "
            "The variant took it 2 days later, in b1b1b1b1b1 (2024-01-04), and replaced or removed "
            "it on 2024-01-10. 2 repositories hold it (weight 0.5), and this one had it first.",
        ),
        (
            "file",
            "`LICENSE` is, byte for byte, `src/LICENSE` of commit aa11000000 (2024-01-02). "
            "The variant took it 2 days later, in b1b1b1b1b1 (2024-01-04). "
            "Everybody has this file, so it proves nothing (weight 0).",
        ),
        (
            "evidence",
            "Evidence card_link (strength 0.50, worth less because of badge), at README.md:3: "
            "said so",
        ),
        (
            "reference",
            "Commit b2b2b2b2b2 of the variant “Sync” names commit aa22000000 of the repository; "
            "the variant's is 24 hours later.",
        ),
        (
            "person",
            "ann made 1 commit of the variant and 1 commit of the repository "
            "(the same key on both sides).",
        ),
    ]


def test_a_file_that_another_repository_had_earlier_says_so(world: GraphStore) -> None:
    (path,) = why(world, "O/M", "o/other").paths
    assert path.weight == 0.5
    assert "and another one had it earlier" in path.sentence
    assert "2 days earlier, in b1b1b1b1b1 (2024-01-04): it flowed back" in path.sentence


def test_a_model_is_joined_through_what_it_was_made_from(world: GraphStore) -> None:
    (path,) = why(world, "x/child", "o/r").paths
    assert path.sentence == (
        "The variant is a finetune of o/m; that one is released by the family fam, built there "
        "and is linked to the repository with confidence 0.90 and has 3 files of the repository."
    )
    assert [p.kind for p in why(world, "x/child", "o/other").paths] == ["base"]


@pytest.mark.parametrize(
    ("variant", "repository", "sentence"),
    [
        ("o/x", "o/r", "the graph has no variant 'o/x'; did you mean `o/m`?"),
        ("o/m", "o/m", "the graph has no repository 'o/m'; did you mean `o/r`?"),
        ("https://github.com/o/r", "o/r", "is a repository, not a variant"),
        ("hf.co/o/m/tree/main", "o/r", "points into o/m, and only the whole of it"),
        ("o/m", "gh:o/r@main", "points into o/r, and only the whole of it"),
        ("o/m", "https://huggingface.co/o/m", "is a variant, not a repository"),
    ],
)
def test_who_is_not_there_is_said(
    world: GraphStore, variant: str, repository: str, sentence: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        why(world, variant, repository)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 minutes later"),
        (-60, "1 minute earlier"),
        (3_600, "1 hour later"),
        (172_799, "47 hours later"),
        (172_800, "2 days later"),
        (-400 * 86_400, "400 days earlier"),
    ],
)
def test_a_lag_in_words(seconds: int, words: str) -> None:
    assert later(seconds) == words
