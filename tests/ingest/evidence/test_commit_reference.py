"""`commit_reference` on messages as people and programs write them."""

import pytest

from hubtrace.ingest.evidence import commit_reference, references_in
from hubtrace.ingest.records import Reference

SHA = "2a55fa09d4b870ee8e5ca3aa5b2b7af65d44ed86"
REPOSITORY = "https://github.com/01-ai/Yi"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"Auto Sync from git://github.com/01-ai/Yi.git/commit/{SHA}", (REPOSITORY, SHA, True)),
        ("Sync from 01-ai/Yi via hub-sync", (REPOSITORY, None, True)),
        ("Sync from 01-ai/Yi via huggingface-sync-action", (REPOSITORY, None, True)),
        (f"Release of {REPOSITORY}/tree/{SHA}\n\nMore.", (REPOSITORY, SHA, True)),
        (f"Fix\n\nSee {REPOSITORY}/commit/{SHA}.", (REPOSITORY, SHA, False)),
        (f"As in 01-ai/Yi@{SHA}", (REPOSITORY, SHA, False)),
        (f"Copied from 01-ai/Yi@{SHA}", (REPOSITORY, SHA, True)),
        (f"{REPOSITORY}/tree/main", (REPOSITORY, None, False)),
        (
            "Upload to https://me:hf_secret@huggingface.co/01-ai/Yi-6B",
            ("https://huggingface.co/01-ai/Yi-6B", None, True),
        ),
        (f"Weights for {SHA}", (None, SHA, False)),
    ],
)
def test_what_a_message_names(message: str, expected: tuple[str | None, str | None, bool]) -> None:
    assert references_in(message) == (Reference(*expected),)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Update README.md",
        "Merge pull request #12 from ada/patch-1",
        "Write to ada@example.org and/or ada@users.noreply.github.com",
        f"x{SHA} {SHA}0 {SHA[:39]}",
        f"hash/{SHA}",
        "Sync from somewhere via something",
        "https://example.org/github.com/a/b",
    ],
)
def test_what_names_nothing(message: str) -> None:
    assert references_in(message) == ()


def test_a_commit_is_named_once_and_not_too_many() -> None:
    twice = f"Sync from {REPOSITORY}/commit/{SHA}\n\n{SHA} 01-ai/Yi@{SHA}"
    assert references_in(twice) == (Reference(REPOSITORY, SHA, True),)
    many = " ".join(f"{number:040x}" for number in range(100))
    assert len(references_in(many)) == 20


def test_evidence_of_a_reference_says_if_it_was_a_copy_and_is_known() -> None:
    copy, mention = Reference(REPOSITORY, SHA, True), Reference(REPOSITORY, SHA, False)
    sure = commit_reference("01-ai/Yi", "f" * 40, copy)
    assert (sure.reason, sure.said) == (None, f"from {REPOSITORY} {SHA}")
    assert commit_reference("01-ai/Yi", "f" * 40, copy, missing=True).reason == "unverified"
    assert commit_reference("01-ai/Yi", "f" * 40, mention).reason == "mention"
    assert sure.place == f"commit {'f' * 40}"


@pytest.mark.parametrize(
    ("message", "taken_back"),
    [
        (f'Revert "Fix"\n\nThis reverts commit {SHA}.', [SHA]),
        (f'Reapply "Fix"\n\nThis reverts commit {SHA}.', [SHA]),
        (f"Too slow\n\nThis reverts commit {SHA}, reversing\nchanges made to {SHA[::-1]}.", [SHA]),
        (f"Both\n\nThis reverts commit {SHA}.\nThis reverts commit {SHA[::-1]}.", [SHA, SHA[::-1]]),
        (f"This reverts commit {SHA[:10]}.", []),
        (f"This reverts nothing of {SHA}", []),
    ],
)
def test_what_a_message_takes_back(message: str, taken_back: list[str]) -> None:
    assert [one.sha for one in references_in(message) if one.taken_back] == taken_back
    assert [one for one in references_in(message) if not one.taken_back] == []
