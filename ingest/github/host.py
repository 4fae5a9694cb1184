"""GitHub as a host of repositories."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

from graph.errors import SourceError
from ingest.facts import Details, Facts
from ingest.github.address import PUBLIC, Address
from ingest.github.asking import Asking, listed
from ingest.github.client import Client, Refused
from ingest.github.fields import Fields
from ingest.github.history import Walk, commit_of, login_of
from ingest.github.parts import as_it_was, facts_of, pulls_of, refs_of, releases_of
from ingest.github.quota import Quota, quota_of
from ingest.github.texts import texts_of
from ingest.github.tokens import Token
from ingest.github.wire import TooLong
from ingest.host import Limits, Look, ProjectGone, Seen
from ingest.names import repository_url
from ingest.records import Commit, Side
from ingest.waiting import Waiter

_GONE = {404: "not_found", 410: "not_found", 451: "blocked"}
_BLOCKED = "Repository access blocked"


@dataclass(frozen=True, slots=True)
class Owned:
    """A repository in a list of its owner's."""

    name: str
    fork: bool
    archived: bool


class GitHubHost:
    """Looks at repositories on one GitHub, by its API.

    A first look costs one request each for the repository, branches, tags, releases, pull
    requests, README and workflows, one more per further hundred of a list, and one per workflow
    file. An unchanged repository costs the first five as conditional requests, which are free.
    """

    side = Side.UPSTREAM

    def __init__(
        self,
        address: Address = PUBLIC,
        tokens: Sequence[Token] = (),
        waiter: Waiter | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.address = address
        self._client = Client(address, tokens, waiter or Waiter(), limits or Limits())
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def look(self, name: str, seen: Seen) -> Look:
        """Return what GitHub tells of `owner/name`; see `ingest.host.Host`."""
        repository_url(name)
        asking = Asking(self._client, name, seen)
        facts = self._facts(asking, name)
        asking.name = facts.name  # after a rename, so that nothing else is redirected
        if seen.details is not None and seen.details.facts.host_id != facts.host_id:
            asking.seen = Seen()  # another repository has taken the name
        known = asking.seen.details
        moved = not as_it_was(facts, known)
        refs, same = refs_of(asking, moved)
        tips = {ref.name: ref.target for ref in refs}
        default = facts.default_branch if facts.default_branch in tips else None
        details = Details(
            facts=facts,
            texts=texts_of(asking, tips[default] if default else None, known),
            releases=releases_of(asking, known),
            pulls=pulls_of(asking, known),
            cut=tuple(asking.cut),
        )
        same = same and known is not None and known.facts.default_branch == facts.default_branch
        return Look(details, refs, default, asking.marks, self._warnings(), same_refs=same)

    def clone_url(self, name: str) -> str:
        """Return where git can clone the repository."""
        return f"{repository_url(name, self.address.web)}.git"

    def history(self, name: str, look: Look, held: Sequence[str]) -> Iterator[Commit]:
        """Yield what is new, the default branch first; see `ingest.host.Host`.

        One request per 100 commits, and one for each ref that leads to commits of its own.
        """
        refs = sorted(look.refs, key=lambda ref: ref.name != look.default_branch)
        walk = Walk(self._client, name, held)
        return map(commit_of, walk.from_tips(ref.target for ref in refs))

    def logins(self, name: str, look: Look, held: Sequence[str]) -> dict[str, str]:
        """Return the logins of the new commits' authors on the default branch.

        Without a token none are asked for: a long history would take longer than its quota.
        """
        if self._client.pool.is_anonymous:
            return {}
        tips = [ref.target for ref in look.refs if ref.name == look.default_branch]
        told = islice(Walk(self._client, name, held).from_tips(tips), self._client.limits.logins)
        found: dict[str, str] = {}
        with suppress(TooLong):  # git can read such a history, and will, without the logins
            for item in told:
                if login := login_of(item):
                    found[item.sha("sha")] = login
        return found

    def repositories(self, owner: str) -> Iterator[Owned]:
        """Yield the repositories of a person or an organisation.

        Raises:
            ProjectGone: there is no such owner.
            SourceError: GitHub cannot be asked.
        """
        repository_url(f"{owner}/x")
        seen: set[str] = set()
        try:
            for page in listed(self._client, f"/users/{owner}/repos", {}):
                fresh = [it for it in map(_owned, page) if it.name not in seen]
                seen |= {it.name for it in fresh}
                yield from fresh
                if page and not fresh:  # a list that repeats itself has no end
                    return
        except Refused as refused:
            if refused.status in _GONE:
                raise ProjectGone(owner, _GONE[refused.status]) from None
            raise

    def quotas(self) -> list[Quota]:
        """Return what is left for every token, or for nobody's; it costs nothing.

        Raises:
            SourceError: GitHub cannot be reached, or does not accept a token.
        """
        return [quota_of(token, reply) for token, reply in self._client.each_token()]

    def _facts(self, asking: Asking, name: str) -> Facts:
        try:
            told = asking.one("repository", asking.path)
        except Refused as refused:
            reason = _GONE.get(refused.status)
            if refused.status == 403 and _BLOCKED in str(refused):
                reason = "blocked"
            if reason is None:
                raise
            raise ProjectGone(name, reason) from None
        if told is not None:
            return facts_of(told)
        if asking.seen.details is None:
            raise SourceError(f"{name}: GitHub says that nothing changed, but nothing was seen")
        return asking.seen.details.facts

    def _warnings(self) -> tuple[str, ...]:
        """Return what is wrong with the tokens, once."""
        pool = self._client.pool
        said = [f"the token in {token.source} was not accepted" for token in pool.refused]
        if pool.is_anonymous:
            said.append("without a token the authors' logins are not asked for")
        fresh = tuple(sentence for sentence in said if sentence not in self._said)
        self._said |= set(fresh)
        return fresh


def _owned(told: Fields) -> Owned:
    name = told.text("full_name")
    repository_url(name)
    return Owned(name, told.flag("fork"), told.flag("archived"))
