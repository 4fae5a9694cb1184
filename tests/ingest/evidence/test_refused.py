"""A commit that a message undoes, warns of or takes for a bound is no origin."""

import pytest

from hubtrace.ingest.evidence import references_in

A, B = "2a55fa09d4b870ee8e5ca3aa5b2b7af65d44ed86", "b" * 40
NAME, PAGE = "acme/code", "https://github.com/acme/code"


@pytest.mark.parametrize(
    "message",
    [
        f'Revert "x"\n\nThis reverts commit {A}.',
        f"Merge back\n\nThis reverts commit {B}, reversing\nchanges made to {A}.",
        f'Revert "Sync: built from {NAME}@{A}"',
        f"Undo {NAME}@{A}",
        f"Undo the update to {NAME}@{A}",
        f"Roll back {NAME}@{A}",
        f"Rollback: {A}",
        f"Back out {PAGE}/commit/{A}",
        f"Do not use {A}, it is broken",
        f"Don't use: {NAME}@{A}",
        f"Not built from {NAME}@{A}",
        f"{NAME}@{A} is broken, wait for the next one",
        f"{PAGE}/commit/{A} was reverted",
        f"weights from before {A}",
        f"State prior to {PAGE}/tree/{A}",
        f"Built from anything older than {NAME}@{A}",
        f"Everything up to but without {A}",
        f"Bug introduced in {NAME}@{A}",
        f"Reverts {B}, {NAME}@{A} and more",
    ],
)
def test_what_is_refused(message: str) -> None:
    assert A not in {r.sha for r in references_in(message) if not r.taken_back}


@pytest.mark.parametrize(
    "message",
    [
        f"Roll back: build from {NAME}@{A}",
        f"Roll back to {NAME}@{A}",
        f"Revert to {PAGE}/tree/{A}",
        f"Undo {NAME}@{B}, back to {NAME}@{A}",
        f"{B} is broken: use {A}",
        f"Instead of {NAME}@{B} use {NAME}@{A}",
        f"Removed old files, built from {NAME}@{A}",
        f"Fix a bad shape\n\nBuilt from {NAME}@{A}",
        f"Do not shard\n\n{PAGE}/commit/{A}",
        f"Weights for {A}",
    ],
)
def test_what_is_still_named(message: str) -> None:
    found = {reference.sha for reference in references_in(message)}
    assert A in found
    assert B not in found
