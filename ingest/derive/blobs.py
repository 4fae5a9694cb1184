"""Git blob ids: of files, of git LFS pointers, of README bodies, and of boilerplate."""

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

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


LEAST = 64
"""Bytes of information. What is below is some lines that anybody writes under a usual name."""
_A_LINE = 38
"""What is below is a line that anybody writes under any name."""
_EVERYDAY = re.compile(
    r"\..*|__(?:init|main|version)__\.py|(?:version|codeowners|makefile|dockerfile|procfile)(?:\..*)?|"
    r"requirements.*\.txt|(?:setup|tox)\.(?:py|cfg|ini)|py(?:project\.toml|\.typed)|manifest\.in|"
    r"(?:packages|runtime)\.txt|environment\.ya?ml|package\.json",
    re.IGNORECASE,
)
"""Names that tools prescribe, so that they say nothing. A short licence, card or configuration is
no line that anybody writes: it was written for one model."""


def information(content: bytes) -> int:
    """Return how much a content says: the bytes that are left of it when it is compressed."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return min(len(content), len(squeezer.compress(content) + squeezer.flush()))


def says_nothing(told: int, path: str, origin_path: str) -> bool:
    """Return True of a small content, which says so much, if its names do not help it.

    Everybody has them; or they differ, and it is but a line.
    """
    names = [text.rpartition("/")[2] for text in (path, origin_path)]
    if any(map(_EVERYDAY.fullmatch, names)):
        return told < LEAST
    return names[0] != names[1] and told < _A_LINE


_FENCE = "---"
_SHORTEST = 200
"""Characters. What is shorter (`# Model card`) is nobody's own."""


def body_digest(text: str) -> str | None:
    """Return a hash of a text without its front matter; None if too little is left of it.

    Line ends, and empty lines at either end, make no difference.
    """
    lines = [line.rstrip() for line in text.removeprefix("\ufeff").splitlines()]
    body = "\n".join(_without_front_matter(lines)).strip()
    if len(body) < _SHORTEST:
        return None
    return hashlib.sha256(body.encode()).hexdigest()


def _without_front_matter(lines: list[str]) -> list[str]:
    first = next((number for number, line in enumerate(lines) if line), None)
    if first is None or lines[first] != _FENCE:
        return lines
    for number in range(first + 1, len(lines)):
        if lines[number] == _FENCE:
            return lines[number + 1 :]
    return lines


TABLE = "boilerplate.tsv"


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """One file of the table."""

    blob: str
    kind: str
    """`trivial`, `licence`, `tokenizer` or `template`."""
    name: str
    """What it is, e.g. `Apache-2.0`."""
    source: str
    """Where the text is found that has this id."""


@cache
def boilerplate() -> Mapping[str, Boilerplate]:
    """Return every row of the table by its blob id."""
    text = (files("hubtrace.ingest.derive") / TABLE).read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return MappingProxyType({row[0]: Boilerplate(*row) for row in rows})
