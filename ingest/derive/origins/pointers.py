"""Git blob ids, and those of git LFS pointers from the file that they point to.

The text of a pointer is canonical, so the SHA-256 and the size of a large file tell the blob id
that stands for it in every git repository, on both hubs
(https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
"""

import hashlib
import re

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGEST_PREFIX = "sha256:"


def blob_id(content: bytes) -> str:
    """Return the id that git gives to a file of this content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def pointer_text(sha256: str, size: int) -> bytes:
    """Return the git LFS pointer of a file of this SHA-256 (hexadecimal) and size in bytes."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    ).encode()


def pointer_id(sha256: str | None, size: int | None) -> str | None:
    """Return the blob id of a file's pointer; None if this is no SHA-256 or no size."""
    if sha256 is None or size is None or size < 0 or not _SHA256.fullmatch(sha256):
        return None
    return blob_id(pointer_text(sha256, size))


def asset_id(digest: str | None, size: int) -> str | None:
    """Return the pointer id of a release asset by its `digest` (`sha256:…`); None without one."""
    if digest is None or not digest.startswith(_DIGEST_PREFIX):
        return None
    return pointer_id(digest.removeprefix(_DIGEST_PREFIX), size)
