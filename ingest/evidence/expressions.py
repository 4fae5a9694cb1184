"""GitHub's workflow expressions, `${{ … }}`, as far as they can be known without running anything.

Grammar: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions. Secrets,
outputs of steps and whatever else only a run would know are `UNKNOWN`, which spreads.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

UNKNOWN = "***"
"""Stands for what only a run would know, a secret above all."""

Value = str | bool
Names = Mapping[str, Value]
"""Dotted name in lower case (`matrix.repo`) → its value."""

_EXPRESSION = re.compile(r"\$\{\{(.{0,4000}?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d[\w.]*)|(?P<op>==|!=|&&|\|\||<=|>=|[<>!(),])"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[\w*-]+|\[\s*'[^']*'\s*\])*))"
)
_DEEPEST = 30
_LONGEST = 20_000
"""Characters that a text may grow to."""


def expand(text: str, names: Names) -> str:
    """Return a text with its expressions evaluated; what cannot be known becomes `UNKNOWN`."""

    def value(match: re.Match[str]) -> str:
        return _text(evaluate(match[1], names))

    return _EXPRESSION.sub(value, text[:_LONGEST])[:_LONGEST]


def evaluate(expression: str, names: Names) -> Value:
    """Return the value of one expression, `UNKNOWN` if it is broken or cannot be known."""
    try:
        tokens = _tokens(expression)
        parser = _Parser(tokens, names)
        value = parser.either(0)
    except _Broken:
        return UNKNOWN
    return value if parser.at == len(tokens) else UNKNOWN


class _Broken(Exception):
    """The expression is none."""


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    text, at = expression.strip(), 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _Broken
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _true(value: Value) -> bool:
    return value not in ("", False, "false", "0")


@dataclass
class _Parser:
    """A recursive descent over the tokens: one method for each level of precedence."""

    tokens: list[tuple[str, str]]
    names: Names
    at: int = 0

    def either(self, depth: int) -> Value:
        """Return `a || b`: the first that is true, else the last."""
        value = self._both(depth)
        while self._take("||"):
            other = self._both(depth)
            value = value if value != UNKNOWN and _true(value) else other
        return value

    def _both(self, depth: int) -> Value:
        """Return `a && b`: the first that is false, else the last."""
        value = self._compared(depth)
        while self._take("&&"):
            other = self._compared(depth)
            value = other if value == UNKNOWN or _true(value) else value
        return value

    def _compared(self, depth: int) -> Value:
        value = self._single(depth)
        for sign in ("==", "!="):
            if self._take(sign):
                other = self._single(depth)
                if UNKNOWN in (value, other):
                    return UNKNOWN
                same = _text(value).lower() == _text(other).lower()
                return same if sign == "==" else not same
        return value

    def _single(self, depth: int) -> Value:
        if depth > _DEEPEST or self.at >= len(self.tokens):
            raise _Broken
        kind, word = self.tokens[self.at]
        self.at += 1
        if word == "!" and kind == "op":
            value = self._single(depth + 1)
            return UNKNOWN if value == UNKNOWN else not _true(value)
        if word == "(" and kind == "op":
            value = self.either(depth + 1)
            self._need(")")
            return value
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return word
        if kind == "name":
            return self._called(word, depth) if self._take("(") else self._named(word)
        raise _Broken

    def _named(self, word: str) -> Value:
        if word in ("true", "false"):
            return word == "true"
        name = re.sub(r"\[\s*'([^']*)'\s*\]", r".\1", word).lower()
        return self.names.get(name, UNKNOWN)

    def _called(self, word: str, depth: int) -> Value:
        arguments: list[Value] = []
        while not self._take(")"):
            if arguments:
                self._need(",")
            arguments.append(self.either(depth + 1))
        function = _FUNCTIONS.get(word.lower())
        return function([_text(value) for value in arguments]) if function else UNKNOWN

    def _take(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("op", sign):
            self.at += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise _Broken


def _format(arguments: list[str]) -> Value:
    """`format('{0}/{1}', a, b)`; an argument that is unknown stays a hole in the text."""
    if not arguments:
        return UNKNOWN
    pattern, values = arguments[0], arguments[1:]

    def hole(match: re.Match[str]) -> str:
        number = int(match[1])
        return values[number] if number < len(values) else UNKNOWN

    return re.sub(r"\{(\d{1,2})\}", hole, pattern)[:_LONGEST]


def _contains(arguments: list[str]) -> Value:
    if len(arguments) != 2 or UNKNOWN in arguments:
        return UNKNOWN
    return arguments[1].lower() in arguments[0].lower()


def _starts_with(arguments: list[str]) -> Value:
    if len(arguments) != 2 or UNKNOWN in arguments:
        return UNKNOWN
    return arguments[0].lower().startswith(arguments[1].lower())


_FUNCTIONS: Mapping[str, Callable[[list[str]], Value]] = {
    "format": _format,
    "contains": _contains,
    "startswith": _starts_with,
}
