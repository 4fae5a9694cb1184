"""What a commit message speaks of, and whether a bot or a merge wrote it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import translate
from functools import cache, lru_cache
from typing import NamedTuple

from hubtrace.ingest.change_types.rules import Topic, bots, topics

_LONGEST = 500
"""Characters of a message that are looked at."""
_WIDEST = 20
"""Letters before the star of a pattern, at most."""
_NARROWEST = 3
"""And at least."""
_WORD = re.compile(r"[a-z0-9]+")
_PATTERN = re.compile(r"\^|[a-z0-9]+\*?")
_FILE = re.compile(r"(?<![\w/.:-])[\w][\w/.+-]*\.[A-Za-z][A-Za-z0-9]{0,11}(?![\w/])")
_ADDRESS = re.compile(r"\b[a-z]+://\S+", re.I)
_BARE = re.compile(
    r"(?<![\w/.-])(?:licen[cs]e|readme|dockerfile|makefile|codeowners)(?![\w.-])", re.I
)
_PULL = re.compile(r"merge (?:pull request|pr|mr|merge request) [#!]?\d+(?: from [^/\s]+/)?", re.I)
_MERGE = re.compile(
    r"merge (?:pull request|pr\b|mr\b|merge request|(?:remote-tracking )?branch|tag|commit)\b"
    r"|merge '[^']+'|merge [\w./-]+ (?:in)?to [\w./-]+|merged in ",
    re.I,
)
_BRANCHES = re.compile(r"merge (?:remote-tracking )?(?:branch|tag|commit)\b.*", re.I | re.S)

Phrase = tuple[tuple[str, ...], int]
"""The words after the first one, and the bit of the list that the phrase stands in."""


class _Word(NamedTuple):
    """What a word of a message begins: lists by their bits, and the rest of phrases."""

    alone: int
    following: Mapping[str, Sequence[Phrase]]
    """Next word → what comes after it."""
    begun: Sequence[tuple[str, tuple[str, ...], int]]
    """Beginning of the next word, what comes after it, bit."""


def first_line(message: str) -> str:
    """Return the first line that says something, without what merges say of themselves."""
    lines = [line.strip() for line in message[: 10 * _LONGEST].strip().splitlines()]
    subject = lines[0][:_LONGEST] if lines else ""
    if not is_merge(subject):
        return subject
    said = next((line for line in lines[1:] if line), "")[:_LONGEST]
    return said or _BRANCHES.sub("", _PULL.sub("", subject)).strip()


def is_merge(message: str) -> bool:
    """Return whether a message is one that git or a host writes for a merge."""
    begin = message[:_LONGEST].lstrip()
    return begin[:1] in "mM" and bool(_MERGE.match(begin))


@lru_cache(maxsize=200_000)
def topics_of(line: str) -> tuple[Topic, ...]:
    """Return what a line speaks of: the entries of words.toml that it matches, in their order."""
    line = (_ADDRESS.sub("", line) if "://" in line else line).lower()
    words = ["^", *_WORD.findall(line)]
    found = 0 if line.isascii() else _elsewhere(line)
    for place, (alone, following, begun) in enumerate(map(_of_word, words), start=1):
        found |= alone
        if not (following or begun) or place == len(words):
            continue
        after = words[place]
        for rest, bit in following.get(after, ()):
            if _continues(words, place + 1, rest):
                found |= bit
        for beginning, rest, bit in begun:
            if after.startswith(beginning) and _continues(words, place + 1, rest):
                found |= bit
    return _chosen(found)


def _elsewhere(line: str) -> int:
    """Return the lists whose phrases of other languages stand anywhere in a line."""
    found = 0
    for text, bit in _phrases()[2]:
        if text in line:
            found |= bit
    return found


def _continues(words: Sequence[str], place: int, rest: Sequence[str]) -> bool:
    """Return whether the words from `place` on are those of a phrase."""
    if not rest:
        return True
    following = words[place : place + len(rest)]
    return len(following) == len(rest) and all(map(_is, following, rest))


def files_named(line: str, *, bare: bool = True) -> list[str]:
    """Return what may be file names in a line, e.g. `train.py`; `README` only if `bare`."""
    line = _ADDRESS.sub("", line) if "://" in line else line
    dotted = _FILE.findall(line) if "." in line else []
    return dotted + _BARE.findall(line) if bare else dotted


def without(line: str, names: Iterable[str]) -> str:
    """Return a line without these file names: `test_kernels.py` does not speak of kernels.

    A bare `README` or `LICENSE` stays: it is a word as well.
    """
    for name in names:
        line = line.replace(name, " ") if "." in name else line
    return line


@cache
def _chosen(found: int) -> tuple[Topic, ...]:
    """Return the topics whose lists were found; each has three bits: any, with and without."""
    chosen: list[Topic] = []
    left = found & _asked()
    while left:
        place = (left & -left).bit_length() - 1
        left &= left - 1
        topic, bits = topics()[place // 3], found >> place
        if not bits & 4 and (bits & 2 or not topic.with_):
            chosen.append(topic)
    return tuple(chosen)


@cache
def _asked() -> int:
    """Return the bits of `any` of all topics."""
    return sum(1 << 3 * number for number in range(len(topics())))


_NOTHING = _Word(0, {}, ())


@cache
def _beginnings() -> frozenset[str]:
    """Return how the words begin that a star ends."""
    return frozenset(word[:_NARROWEST] for word in _phrases()[1])


@lru_cache(maxsize=50_000)
def _of_word(word: str) -> _Word:
    """Return the lists that a word alone is in, and the phrases that it begins."""
    exact, begun, _ = _phrases()
    found = list(exact.get(word, ()))
    if word[:_NARROWEST] in _beginnings():
        for length in range(_NARROWEST, min(len(word), _WIDEST) + 1):
            found += begun.get(word[:length], ())
    if not found:
        return _NOTHING  # as most words, which are names of something
    alone = 0
    following: dict[str, list[Phrase]] = {}
    beginnings: list[tuple[str, tuple[str, ...], int]] = []
    for rest, bit in found:
        if not rest:
            alone |= bit
        elif rest[0].endswith("*"):
            beginnings.append((rest[0][:-1], rest[1:], bit))
        else:
            following.setdefault(rest[0], []).append((rest[1:], bit))
    return _Word(alone, following, beginnings)


@cache
def _phrases() -> tuple[dict[str, list[Phrase]], dict[str, list[Phrase]], list[tuple[str, int]]]:
    """Return every phrase of words.toml by its first word; those that a star ends apart.

    The last ones are of other scripts, where spaces need not separate words.
    """
    exact: dict[str, list[Phrase]] = {}
    begun: dict[str, list[Phrase]] = {}
    elsewhere: list[tuple[str, int]] = []
    for number, topic in enumerate(topics()):
        for which, listed in enumerate((topic.any, topic.with_, topic.without)):
            bit = 1 << 3 * number + which
            elsewhere += [(phrase, bit) for phrase in listed if not phrase.isascii()]
            for first, *rest in (_PATTERN.findall(text) for text in listed if text.isascii()):
                table = begun if first.endswith("*") else exact
                table.setdefault(first.removesuffix("*"), []).append((tuple(rest), bit))
    return exact, begun, elsewhere


def _is(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


_LONGEST_NAME = 500
"""Characters of a name or a message that are looked at."""


def is_bot(author: str | None, line: str) -> bool:
    """Return whether a program wrote a commit, told from its author's name and its message."""
    return _named(author) or _says(line[:_LONGEST_NAME].lower())


@lru_cache(maxsize=50_000)
def _named(author: str | None) -> bool:
    return author is not None and bool(_names().match(author[:_LONGEST_NAME].lower()))


def _says(line: str) -> bool:
    begins, messages = _messages()
    return line.startswith(begins) and any(_in_order(line, pieces) for pieces in messages)


def _in_order(line: str, pieces: list[str]) -> bool:
    """Return whether a line begins with the first piece and holds the others behind it."""
    place = 0 if line.startswith(pieces[0]) else -1
    for piece in pieces:
        place = line.find(piece, place) if place >= 0 else -1
        if place < 0:
            return False
        place += len(piece)
    return True


@cache
def _names() -> re.Pattern[str]:
    return re.compile("|".join(translate(name) for bot in bots() for name in bot.names))


@cache
def _messages() -> tuple[tuple[str, ...], list[list[str]]]:
    """Return how such messages begin, and the pieces of each between the stars."""
    pieces = [text.split("*") for bot in bots() for text in bot.messages]
    return tuple(first for first, *_ in pieces), pieces
