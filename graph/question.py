"""Limits of a question in Cypher that a user, or a program of theirs, wrote.

A question answers from the graph alone and comes to an end. What reads files or the network is
refused on every store, whatever the server allows; so is what nests so deep that the embedded
engine would crash. The embedded engine ends the process when memory runs out or it crashes, and so
answers in a process of its own (docs/decisions/0052). The catalogue's own questions do not pass
through here.
"""

import os
import pickle
import re
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtrace.graph.errors import HubtraceError, QueryFailed, QueryTimedOut
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


GIGABYTE = 10**9
_GRACE = 5.0
"""Seconds in which the engine may notice a deadline by itself, and say so."""
_ANSWER = 8
"""The part of the memory that an answer may take: it is held and printed in more than one form."""
_CHILD = "from hubtrace.graph.question import answer_apart; answer_apart()"


def _most_memory() -> float:
    """Return 4 GB, or half of the machine's memory if that is less."""
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    return min(4.0, round(half / GIGABYTE, 1))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a question may take. A server limits the memory itself."""

    seconds: float = 60.0
    rows: int = 1_000_000
    gigabytes: float = _most_memory()


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
        QueryFailed: it is refused, took too much time or memory, or has too many rows.
        GraphError: as `GraphStore.run`.
    """
    check_question(text)
    if "://" in store.url:  # the engine is a server's
        return _answer(store, text, parameters, limits)
    return _ask_apart(pickle.dumps((store.url, text, dict(parameters), limits)), limits)


def _answer(store: GraphStore, text: str, parameters: Mapping[str, Any], limits: Limits) -> Result:
    store.deadline = limits.seconds
    try:
        result = store.run(text, **parameters)
    except QueryTimedOut:
        raise _late(limits) from None
    finally:
        store.deadline = None
    if len(result) > limits.rows:
        raise QueryFailed(f"the answer has {len(result):,} rows; add LIMIT, or raise --most-rows")
    return result


def _late(limits: Limits) -> QueryTimedOut:
    return QueryTimedOut(
        f"the question took longer than {limits.seconds:g} seconds; narrow it, or raise --timeout"
    )


def _large(what: str, limits: Limits) -> QueryFailed:
    return QueryFailed(
        f"{what} for {limits.gigabytes:g} GB of memory; narrow it, or raise --most-memory"
    )


def _ask_apart(question: bytes, limits: Limits) -> Result:
    # A module in the working directory is not ours, whoever put it there: hence -P.
    there = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD],
        input=question,
        capture_output=True,
        env=there,
        check=False,
    )
    if child.returncode == -signal.SIGALRM:
        raise _late(limits)
    if child.returncode == -signal.SIGKILL or b"memory allocation of" in child.stderr:
        raise _large("the question asks too much", limits)
    if child.returncode:
        why = for_people(child.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        raise QueryFailed(f"the engine crashed at this question ({why[:100]}); ask in another way")
    # Only `answer_apart` writes to this pipe: what the engine prints goes to stderr.
    answer: Result | HubtraceError = pickle.loads(child.stdout)  # noqa: S301 - our own child's
    if isinstance(answer, HubtraceError):
        raise answer
    return answer


def answer_apart() -> None:
    """Answer the question on stdin to stdout; a signal may end this process at any time."""
    out = os.dup(1)
    os.dup2(2, 1)  # what the engine prints is not an answer
    # The question is data in it; who can write to this pipe runs our code already.
    url, text, parameters, limits = pickle.load(sys.stdin.buffer)  # noqa: S301 - our parent's
    from hubtrace.graph import open_store

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = int(limits.gigabytes * GIGABYTE)
    if sys.platform == "linux":  # elsewhere no such limit holds
        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[5]) * resource.getpagesize()
        # What is mapped from a file to be read does not count, so a copy of any size opens.
        resource.setrlimit(resource.RLIMIT_DATA, (taken + memory, taken + memory))
    try:
        with open_store(url) as store:
            store.run("RETURN 1")  # opens the graph, which the deadline does not include
            signal.setitimer(signal.ITIMER_REAL, limits.seconds + _GRACE)
            answer: Result | HubtraceError = _answer(store, text, parameters, limits)
        pickled = pickle.dumps(answer)
        if len(pickled) > memory // _ANSWER:
            answer = _large("the answer is too large", limits)
    except MemoryError:
        answer = _large("the question asks too much", limits)
    except HubtraceError as error:
        answer = error
    signal.setitimer(signal.ITIMER_REAL, 0)
    with open(out, "wb") as file:
        file.write(pickle.dumps(answer))
