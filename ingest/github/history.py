"""Commits by the API: a hundred for a request, and only as far back as there is something new."""

from collections.abc import Iterable, Iterator, Sequence

from graph.errors import SourceError
from ingest.evidence.commit_reference import references_in
from ingest.git.log import subject_of
from ingest.github.asking import listed
from ingest.github.client import Client
from ingest.github.fields import Fields
from ingest.records import Commit


class Walk:
    """Reads the commits that some tips reach and the commits held do not, each once."""

    def __init__(self, client: Client, name: str, held: Sequence[str]) -> None:
        self._client, self._name = client, name
        self._old = set(held)
        """Commits that the held ones reach, as far as is known: their parents are old too."""
        self._told: set[str] = set()

    def from_tips(self, tips: Iterable[str]) -> Iterator[Fields]:
        """Yield commits as GitHub tells them, the newest first from every tip."""
        for tip in dict.fromkeys(tips):
            if tip not in self._old and tip not in self._told:
                yield from self._from(tip)

    def _from(self, tip: str) -> Iterator[Fields]:
        # GitHub lists a commit after one of its children at least, so `wanted` is never late.
        wanted, listed = {tip}, set[str]()
        for page in self._pages(tip):
            before = len(listed)
            for item in page:
                sha = item.sha("sha")
                listed.add(sha)
                if self._is_new(sha, item, wanted):
                    yield item
            if not wanted:
                return
            if len(listed) == before:
                break  # a list that repeats itself has no end
        raise SourceError(f"{self._name}: GitHub's list of commits ended before the history did")

    def _is_new(self, sha: str, item: Fields, wanted: set[str]) -> bool:
        parents = {parent.sha("sha") for parent in item.inners("parents")}
        fresh = sha in wanted and sha not in self._old
        wanted.discard(sha)
        if sha in self._old:
            self._old |= parents
            wanted -= parents
        elif fresh:
            self._told.add(sha)
            wanted |= parents - self._old - self._told
        return fresh

    def _pages(self, tip: str) -> Iterator[list[Fields]]:
        return listed(self._client, f"/repos/{self._name}/commits", {"sha": tip})


def commit_of(told: Fields) -> Commit:
    """Return a commit as the API tells it: without paths, with its author's login."""
    inner = told.inner("commit")
    author = inner.inner_or_none("author") or Fields({}, "")
    committer = inner.inner_or_none("committer") or author
    committed = committer.moment("date") or 0
    authored = author.moment("date")
    message = inner.text_or_none("message", 1 << 20) or ""
    return Commit(
        sha=told.sha("sha"),
        parents=tuple(parent.sha("sha") for parent in told.inners("parents")),
        author_name=author.text_or_none("name") or "",
        author_email=author.text_or_none("email") or "",
        authored_at=committed if authored is None else authored,
        committed_at=committed,
        subject=subject_of(message),
        author_login=login_of(told) or "",
        references=references_in(message),
    )


def login_of(told: Fields) -> str | None:
    """Return the login of a commit's author; None if the address belongs to no account."""
    author = told.inner_or_none("author")
    return author.text_or_none("login") if author else None
