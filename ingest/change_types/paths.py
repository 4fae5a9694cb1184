"""What a file is, from its path, by files.toml.

A set of entries is an integer with a bit for each, the first entry the lowest. What a name alone
decides, and which entries want a folder of the path, is found once for each name and each folder,
so that a path costs two lookups. The plain reading of the table is in the tests, which hold both
equal.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import cache, lru_cache

from hubtrace.ingest.change_types.rules import ChangeType, FileKind, file_kinds

_LONGEST = 1_000
"""Characters of a path that are looked at: the last ones, where the name stands."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WILD = re.compile(r"[*?\[]")
_SIGNS = re.compile(r"[^a-z0-9]+")
_MOST_DOTS = 2
"""In an ending, `.tar.gz`."""


def kind_of(path: str) -> FileKind:
    """Return the first entry of files.toml that a path matches; the last one matches any."""
    folder, _, name = path[-_LONGEST:].rpartition("/")
    named, wanting = _of_name(name)
    found = named | (wanting & _of_folder(folder))
    return file_kinds()[(found & -found).bit_length() - 1]


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


@lru_cache(maxsize=200_000)
def _of_folder(folder: str) -> int:
    """Return the entries that name one of the folders of a path."""
    return _any_of(_index().folders, folder.lower().split("/"))


@lru_cache(maxsize=200_000)
def _of_name(original: str) -> tuple[int, int]:
    """Return the entries that a file of this name is of wherever it lies, and in their folders."""
    index, name = _index(), original.lower()
    named = index.names.get(name, 0) | index.by_pattern(name) | index.last
    words = _any_of(index.words, _words(original, name))
    endings = index.bare | _any_of(index.endings, _endings(name))
    named |= endings & (index.anywhere | (words & ~index.both))
    return named, endings & (words | ~index.both)


def _words(original: str, name: str) -> Iterable[str]:
    stem = name if original.islower() else _HUMP.sub(" ", original).lower()
    return (*_SIGNS.split(stem), stem.rsplit(".", 1)[0])


def _endings(name: str) -> Iterable[str]:
    parts = name.rsplit(".", _MOST_DOTS)
    return ("." + ".".join(parts[number:]) for number in range(1, len(parts)))


def _any_of(table: dict[str, int], texts: Iterable[str]) -> int:
    found = 0
    for text in texts:
        found |= table.get(text, 0)
    return found


class _Index:
    """files.toml by what its entries ask for."""

    def __init__(self, kinds: Sequence[FileKind]) -> None:
        self.names, self.folders, self.words, self.endings = (dict[str, int]() for _ in range(4))
        self.bare = self.anywhere = self.both = 0
        """Entries without an ending; with nothing but endings; that want a folder and a word."""
        self.last = 1 << len(kinds) - 1
        self._wild: list[tuple[int, Callable[[str], object]]] = []
        patterns: list[str] = []
        for number, kind in enumerate(kinds[:-1]):
            bit = 1 << number
            wild = [name for name in kind.names if _WILD.search(name)]
            exact = [name for name in kind.names if not _WILD.search(name)]
            tables = self.names, self.folders, self.words, self.endings
            listed = exact, kind.folders, kind.words, kind.endings
            for table, texts in zip(tables, listed, strict=True):
                table |= {text: table.get(text, 0) | bit for text in texts}
            patterns += wild
            if wild:
                self._wild.append((bit, re.compile("|".join(map(translate, wild))).match))
            placed = bool(kind.folders or kind.words)
            self.bare |= bit if placed and not kind.endings else 0
            self.anywhere |= bit if kind.endings and not placed else 0
            self.both |= bit if kind.needs_both else 0
        # Most names match no pattern, which their literal beginnings and ends tell at once.
        parts = [(_WILD.split(pattern)[0], pattern.rpartition("*")[2]) for pattern in patterns]
        self._begins = tuple({begin for begin, _ in parts if begin})
        self._ends = tuple({end for begin, end in parts if end and not begin})
        self._inside = [
            p.strip("*") for p, (b, e) in zip(patterns, parts, strict=True) if not b + e
        ]

    def by_pattern(self, name: str) -> int:
        """Return the entries of which a pattern with wildcards matches a name."""
        if name.startswith(self._begins) or name.endswith(self._ends):
            pass
        elif not any(text in name for text in self._inside):
            return 0
        return sum(bit for bit, match in self._wild if match(name))


@cache
def _index() -> _Index:
    return _Index(file_kinds())
