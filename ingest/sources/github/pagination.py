"""Conditional and paginated GET: what has not changed since the last look is not sent again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Previous
from hubtrace.ingest.sources.github.client import AccessDenied, Client
from hubtrace.ingest.sources.github.schemas import Fields, objects

T = TypeVar("T")
_FORBIDDEN = 403
_GONE = (404, 410)
_FULL_PAGE = {"per_page": "100"}


@dataclass
class Conditional:
    """Asks with the marks of the last look, and keeps the new ones and what was cut."""

    client: Client
    name: str
    seen: Previous
    marks: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The repository's path below the API."""
        return f"/repos/{self.name}"

    def mark(self, kind: str) -> str | None:
        """Return what the last look kept under a name."""
        return self.seen.marks.get(kind) if self.seen.details is not None else None

    def keep(self, kind: str) -> None:
        """Keep the marks of a kind, and what was cut of it: it is as it was."""
        for name, mark in self.seen.marks.items():
            if name.partition("?")[0] == kind:
                self.marks[name] = mark
        if self.seen.details is not None:
            self.cut += [said for said in self.seen.details.cut if said.startswith(f"{kind}: ")]

    def cut_off(self, kind: str, what: str) -> None:
        """Say what was left out of a kind."""
        self.cut.append(f"{kind}: {what}")

    def one(self, kind: str, path: str, limit: int | None = None) -> Fields | None:
        """Return an object; None if it is as it was.

        Raises:
            Refused: there is none, or it may not be seen.
        """
        answer = self.client.get(path, mark=self.mark(kind), limit=limit)
        if answer.unchanged:
            self.keep(kind)
            return None
        if answer.mark is not None:
            self.marks[kind] = answer.mark
        return Fields(answer.body, answer.place)

    def pages(
        self, kind: str, parameters: Mapping[str, str], *, always: bool = False
    ) -> Iterator[list[Fields]] | None:
        """Return the pages of a list; None if its first page, asked for now, is as it was.

        `always` asks without a mark. The pages after the first are asked for as they are read.
        """
        place, query = f"{self.path}/{kind}", {**_FULL_PAGE, **parameters}
        answer = self.client.get(place, query, mark=None if always else self.mark(kind))
        if answer.unchanged:
            self.keep(kind)
            return None
        if answer.mark is not None:
            self.marks[kind] = answer.mark
        first, following = objects(answer.body, answer.place), answer.following
        if following is not None:
            self.marks[f"{kind}?more"] = "1"

        def read() -> Iterator[list[Fields]]:
            yield first
            yield from paginate(self.client, following)

        return read()

    def whole(
        self, kind: str, make: Callable[[Fields], tuple[str, T]], limit: int, *, moved: bool = True
    ) -> dict[str, T] | None:
        """Return a list as a whole by its items' names; None if it is as it was.

        `make` turns an item into its name and a record, so that no page is kept. GitHub tells by
        the mark of the first page whether that page has changed; a list of several pages is read
        again, too, if `moved`. A list without an end, or one that repeats itself, is cut.
        """
        again = moved and self.mark(f"{kind}?more") is not None
        pages = self.pages(kind, {}, always=again)
        if pages is None:
            return None
        found: dict[str, T] = {}
        for page in pages:
            before = len(found)
            found |= map(make, page)
            if len(found) > limit:
                self.cut_off(kind, f"only the first {limit:,} are kept")
                return dict(islice(found.items(), limit))
            if page and len(found) == before:
                self.cut_off(kind, "the list repeats itself and has no end")
                break
        return found

    def is_missing(self, kind: str, refused: AccessDenied) -> bool:
        """Return True if there is no such thing, and False if this token may not see it.

        A token with few rights, as a CI job's, need not see everything; what it does not is said.

        Raises:
            Refused: for any other reason.
        """
        if refused.status == _FORBIDDEN:
            self.cut_off(kind, "GitHub does not show them to this token")
            return False
        if refused.status not in _GONE:
            raise refused
        return True


def listed(client: Client, place: str, parameters: Mapping[str, str]) -> Iterator[list[Fields]]:
    """Yield the pages of a list."""
    answer = client.get(place, {**_FULL_PAGE, **parameters})
    yield objects(answer.body, answer.place)
    yield from paginate(client, answer.following)


def paginate(client: Client, following: str | None) -> Iterator[list[Fields]]:
    """Yield the pages from a URL on; at an empty page a list ends, whatever it links to.

    Raises:
        SourceError: it has more pages than anybody reads.
    """
    for _ in range(client.limits.pages):
        if following is None:
            return
        answer = client.get(following)
        page = objects(answer.body, answer.place)
        yield page
        following = answer.following if page else None
    if following is not None:
        raise SourceError(f"{answer.place}: more than {client.limits.pages:,} pages are not read")
