"""Checks of a question in Cypher against the model and the common dialect, without a database.

The catalogue must run on every store byte for byte and name nothing that the graph does not have
(docs/design.md, section 6): an engine answers a misspelt property with null. What a text names can
be read from its tokens, provided that a name stands for one thing throughout a text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hubtrace.graph.model import MODEL, Model


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with a text."""

    line: int
    """Counted from 1."""
    message: str


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The inside of a node `( )` or relationship `[ ]` pattern."""

    first: int
    """Position of the opening bracket."""
    last: int
    variable: str | None
    names: tuple[_Token, ...]
    """Labels, or relationship types."""
    keys: tuple[_Token, ...]
    """Keys of its property map."""
    hops: str | None
    """`*…` of a variable length."""


_LEXER = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<block>/\*.*?(?:\*/|\Z))
    |(?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    |(?P<parameter>\$\w+)|(?P<number>\d+(?:\.\d+)?)|(?P<name>`[^`]*`|\w+)
    |(?P<sign>->|<-|\.\.|<=|>=|<>|[^\s])""",
    re.VERBOSE | re.DOTALL,
)
_CLAUSES_THAT_WRITE = {"CREATE", "MERGE", "SET", "DELETE", "REMOVE", "FOREACH", "DROP"}
_NOT_COMMON = {"PERCENTILECONT", "PERCENTILEDISC", "STDEV", "STDEVP"}
_OPENING, _CLOSING = "([{", ")]}"


def check(text: str, parameters: Iterable[str] = (), model: Model = MODEL) -> list[Problem]:
    """Return what is wrong with a question, by line; empty if nothing is.

    Checked: labels, relationship types and their ends, properties, parameters against those that
    are declared, and that only the common dialect is used and nothing is written.
    """
    tokens = list(_tokens(text))
    patterns = list(_patterns(tokens))
    problems = [
        *_forbidden(text, tokens, patterns),
        *_parameters(tokens, set(parameters)),
        *_names(patterns, tokens, model),
        *_ends(patterns, tokens, model),
        *_properties(patterns, tokens, model),
    ]
    return sorted(set(problems))


def parameters_of(text: str) -> set[str]:
    """Return the names of the parameters that a text uses; not those in comments or strings."""
    return {token.text[1:] for token in _tokens(text) if token.kind == "parameter"}


def _tokens(text: str) -> Iterator[_Token]:
    line, seen = 1, 0
    for match in _LEXER.finditer(text):
        kind = match.lastgroup or ""
        line += text.count("\n", seen, match.start())
        seen = match.start()
        if kind not in ("comment", "block"):
            yield _Token(kind, match[0].strip("`") if kind == "name" else match[0], line)


def _patterns(tokens: Sequence[_Token]) -> Iterator[_Pattern]:
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else None
        if token.text == "(" and (before is None or before.kind != "name" or before.text.isupper()):
            pattern = _pattern(tokens, i, ")")
        elif token.text == "[" and before is not None and before.text in ("-", "<-"):
            pattern = _pattern(tokens, i, "]")
        else:
            continue
        if pattern is not None:
            yield pattern


def _pattern(tokens: Sequence[_Token], first: int, closing: str) -> _Pattern | None:
    """Read `(variable:Label|Label *1..3 {key: …} …)`; None if it is an expression."""
    i, variable = first + 1, None
    names: list[_Token] = []
    keys: list[_Token] = []
    hops: str | None = None
    if _at(tokens, i).kind == "name":
        variable, i = tokens[i].text, i + 1
    while _at(tokens, i).text in (":", "|", "&") and _at(tokens, i + 1).kind in ("name", "sign"):
        if tokens[i + 1].kind == "name":
            names.append(tokens[i + 1])
            i += 1
        i += 1
    if closing == "]" and _at(tokens, i).text == "*":
        begin = i
        while _at(tokens, i).text in ("*", "..") or _at(tokens, i).kind == "number":
            i += 1
        hops = "".join(token.text for token in tokens[begin:i])
    if _at(tokens, i).text == "{":
        end = _close(tokens, i)
        keys = [tokens[key] for key in _map_keys(tokens, i, end)]
        i = end + 1
    if _at(tokens, i).text != closing and _at(tokens, i).text.upper() != "WHERE":
        return None
    return _Pattern(first, i, variable, tuple(names), tuple(keys), hops)


