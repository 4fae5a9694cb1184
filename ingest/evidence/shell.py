"""Shell scripts as the commands that they would run: split, expanded and unrolled, never run.

Only what is in the text is followed: variables that are set, loops over lists, here documents.
Texts come from strangers: everything is read in one pass and in bounded numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

UNKNOWN = "***"
"""Stands for what only a run would know, a secret above all."""

LONGEST = 20_000
"""Characters of a script that are read, and that a text may grow to."""
_COMMANDS = 500
_VALUES = 64
"""Values of a loop that are followed."""
_DEEPEST = 5
_VARIABLE = re.compile(
    r"\$(?:\{([A-Za-z_]\w*)(?:\[[@*]\])?(?::?-([^{}]*)|(##\*/|,,|%/\*))?\}|([A-Za-z_]\w*))"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_HERE = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_SUBSTITUTION = re.compile(r"\$\([^()]{0,500}\)|`[^`]{0,500}`")
_KEYWORDS = {"do", "then", "else", "if", "elif", "while", "until", "{", "(", "!", "time"}
_DECLARATIONS = {"export", "declare", "local", "readonly", "typeset"}
_LOOPS = {"for", "while", "until"}


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a script."""

    words: tuple[str, ...]
    stdin: str = ""
    """The here document that it is given."""


def commands(script: str, environment: Mapping[str, str]) -> Iterator[Command]:
    """Yield the commands of a script, loops unrolled and known variables filled in."""
    joined = script[:LONGEST].replace("\\\r\n", " ").replace("\\\n", " ")
    split = list(_split(joined))
    left = [_COMMANDS]
    yield from _unrolled(split, dict(environment), left, 0)


def _unrolled(
    split: Sequence[Command], known: dict[str, str], left: list[int], depth: int
) -> Iterator[Command]:
    position = 0
    while position < len(split) and left[0] > 0:
        command = split[position]
        position += 1
        if command.words == ("if", "false"):
            position = _end_of_branch(split, position)
            continue
        words = list(command.words)
        while words and words[0] in _KEYWORDS:
            words = words[1:]
        if len(words) > 2 and words[0] == "for" and words[2] == "in":
            end = _end_of_loop(split, position)
            values = " ".join(expanded(word, known) for word in words[3:]).split()
            for value in values[:_VALUES] if depth < _DEEPEST else ():
                known[words[1]] = value
                yield from _unrolled(split[position:end], known, left, depth + 1)
            position = end
            continue
        left[0] -= 1
        words = _assigned(words, known)
        if words:
            yield Command(tuple(expanded(word, known) for word in words), command.stdin)


def _end_of_loop(split: Sequence[Command], start: int) -> int:
    """Return where the loop that is open at `start` is done."""
    depth = 1
    for position in range(start, len(split)):
        words = [word for word in split[position].words if word not in _KEYWORDS - _LOOPS]
        if words[:1] and words[0] in _LOOPS:
            depth += 1
        elif words[:1] == ["done"]:
            depth -= 1
            if depth == 0:
                return position
    return len(split)


def _end_of_branch(split: Sequence[Command], start: int) -> int:
    """Return where what an `if` that began before `start` would do ends: at its else or fi."""
    depth = 0
    for position in range(start, len(split)):
        for word in split[position].words:
            if depth == 0 and word in ("else", "elif", "fi"):
                return position
            if word not in _KEYWORDS | {"fi"}:
                break
            depth += (word == "if") - (word == "fi")
    return len(split)


def _assigned(words: list[str], known: dict[str, str]) -> list[str]:
    """Take the assignments at the start of a command into account; return the rest."""
    if words[:1] and words[0] in _DECLARATIONS:
        words = [word for word in words[1:] if not word.startswith("-")]
    while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
        name, value = assignment[1], assignment[2]
        if value.startswith("("):  # a list: up to the word that closes it
            items = [value[1:]]
            while words and not words[0].endswith(")"):
                words = words[1:]
                items += words[:1]
            value = " ".join(items).removesuffix(")")
        known[name] = expanded(value, known)
        words = words[1:]
    return words


def expanded(word: str, known: Mapping[str, str]) -> str:
    """Return a word with the variables that are known; what a command would print is unknown."""

    def value(match: re.Match[str]) -> str:
        text = known.get(match[1] or match[4])
        if text is None:
            # Without braces, which would end the address that it is a part of.
            return match[2] if match[2] is not None else f"${match[1] or match[4]}"
        if match[3] == "##*/":
            return text.rpartition("/")[2]
        if match[3] == "%/*":
            return text.rpartition("/")[0]
        return text.lower() if match[3] == ",," else text

    return _VARIABLE.sub(value, _SUBSTITUTION.sub(UNKNOWN, word))[:LONGEST]


def _split(script: str) -> Iterator[Command]:
    """Yield the commands of a script as they stand, each with its here document."""
    lines = script.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        while _is_open(line) and position < len(lines):  # a quote that ends on another line
            line = f"{line}\n{lines[position]}"
            position += 1
        here = _HERE.search(line)
        body: list[str] = []
        if here is not None:
            while position < len(lines) and lines[position].strip() != here[2]:
                body.append(lines[position])
                position += 1
            position += 1
            line = line[: here.start()] + line[here.end() :]
        for number, words in enumerate(_words(line)):
            yield Command(tuple(words), "\n".join(body) if number == 0 or body else "")


def _is_open(line: str) -> bool:
    quote, escaped, at_start = "", False, True
    for sign in line:
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "#" and at_start:
            return False
        at_start = sign.isspace() or sign in ";&|"
    return bool(quote)


def _is_group(sign: str, begun: bool, groups: int) -> bool:
    """Return True for the brackets of a subshell: `(cd out && git push)`."""
    return (sign == "(" and not begun) or (sign == ")" and groups > 0)


def _words(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line as lists of words, without quotes and comments."""
    words: list[str] = []
    word: list[str] = []
    quote, begun, depth, groups = "", False, 0, 0
    signs = iter(line)
    for sign in signs:
        if sign == "\\" and quote != "'":
            word.append(next(signs, ""))
            begun = True
        elif quote:
            if sign == quote:
                quote = ""
            else:
                word.append(sign)
        elif sign in "\"'" and not depth:
            quote, begun = sign, True
        elif sign == "#" and not begun:
            break
        elif sign.isspace() and not depth:
            if begun:
                words.append("".join(word))
            word, begun = [], False
        elif not depth and (sign in ";&|" or _is_group(sign, begun, groups)):
            groups += (sign == "(") - (sign == ")")
            if begun:
                words.append("".join(word))
            word, begun = [], False
            if words:
                yield words
            words = []
        else:
            depth += (sign == "(" and "".join(word[-1:]) == "$") or (sign == "(" and depth > 0)
            depth -= sign == ")" and depth > 0
            word.append(sign)
            begun = True
    if begun:
        words.append("".join(word))
    if words:
        yield words
