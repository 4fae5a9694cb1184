"""GitHub as a host of repositories."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import Side, repository_url
from hubtrace.graph.text import to_text
from hubtrace.ingest.evidence.commit_reference import references_in
from hubtrace.ingest.records import (
    Asset,
    Commit,
    HostData,
    ProjectMetadata,
    PullHead,
    Ref,
    RefKind,
    Release,
    Text,
)
from hubtrace.ingest.source import Fetched, Limits, Previous, ProjectGone
from hubtrace.ingest.sources.git.log import subject_of
from hubtrace.ingest.sources.github.client import AccessDenied, Client, Quota, TooLong, quota_of
from hubtrace.ingest.sources.github.endpoint import PUBLIC, Address
from hubtrace.ingest.sources.github.pagination import Conditional, listed
from hubtrace.ingest.sources.github.schemas import Fields, objects
from hubtrace.ingest.sources.github.tokens import Token
from hubtrace.ingest.waiting import Waiter

_HEADS, _TAGS = "refs/heads/", "refs/tags/"


def facts_of(told: Fields) -> ProjectMetadata:
    """Return the facts of GitHub's `full-repository`."""
    name, parent, licence = told.text("full_name"), told.inner_or_none("parent"), None
    repository_url(name)  # or it is no name, and would lead elsewhere
    named = told.inner_or_none("license")
    if named is not None:
        licence = named.text_or_none("spdx_id") or named.text("key")
    branch = told.text_or_none("default_branch")
    return ProjectMetadata(
        host_id=str(told.number("id")),
        name=name,
        default_branch=f"{_HEADS}{branch}" if branch else None,
        created_at=told.moment("created_at"),
        pushed_at=told.moment("pushed_at"),
        licence=licence.lower() if licence else None,
        description=told.text_or_none("description"),
        homepage=told.text_or_none("homepage") or None,
        tags=told.texts("topics"),
        archived=told.flag("archived"),
        private=told.flag("private"),
        disabled=told.flag("disabled"),
        fork_of=parent.text("full_name") if parent else None,
        likes=told.number("stargazers_count"),
    )


def refs_of(asking: Conditional, moved: bool) -> tuple[tuple[Ref, ...], bool]:
    """Return branches and tags, and whether they are those of the last look.

    `moved` says that something was pushed since.
    """
    limit, found, same = asking.client.limits.refs, list[Ref](), True
    for kind, prefix, ref in (
        ("branches", _HEADS, RefKind.BRANCH),
        ("tags", _TAGS, RefKind.TAG),
    ):
        told = asking.whole(kind, _named_sha, limit, moved=moved)
        if told is None:
            found += [known for known in asking.seen.refs if known.kind is ref]
        else:
            same = False
            found += [Ref(f"{prefix}{name}", ref, sha) for name, sha in told.items()]
    return tuple(sorted(found, key=lambda known: known.name)), same


def _named_sha(told: Fields) -> tuple[str, str]:
    return told.text("name"), told.inner("commit").sha("sha")


def releases_of(asking: Conditional, known: HostData | None) -> tuple[Release, ...]:
    """Return the published releases, the newest first, as GitHub lists them."""
    limit, held = asking.client.limits.releases, known.releases if known else ()
    try:
        told = asking.whole("releases", _numbered_release, limit, moved=False)
    except AccessDenied as refused:
        return () if asking.is_missing("releases", refused) else held
    if told is None:
        return held
    return tuple(release for release in told.values() if release is not None)


def _numbered_release(told: Fields) -> tuple[str, Release | None]:
    """Return a release by its number; a draft is nothing that anybody has released."""
    return str(told.number("id")), None if told.flag("draft") else _release(told)


def _release(told: Fields) -> Release:
    return Release(
        tag=told.text("tag_name"),
        name=told.text_or_none("name") or "",
        published_at=told.moment("published_at"),
        assets=tuple(
            Asset(item.text("name"), item.number("size"), item.text_or_none("digest"))
            for item in told.inners("assets")
            if item.text("state") == "uploaded"
        ),
    )