def _at(tokens: Sequence[_Token], i: int) -> _Token:
    return tokens[i] if 0 <= i < len(tokens) else _Token("end", "", 0)


def _close(tokens: Sequence[_Token], opening: int) -> int:
    """Return the position of the bracket that closes the one at `opening`, or the last token."""
    depth = 0
    for i in range(opening, len(tokens)):
        depth += (tokens[i].text in _OPENING) - (tokens[i].text in _CLOSING)
        if depth == 0:
            return i
    return len(tokens) - 1


def _map_keys(tokens: Sequence[_Token], opening: int, end: int) -> Iterator[int]:
    depth = 0
    for i in range(opening, end):
        depth += (tokens[i].text in _OPENING) - (tokens[i].text in _CLOSING)
        if depth == 1 and tokens[i].text in ("{", ",") and _at(tokens, i + 2).text == ":":
            yield i + 1


def _forbidden(
    text: str, tokens: Sequence[_Token], patterns: Sequence[_Pattern]
) -> Iterator[Problem]:
    for match in _LEXER.finditer(text):
        if match.lastgroup == "block":
            yield Problem(text.count("\n", 0, match.start()) + 1, "comments are made by // only")
    for i, token in enumerate(tokens):
        word, following = token.text.upper(), _at(tokens, i + 1)
        if token.kind == "name" and _at(tokens, i - 1).text not in (".", ":", "|"):
            if word in _CLAUSES_THAT_WRITE and following.text not in (":", "."):
                yield Problem(token.line, f"a question does not write: {token.text}")
            if word in _NOT_COMMON and following.text == "(":
                yield Problem(token.line, f"not every store has {token.text}()")
            if word == "COLLECT" and following.text == "{":
                yield Problem(token.line, "not every store has COLLECT { }")
            if word == "DATETIME" and _at(tokens, i + 2).text == "{":
                yield Problem(token.line, "not every store has datetime({ })")
        if token.text in (")", "->", "-") and _is_quantifier(tokens, i + 1):
            yield Problem(token.line, "not every store has quantified paths")
    for pattern in patterns:
        yield from _forbidden_in(pattern, tokens)


def _is_quantifier(tokens: Sequence[_Token], i: int) -> bool:
    if tokens[i - 1].text != ")" and _at(tokens, i).text in ("+", "*"):
        return _at(tokens, i + 1).text == "("
    return _at(tokens, i).text == "{" and (
        _at(tokens, i + 1).kind == "number" or _at(tokens, i + 1).text == ","
    )


def _forbidden_in(pattern: _Pattern, tokens: Sequence[_Token]) -> Iterator[Problem]:
    line = tokens[pattern.first].line
    if tokens[pattern.last].text.upper() == "WHERE":
        yield Problem(line, "not every store takes WHERE inside a pattern")
    if pattern.hops is not None:
        if any(name.text == "PARENT" for name in pattern.names):
            yield Problem(line, "a walk along PARENT takes forever on one store, stops on another")
        elif not re.fullmatch(r"\*(\d+|(\d+)?\.\.\d+)", pattern.hops):
            yield Problem(line, "a variable length needs an upper bound")


def _parameters(tokens: Sequence[_Token], declared: set[str]) -> Iterator[Problem]:
    used = {t.text[1:]: t.line for t in reversed(tokens) if t.kind == "parameter"}
    for name in used.keys() - declared:
        yield Problem(used[name], f"the parameter ${name} is not declared")
    for name in declared - used.keys():
        yield Problem(1, f"the parameter ${name} is declared but not used")


def _names(
    patterns: Sequence[_Pattern], tokens: Sequence[_Token], model: Model
) -> Iterator[Problem]:
    labels = {node.label for node in model.nodes}
    types = {relationship.type for relationship in model.relationships}
    for pattern in patterns:
        known, what = (
            (labels, "label") if tokens[pattern.first].text == "(" else (types, "relationship type")
        )
        for name in pattern.names:
            if name.text not in known:
                yield Problem(name.line, f"the model has no {what} {name.text}")
    for i in _predicates(tokens):
        if tokens[i].text not in labels | types:
            yield Problem(tokens[i].line, f"the model has no label {tokens[i].text}")


