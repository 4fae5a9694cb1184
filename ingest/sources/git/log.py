r"""One `git log`, as a stream of commits.

git prints every commit as `_FIELDS`, then per changed path one `:<modes> <blobs> <status>` and
the path, all ended by NUL, which no field can hold. Fields are recognised by their position and
only then by form: a commit begins with a hexadecimal sha, a change with a colon (the first one
of a commit with a line feed before it). So no name or message can be taken for anything else.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import chain, islice

from hubtrace.graph.text import to_text
from hubtrace.ingest.evidence.commit_reference import references_in
from hubtrace.ingest.records import Commit, PathChange
from hubtrace.ingest.sources.git.runner import Git

_FIELDS = ("%H", "%P", "%an", "%ae", "%at", "%ct", "%B")
_OPTIONS = (
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--diff-merges=first-parent",
    "--no-show-signature",
    "--no-color",
    "--no-decorate",
    "--no-notes",
    "--no-mailmap",
    "--no-ext-diff",
    "--no-textconv",
    "--encoding=UTF-8",
    f"--format=tformat:{'%x00'.join(_FIELDS)}",
)
_ESCAPED = b"\xf4\x8f"
"""How the characters begin that `to_text` escapes."""
_LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: what lies beyond is not a real time of a commit."""


def read_log(
    git: Git, include: Sequence[str], exclude: Sequence[str], warn: Callable[[str], None]
) -> Generator[Commit, None, None]:
    """Yield the commits that `include` reaches and `exclude` does not, each once.

    Both are shas of commits that the clone has. Changes are against the first parent; a root
    commit adds all its files. File contents are not needed and need not be there. `warn` is called
    at the end if commits had no readable date.

    Raises:
        SourceError: git failed, e.g. because a tree is missing.
    """
    if not include:
        return
    revisions = "".join(f"{sha}\n" for sha in include) + "".join(f"^{sha}\n" for sha in exclude)
    with closing(git.stream("log", *_OPTIONS, "--stdin", feed=revisions.encode())) as blocks:
        yield from parse_log(blocks, warn)


def parse_log(blocks: Iterable[bytes], warn: Callable[[str], None]) -> Iterator[Commit]:
    """Yield the commits that `git log` printed in `blocks`, cut anywhere; see `read_log`."""
    tokens = chain.from_iterable(token_lists(blocks))
    undated = 0
    sha = next(tokens, None)
    while sha is not None:
        parents, name, email, authored, committed, message = islice(tokens, len(_FIELDS) - 1)
        changes, following = _changes(tokens)
        authored_at, committed_at = _seconds(authored), _seconds(committed)
        if authored_at is None or committed_at is None:
            undated += 1
            authored_at = authored_at or committed_at or 0
            committed_at = committed_at or authored_at
        yield Commit(
            sha,
            tuple(parents.split()),
            name,
            email,
            authored_at,
            committed_at,
            subject_of(message),
            changes,
            references=references_in(message),
        )
        sha = following
    if undated:
        warn(f"{undated} commits without a readable date; the other date or 1970 stands in")


def _changes(tokens: Iterator[str]) -> tuple[tuple[PathChange, ...], str | None]:
    # The changes that come next, and the token after them: the sha of the next commit, or None.
    changes: list[PathChange] = []
    add = changes.append
    for token in tokens:
        if ":" not in token[:2]:
            return tuple(changes), token
        _, mode, _, blob, status = token.split(" ")
        add(PathChange(status, next(tokens), None if status == "D" else blob, mode))
    return tuple(changes), None


def token_lists(blocks: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield what git printed as texts, each of which a NUL ended; blocks are cut anywhere."""
    rest: list[bytes] = []
    for block in blocks:
        head, nul, tail = block.rpartition(b"\0")
        if not nul:
            rest.append(block)
            continue
        yield _texts(b"".join((*rest, head)))
        rest = [tail]


def _texts(block: bytes) -> list[str]:
    if _ESCAPED not in block:
        with suppress(UnicodeDecodeError):
            return block.decode().split("\0")
    return [
        token.decode("ascii") if token.isascii() else to_text(token) for token in block.split(b"\0")
    ]


def _seconds(digits: str) -> int | None:
    # git prints a date as it stands in the commit: absent, or with any number of digits.
    if digits.isdigit() and len(digits) <= 12 and (seconds := int(digits)) <= _LAST_SECOND:
        return seconds
    return None


def subject_of(message: str) -> str:
    """Return the first line that is not blank, as both hubs show it.

    (git's %s would join a paragraph.)
    """
    subject = message.partition("\n")[0].rstrip(" \t\r")
    if subject:
        return subject
    lines = (line.rstrip(" \t\r") for line in message.split("\n"))
    return next(filter(None, lines), "")
