"""Conditional and paginated GET: what has not changed since the last time is not sent again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Previous
from hubtrace.ingest.sources.github.client import AccessDenied, Client

T = TypeVar("T")
R = TypeVar("R")
_FORBIDDEN = 403
_GONE = (404, 410)
_FULL_PAGE = {"per_page": "100"}


@dataclass
class Conditional:
    """Fetches parts of one repository with the ETags of the last time.

    Keeps the new ones, and what was cut. A part has a `kind`, under which both are kept.
    """

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
        """Return what was kept under a name."""
        return self.seen.marks.get(kind) if self.seen.details is not None else None

    def keep(self, kind: str) -> None:
        """Keep the marks of a kind, and what was cut of it: it is unchanged."""
        for name, mark in self.seen.marks.items():
            if name.partition("?")[0] == kind:
                self.marks[name] = mark
        if self.seen.details is not None:
            self.cut += [cut for cut in self.seen.details.cut if cut.startswith(f"{kind}: ")]

    def cut_off(self, kind: str, what: str) -> None:
        """Record what was left out of a kind."""
        self.cut.append(f"{kind}: {what}")

    def one(self, kind: str, path: str, type_: type[T], limit: int | None = None) -> T | None:
        """Return an object; None if it is unchanged.

        Raises:
            AccessDenied: there is none, or we may not see it.
        """
        answer = self.client.get(path, type_, etag=self.mark(kind), limit=limit)
        if answer.body is None:
            self.keep(kind)
        elif answer.etag is not None:
            self.marks[kind] = answer.etag
        return answer.body

    def pages(
        self, kind: str, type_: type[T], parameters: Mapping[str, str], *, always: bool = False
    ) -> Iterator[list[T]] | None:
        """Return the pages of a list; None if its first page, fetched now, is unchanged.

        `always` sends no ETag. The pages after the first are fetched as they are read.
        """
        answer = self.client.get(
            f"{self.path}/{kind}",
            _list_of(type_),
            {**_FULL_PAGE, **parameters},
            etag=None if always else self.mark(kind),
        )
        first = answer.body
        if first is None:
            self.keep(kind)
            return None
        if answer.etag is not None:
            self.marks[kind] = answer.etag
        if answer.next_page is not None:
            self.marks[f"{kind}?more"] = "1"

        def read() -> Iterator[list[T]]:
            yield first
            yield from _pages_from(self.client, type_, answer.next_page)

        return read()

    def whole(
        self,
        kind: str,
        type_: type[T],
        make: Callable[[T], tuple[str, R]],
        limit: int,
        *,
        moved: bool = True,
    ) -> dict[str, R] | None:
        """Return a list as a whole by its items' names; None if it is unchanged.

        `make` turns an item into its name and a record, so that no page is kept. The ETag of the
        first page covers that page only: a list of several pages is also read again if `moved`. A
        list without an end, or one that repeats itself, is cut.
        """
        again = moved and self.mark(f"{kind}?more") is not None
        pages = self.pages(kind, type_, {}, always=again)
        if pages is None:
            return None
        found: dict[str, R] = {}
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

    def is_missing(self, kind: str, denied: AccessDenied) -> bool:
        """Return True if there is no such thing, and False if this token may not see it.

        A token with few rights, as a CI job's, need not see everything; the rest is cut.

        Raises:
            AccessDenied: for any other reason.
        """
        if denied.status == _FORBIDDEN:
            self.cut_off(kind, "GitHub does not show them to this token")
            return False
        if denied.status not in _GONE:
            raise denied
        return True


def paginate(
    client: Client, path: str, type_: type[T], parameters: Mapping[str, str]
) -> Iterator[list[T]]:
    """Yield the pages of a list; at an empty page it ends, whatever that links to.

    Raises:
        SourceError: it has more pages than `Limits.pages`.
    """
    answer = client.get(path, _list_of(type_), {**_FULL_PAGE, **parameters})
    yield answer.content
    yield from _pages_from(client, type_, answer.next_page)


def _pages_from(client: Client, type_: type[T], url: str | None) -> Iterator[list[T]]:
    for _ in range(client.limits.pages):
        if url is None:
            return
        answer = client.get(url, _list_of(type_))
        yield answer.content
        url = answer.next_page if answer.content else None
    if url is not None:
        raise SourceError(f"{answer.path}: more than {client.limits.pages:,} pages are not read")


def _list_of(type_: type[T]) -> type[list[T]]:
    # mypy takes no variable for a type; msgspec decodes by what the variable holds.
    return list[type_]  # type: ignore[valid-type]
