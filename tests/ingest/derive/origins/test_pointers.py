"""Blob ids of git LFS pointers, against git and against what the Hub itself has published."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtrace.ingest.derive.blobs import asset_id, blob_id, pointer_id, pointer_text
from tests.effort import examples

SHA256 = st.binary(min_size=32, max_size=32).map(bytes.hex)


def _hash_object(content: bytes) -> str:
    command = ["git", "hash-object", "-t", "blob", "--stdin", "--no-filters"]
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


@settings(max_examples=examples(25), deadline=None)
@given(SHA256, st.integers(0, 2**63))
def test_a_pointer_has_the_id_that_git_gives_it(sha256: str, size: int) -> None:
    assert pointer_id(sha256, size) == _hash_object(pointer_text(sha256, size))


@settings(max_examples=examples(25), deadline=None)
@given(st.binary(max_size=50))
def test_any_content_has_the_id_that_git_gives_it(content: bytes) -> None:
    assert blob_id(content) == _hash_object(content)


@pytest.mark.parametrize(
    ("blob", "sha256", "size"),
    [
        (
            "8095a62ccb4d806da7666fcda07467e2d150218e",
            "d88b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd7373a77b5abb9",
            497764107,
        ),
        (
            "64eaa9c526867e404b68f2c5d66fd78e27026523",
            "9be78edb5b928eba33aa88f431551348f7466ba9f5ef3daf1d552398722a5436",
            548123560,
        ),
    ],
)
def test_files_on_the_hub_have_these_ids(blob: str, sha256: str, size: int) -> None:
    """`lysandre/arxiv-nlp`, as `HfApi.list_repo_tree` of huggingface_hub 2.4.0 documents it."""
    assert pointer_id(sha256, size) == blob
    assert asset_id(f"sha256:{sha256}", size) == blob


@pytest.mark.parametrize(
    ("sha256", "size"),
    [(None, 3), ("ab" * 32, None), ("AB" * 32, 3), ("ab" * 31, 3), ("ab" * 32, -1), ("z" * 64, 3)],
)
def test_what_points_to_nothing_has_no_id(sha256: str | None, size: int | None) -> None:
    assert pointer_id(sha256, size) is None


@pytest.mark.parametrize("digest", [None, "", "md5:" + "ab" * 16, "sha256:", "ab" * 32])
def test_an_asset_without_a_sha256_has_no_id(digest: str | None) -> None:
    assert asset_id(digest, 3) is None
