"""What a file is, entry by entry of files.toml: the plain reading, to hold the index to."""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import cache

from hubtrace.ingest.change_types.rules import FileKind, file_kinds

_LONGEST = 1_000
"""Characters of a path that are looked at: the last ones, where the name stands."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WILD = re.compile(r"[*?\[]")
_SIGNS = re.compile(r"[^a-z0-9]+")


def kind_of(path: str) -> FileKind:
    """Return the first entry of files.toml that a path matches; the last one matches any."""
    path = path[-_LONGEST:]
    *folders, name = path.lower().split("/")
    original = path.rsplit("/", 1)[-1]
    stem = original.lower() if original.islower() else _HUMP.sub(" ", original).lower()
    words = {*_SIGNS.split(stem), stem.rsplit(".", 1)[0]}
    parents = set(folders)
    return next(kind for kind, match in _matchers() if match(name, parents, words))


Match = Callable[[str, set[str], set[str]], bool]
"""Whether a name, the folders on the way to it, and the words in it are of a kind."""


@cache
def _matchers() -> tuple[tuple[FileKind, Match], ...]:
    return tuple((kind, _matcher(kind)) for kind in file_kinds())


def _matcher(kind: FileKind) -> Match:
    """Return a predicate for files of a kind; it runs for every distinct path."""
    exact = frozenset(name for name in kind.names if not _WILD.search(name))
    wild = [translate(name) for name in kind.names if _WILD.search(name)]
    named = re.compile("|".join(wild)).match if wild else None
    in_folders, in_name = frozenset(kind.folders), frozenset(kind.words)
    anywhere = bool(kind.endings) and not (in_folders or in_name)

    def match(name: str, folders: set[str], words: set[str]) -> bool:
        if name in exact or (named is not None and named(name)):
            return True
        if kind.endings and not name.endswith(kind.endings):
            return False
        if anywhere:
            return True
        in_path, named_so = not in_folders.isdisjoint(folders), not in_name.isdisjoint(words)
        return (in_path and named_so) if kind.needs_both else (in_path or named_so)

    return match
