"""Limits of a question in Cypher that a user, or a program of theirs, wrote.

A question answers from the graph alone and comes to an end. What reads files or the network is
refused on every store, whatever the server allows; so is what nests so deep that the embedded
engine would crash. The catalogue's own questions do not pass through here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtrace.graph.errors import QueryFailed, QueryTimedOut
from hubtrace.graph.store import GraphStore, Result
from hubtrace.graph.text import for_people

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)                                # comments
    |'(?:\\.|[^'\\])*+'|"(?:\\.|[^"\\])*+"                        # texts
    |(?P<word>(?:`(?:[^`]|``)*`|\w+)(?:\s*\.\s*(?:`(?:[^`]|``)*`|\w+))*)|(?P<sign>\S)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u+([0-9a-fA-F]{4})")
"""Neo4j reads such a character wherever it stands, also in a keyword."""
_PROCEDURES = re.compile(
    r"\w+|db\..+|dbms\.(?:components|procedures|functions)|apoc\.meta\..+|gds\.(?!.*export).+",
    re.IGNORECASE,
)
"""The embedded engine's own, those that describe the graph, and algorithms over it."""

MOST_CHARACTERS = 100_000
MOST_NESTED = 50
"""Brackets in each other, parts of a name, and UNION and FOREACH, of which engines make a tree."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a question may take."""

    seconds: float = 60.0
    rows: int = 1_000_000


def check_question(text: str) -> None:
    """Refuse a question that reads anything but the graph, or that no engine should be given.

    Raises:
        QueryFailed: it does; the message says what, and what can be asked instead.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryFailed(f"the question has more than {MOST_CHARACTERS:,} characters")
    for reading in {text, _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)}:
        _check(_words(reading))


def _words(text: str) -> Iterator[str]:
    """Yield names, keywords and signs; a name in backquotes as it is without them."""
    for token in _TOKEN.finditer(text):
        if word := token["word"] or token["sign"]:
            yield re.sub(r"[`\s]", "", word)


def _check(words: Iterable[str]) -> None:
    depth = 0
    repeated = Counter[str]()
    before = ""
    for word in words:
        depth += (word in "([{") - (word in ")]}")
        keyword = word.upper()
        repeated[keyword] += keyword in ("UNION", "FOREACH")
        if max(depth, repeated[keyword]) > MOST_NESTED or word.count(".") > MOST_NESTED:
            raise QueryFailed(
                f"the question nests brackets or names, or repeats UNION, over {MOST_NESTED} times"
            )
        if before == "LOAD" and keyword == "CSV":
            raise QueryFailed("LOAD CSV reads files and the network; a question reads the graph")
        if before == "CALL" and word not in ("{", "(") and not _PROCEDURES.fullmatch(word):
            raise QueryFailed(
                f"the procedure {for_people(word)} can do more than read the graph; "
                "a question calls those of db, apoc.meta and gds"
            )
        before = keyword


def ask(store: GraphStore, text: str, parameters: Mapping[str, Any], limits: Limits) -> Result:
    """Ask a question that `check_question` lets through, within limits.

    Raises:
        QueryFailed: it is refused, took too long, or has too many rows.
        GraphError: as `GraphStore.run`.
    """
    check_question(text)
    store.deadline = limits.seconds
    try:
        result = store.run(text, **parameters)
    except QueryTimedOut:
        took = f"the question took longer than {limits.seconds:g} seconds"
        raise QueryTimedOut(f"{took}; narrow it, or raise --timeout") from None
    finally:
        store.deadline = None
    if len(result) > limits.rows:
        raise QueryFailed(f"the answer has {len(result):,} rows; add LIMIT, or raise --most-rows")
    return result
