"""One text never ends the work: what a parser cannot read is unreadable, and all else goes on."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from hubtrace.graph.text import for_people
from hubtrace.ingest.records import HostData, Text

T = TypeVar("T")

Unread = list[str]
"""What could not be read, each in a sentence with its place."""


def in_each(
    kind: str, project: str, details: HostData, read: Callable[[Text], Iterable[T]], unread: Unread
) -> Iterator[T]:
    """Yield what `read` finds in each text of a kind; a text that it fails on is `unread`.

    This is the one place where any error over a text is taken: texts are hostile, parsers are other
    people's, and a crash on one card would keep a whole organization from being read.
    """
    for text in details.texts:
        if text.kind == kind:
            yield from guarded(f"{project}: {text.path}", partial(read, text), unread)


def guarded(place: str, read: Callable[[], Iterable[T]], unread: Unread) -> list[T]:
    """Return all that `read` yields; nothing, and a sentence in `unread`, if it fails."""
    try:
        return list(read())
    except Exception as error:
        why = type(error).__name__
        unread.append(for_people(f"{place} is unreadable ({why}); what it says is not evidence"))
        return []
