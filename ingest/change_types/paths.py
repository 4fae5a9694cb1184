"""What a file is, told from its path by files.toml."""

import re
from fnmatch import translate
from functools import cache, lru_cache

from ingest.change_types.tables import FileKind, file_kinds
from ingest.change_types.types import ChangeType

_LONGEST = 1_000
"""Characters of a path that are looked at: the last ones, where the name stands."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIGNS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=200_000)
def kind_of(path: str) -> FileKind:
    """Return the first entry of files.toml that a path matches; the last one matches any."""
    path = path[-_LONGEST:]
    *folders, name = path.lower().split("/")
    stem = _HUMP.sub(" ", path.rsplit("/", 1)[-1]).lower()
    words = set(_SIGNS.split(stem)) | {stem.rsplit(".", 1)[0]}
    return next(kind for kind in file_kinds() if _matches(kind, name, set(folders), words))


@cache
def place_of(kind: FileKind) -> int:
    """Return where in files.toml a kind stands, from 0."""
    return file_kinds().index(kind)


def type_of(kind: FileKind, side: str) -> ChangeType:
    """Return the change type that a file of this kind stands for on a side."""
    type_ = kind.type or (kind.upstream if side == "upstream" else kind.downstream)
    if type_ is None:  # the tables' tests see to it that none is missing
        raise ValueError(f"files.toml: {kind.id} has no type for {side}")
    return type_


def _matches(kind: FileKind, name: str, folders: set[str], words: set[str]) -> bool:
    names = _names(kind)
    if names is not None and names.match(name):
        return True
    if kind.endings and not name.endswith(kind.endings):
        return False
    in_folder, in_name = not folders.isdisjoint(kind.folders), not words.isdisjoint(kind.words)
    if kind.needs_both:
        return in_folder and in_name
    if kind.folders or kind.words:
        return in_folder or in_name
    return bool(kind.endings)


@cache
def _names(kind: FileKind) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, kind.names))) if kind.names else None
