"""A README without what the Hub puts before it, so that a card and a README can be compared.

A model card begins with metadata between two lines of dashes; a repository's README rarely does.
Two texts that are the same below it are the same text, though their blob ids differ: a weaker
kind of copy, `readme`. Only the texts that the hosts told are compared: those of the heads.
"""

import hashlib

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