def pulls_of(asking: Conditional, known: HostData | None) -> tuple[PullHead, ...]:
    """Return the pull requests' heads by number: those held, and those updated since.

    GitHub lists the last updated first, so that reading stops at what was seen already.
    """
    held = {pull.number: pull for pull in known.pulls} if known else {}
    since = int(asking.mark("pulls?until") or 0)
    order = {"state": "all", "sort": "updated", "direction": "desc"}
    try:
        pages = asking.pages("pulls", order)
    except AccessDenied as refused:
        return () if asking.is_missing("pulls", refused) else tuple(held.values())
    if pages is None:
        return tuple(held.values())
    limit, fresh, newest = asking.client.limits.pulls, dict[int, PullHead](), since
    for page in pages:
        before = len(fresh)
        times = [item.moment("updated_at") or 0 for item in page]
        newest = max(newest, *times) if times else newest
        fresh |= {item.number("number"): _pull(item) for item in page}
        if len(fresh) >= limit:
            asking.cut_off("pulls", f"only the {limit:,} last updated are kept")
            fresh = dict(list(fresh.items())[:limit])
            break
        if times and min(times) < since:
            break
        if page and len(fresh) == before:
            asking.cut_off("pulls", "the list repeats itself and has no end")
            break
    asking.marks["pulls?until"] = str(newest)
    return tuple(pull for _, pull in sorted((held | fresh).items()))


def _pull(told: Fields) -> PullHead:
    merged = told.moment("merged_at") is not None
    state = "merged" if merged else told.text("state")
    return PullHead(told.number("number"), state, told.inner("head").sha("sha"))


def as_it_was(facts: ProjectMetadata, known: HostData | None) -> bool:
    """Return True if nothing was pushed since the last look."""
    return known is not None and known.facts.pushed_at == facts.pushed_at


_FOLDER = ".github/workflows"


def texts_of(asking: Conditional, head: str | None, known: HostData | None) -> tuple[Text, ...]:
    """Return the texts at the head of the default branch, whose sha is `head`.

    They are what the commit holds, so that with the same head nothing is asked for.
    """
    if head is None:
        return ()
    if known is not None and asking.mark("texts") == head:
        for kind in ("texts", "readme", "workflows"):
            asking.keep(kind)
        return known.texts
    asking.marks["texts"] = head
    held = known.texts if known else ()
    readme = _readme(asking, [text for text in held if text.kind == "readme"])
    return (*readme, *_workflows(asking, [text for text in held if text.kind == "workflow"]))


def _readme(asking: Conditional, held: list[Text]) -> list[Text]:
    most = asking.client.limits.text_bytes
    try:
        # In base64 a third longer, with room for the rest of the answer.
        told = asking.one("readme", f"{asking.path}/readme", 2 * most + (1 << 16))
    except AccessDenied as refused:
        return [] if asking.is_missing("readme", refused) else held
    except TooLong as error:
        asking.cut_off("readme", f"left out, because {error}")
        return []
    if told is None:
        return held
    path, blob = told.text("path"), told.sha("sha")
    content, cut = _content(told, most)
    if cut:
        asking.cut_off("readme", f"{path} is longer than what is kept ({most:,} bytes)")
    return [Text("readme", path, blob, to_text(content), cut)]


def _workflows(asking: Conditional, held: list[Text]) -> list[Text]:
    place = f"{asking.path}/contents/{_FOLDER}"
    try:
        answer = asking.client.get(place, mark=asking.mark("workflows"))
    except AccessDenied as refused:
        return [] if asking.is_missing("workflows", refused) else held
    if answer.unchanged:
        asking.keep("workflows")
        return held
    if answer.mark is not None:
        asking.marks["workflows"] = answer.mark
    if isinstance(answer.body, dict):
        return []  # a file of that name
    files = [item for item in objects(answer.body, answer.place) if _is_workflow(item)]
    limits = asking.client.limits
    if len(files) > limits.workflows:
        asking.cut_off("workflows", f"only the first {limits.workflows:,} are kept")
    known = {(text.path, text.blob): text for text in held}
    texts = []
    for item in files[: limits.workflows]:
        same = known.get((item.text("path"), item.sha("sha")))
        texts += [same] if same else _workflow(asking, item)
    return texts


