"""Commands of a script, read as words: enough of a shell to see what is uploaded where.

Nothing is run. Variables that the script or its environment sets are put in; what is not known
stays `$NAME`.
"""

import re
import shlex
from collections.abc import Iterator, Mapping

_LONGEST = 20_000
_COMMANDS = 500
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^{}]*))?\}|([A-Za-z_]\w*))")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SEPARATORS = re.compile(r"(?:&&|\|\||[;|])\s")


def commands(script: str, environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the commands of a script as lists of words."""
    known = dict(environment)
    joined = script[:_LONGEST].replace("\\\r\n", " ").replace("\\\n", " ")
    lines = (part for line in joined.split("\n") for part in _SEPARATORS.split(line))
    for number, line in enumerate(lines):
        if number >= _COMMANDS:
            return
        words = _words(line)
        while words and (set_ := _ASSIGNMENT.fullmatch(words[0])):
            known[set_[1]] = _expanded(set_[2], known)
            words = words[1:]
        if words[:1] == ["export"] and len(words) > 1 and (set_ := _ASSIGNMENT.fullmatch(words[1])):
            known[set_[1]] = _expanded(set_[2], known)
        elif words:
            yield [_expanded(word, known) for word in words]


def _words(line: str) -> list[str]:
    if line.lstrip().startswith("#"):
        return []
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # a quote that ends on another line
        return line.split()


def _expanded(word: str, known: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return known.get(match[1] or match[3], match[2] or match[0])

    return _VARIABLE.sub(value, word)[:_LONGEST]