def _predicates(tokens: Sequence[_Token]) -> Iterator[int]:
    """Yield the positions of labels in predicates, `p:Repository` outside patterns and maps."""
    keys = {
        key
        for i, token in enumerate(tokens)
        if token.text == "{"
        for key in _map_keys(tokens, i, _close(tokens, i))
    }
    for i in range(1, len(tokens) - 1):
        named = tokens[i - 1].kind == "name" and tokens[i + 1].kind == "name"
        if tokens[i].text == ":" and named and i - 1 not in keys:
            yield i + 1


def _joined(
    patterns: Sequence[_Pattern], tokens: Sequence[_Token]
) -> Iterator[tuple[_Pattern, _Pattern, _Pattern, bool]]:
    """Yield every (start, relationship, end, is directed), turned into the arrow's direction."""
    by_last = {pattern.last: pattern for pattern in patterns}
    by_first = {pattern.first: pattern for pattern in patterns}
    for pattern in patterns:
        if tokens[pattern.first].text != "[":
            continue
        left = by_last.get(pattern.first - 2)
        right = by_first.get(pattern.last + 2)
        if left is not None and right is not None:
            backward = tokens[pattern.first - 1].text == "<-"
            forward = _at(tokens, pattern.last + 1).text == "->"
            ends = (right, left) if backward else (left, right)
            yield ends[0], pattern, ends[1], backward != forward


def _allowed(relationship: _Pattern, model: Model, directed: bool) -> tuple[set[str], set[str]]:
    """Return the labels that may stand at the start and at the end of a relationship pattern."""
    names = {name.text for name in relationship.names}
    fitting = [r for r in model.relationships if not names or r.type in names]
    starts = {label for r in fitting for label in r.starts}
    ends = {label for r in fitting for label in r.ends}
    return (starts, ends) if directed else (starts | ends, starts | ends)


def _ends(
    patterns: Sequence[_Pattern], tokens: Sequence[_Token], model: Model
) -> Iterator[Problem]:
    known = {node.label for node in model.nodes}
    for start, relationship, end, directed in _joined(patterns, tokens):
        sides = zip((start, end), _allowed(relationship, model, directed), strict=True)
        for (node, allowed), verb in zip(sides, ("starts", "ends"), strict=True):
            for label in node.names:
                if allowed and label.text in known and label.text not in allowed:
                    types = "|".join(name.text for name in relationship.names)
                    yield Problem(label.line, f"no {types} {verb} at {label.text}")


def _properties(
    patterns: Sequence[_Pattern], tokens: Sequence[_Token], model: Model
) -> Iterator[Problem]:
    owners = _owners(patterns, tokens, model)
    has = {node.label: {p.name for p in node.properties} for node in model.nodes}
    has |= {r.type: {p.name for p in r.properties} for r in model.relationships}
    for pattern in patterns:
        names = {name.text for name in pattern.names} & has.keys()
        for key in pattern.keys if names else ():
            if not any(key.text in has[name] for name in names):
                yield Problem(key.line, f"{_list(names)} has no property {key.text}")
    for i in range(1, len(tokens) - 1):
        if tokens[i].text != "." or tokens[i - 1].kind != "name" or tokens[i + 1].kind != "name":
            continue
        if _at(tokens, i - 2).text == ".":
            continue
        names, used = owners.get(tokens[i - 1].text, set()), tokens[i + 1]
        if names and not any(used.text in has[name] for name in names):
            yield Problem(used.line, f"{_list(names)} has no property {used.text}")


def _owners(
    patterns: Sequence[_Pattern], tokens: Sequence[_Token], model: Model
) -> dict[str, set[str]]:
    """Return the labels or types that each variable of a pattern can have."""
    known = {node.label for node in model.nodes} | {r.type for r in model.relationships}
    owners: dict[str, set[str]] = {}

    def add(pattern: _Pattern, otherwise: set[str]) -> None:
        names = {name.text for name in pattern.names} & known
        if pattern.variable is not None:
            owners.setdefault(pattern.variable, set()).update(names or otherwise)

    for pattern in patterns:
        add(pattern, set())
    for start, relationship, end, directed in _joined(patterns, tokens):
        starts, ends = _allowed(relationship, model, directed)
        add(start, starts)
        add(end, ends)
    return owners


def _list(names: set[str]) -> str:
    return " or ".join(sorted(names))