def _is_workflow(item: Fields) -> bool:
    return item.text("type") == "file" and item.text("name").endswith((".yml", ".yaml"))


def _workflow(asking: Conditional, item: Fields) -> list[Text]:
    path, blob, most = item.text("path"), item.sha("sha"), asking.client.limits.text_bytes
    if item.number("size") > most:
        asking.cut_off("workflows", f"{path} is longer than what is kept ({most:,} bytes)")
        return []
    answer = asking.client.get(f"{asking.path}/git/blobs/{blob}", limit=2 * most + (1 << 16))
    content, cut = _content(Fields(answer.body, answer.place), most)
    return [Text("workflow", path, blob, to_text(content), cut)]


def _content(told: Fields, most: int) -> tuple[bytes, bool]:
    """Return the content that an answer carries, and whether there is more.

    GitHub leaves out what is longer than 1 MB, and calls that the encoding `none`.
    """
    if told.text("encoding") != "base64":
        return b"", told.number("size") > 0
    try:
        content = base64.b64decode(told.text("content", 4 * most), validate=False)
    except (binascii.Error, ValueError):
        raise SourceError(f"{told.text('url')}: the content is not in base64") from None
    return content[:most], len(content) > most


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

    def look(self, name: str, seen: Previous) -> Fetched:
        """Return what GitHub tells of `owner/name`; see `hubtrace.ingest.source.Host`."""
        repository_url(name)
        asking = Conditional(self._client, name, seen)
        facts = self._facts(asking, name)
        asking.name = facts.name  # after a rename, so that nothing else is redirected
        if seen.details is not None and seen.details.facts.host_id != facts.host_id:
            asking.seen = Previous()  # another repository has taken the name
        known = asking.seen.details
        moved = not as_it_was(facts, known)
        refs, same = refs_of(asking, moved)
        tips = {ref.name: ref.target for ref in refs}
        default = facts.default_branch if facts.default_branch in tips else None
        details = HostData(
            facts=facts,
            texts=texts_of(asking, tips[default] if default else None, known),
            releases=releases_of(asking, known),
            pulls=pulls_of(asking, known),
            cut=tuple(asking.cut),
        )
        same = same and known is not None and known.facts.default_branch == facts.default_branch
        return Fetched(details, refs, default, asking.marks, self._warnings(), same_refs=same)

    def clone_url(self, name: str) -> str:
        """Return where git can clone the repository."""
        return f"{repository_url(name, self.address.web)}.git"

    def history(self, name: str, look: Fetched, held: Sequence[str]) -> Iterator[Commit]:
        """Yield what is new, the default branch first; see `hubtrace.ingest.source.Host`.

        One request per 100 commits, and one for each ref that leads to commits of its own.
        """
        refs = sorted(look.refs, key=lambda ref: ref.name != look.default_branch)
        walk = Walk(self._client, name, held)
        return map(commit_of, walk.from_tips(ref.target for ref in refs))

    def logins(self, name: str, look: Fetched, held: Sequence[str]) -> dict[str, str]:
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
        except AccessDenied as refused:
            if refused.status in _GONE:
                raise ProjectGone(owner, _GONE[refused.status]) from None
            raise

    def quotas(self) -> list[Quota]:
        """Return what is left for every token, or for nobody's; it costs nothing.

        Raises:
            SourceError: GitHub cannot be reached, or does not accept a token.
        """
        return [quota_of(token, reply) for token, reply in self._client.each_token()]

    def _facts(self, asking: Conditional, name: str) -> ProjectMetadata:
        try:
            told = asking.one("repository", asking.path)
        except AccessDenied as refused:
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
