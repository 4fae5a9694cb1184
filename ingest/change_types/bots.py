"""Who is no human, told by bots.toml."""

import re
from fnmatch import translate
from functools import cache, lru_cache

from ingest.change_types.tables import bots

_LONGEST = 500
"""Characters of a name or a message that are looked at."""


def is_bot(author: str | None, line: str) -> bool:
    """Return whether a program wrote a commit, told from its author's name and its message."""
    return _named(author) or _says(line[:_LONGEST].lower())


@lru_cache(maxsize=50_000)
def _named(author: str | None) -> bool:
    return author is not None and bool(_names().match(author[:_LONGEST].lower()))


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
