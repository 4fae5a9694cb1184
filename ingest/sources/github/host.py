"""GitHub as a host of repositories."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Self, cast
from urllib.parse import quote

import msgspec

from hubtrace.graph.decoding import convert
from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import to_text
from hubtrace.graph.urls import Side, repository_url
from hubtrace.ingest import records
from hubtrace.ingest.evidence import documents_in, references_in, scripts_called
from hubtrace.ingest.http import ResponseTooLong, Sleeper
from hubtrace.ingest.source import Fetched, Limits, Previous, ProjectGone
from hubtrace.ingest.sources.git.log import subject_of
from hubtrace.ingest.sources.github import schemas
from hubtrace.ingest.sources.github.attestations import listed
from hubtrace.ingest.sources.github.client import AccessDenied, Client, Conditional, Quota, paginate
from hubtrace.ingest.sources.github.tokens import PUBLIC, Address, Token

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_LONGEST_MESSAGE = 1 << 20
_WORKFLOWS = ".github/workflows"


def metadata_of(it: schemas.Repository) -> records.ProjectMetadata:
    """Return a repository's metadata."""
    repository_url(it.full_name)  # or it is not a valid name, and would lead elsewhere
    licence = it.license and (it.license.spdx_id or it.license.key)
    return records.ProjectMetadata(
        host_id=str(it.id),
        name=it.full_name,
        default_branch=f"{_HEADS}{it.default_branch}" if it.default_branch else None,
        created_at=seconds(it.created_at),
        pushed_at=seconds(it.pushed_at),
        licence=licence.lower() if licence else None,
        description=None if it.description is None else it.description[: schemas.LONGEST],
        homepage=(it.homepage or "")[: schemas.LONGEST] or None,
        tags=tuple(topic[: schemas.LONGEST] for topic in (it.topics or ())[: schemas.LONGEST]),
        archived=bool(it.archived),
        private=bool(it.private),
        disabled=bool(it.disabled),
        fork_of=it.parent.full_name if it.parent else None,
        likes=it.stargazers_count,
    )


def seconds(at: datetime | None) -> int | None:
    """Return a time as epoch seconds; None if there is none, or none with a time zone."""
    return int(at.timestamp()) if at is not None and at.tzinfo else None


def _refs(part: Conditional, moved: bool) -> tuple[tuple[records.Ref, ...], bool]:
    """Return branches and tags, and whether they are those of the last time.

    `moved` is True if something was pushed since.
    """
    limit, found, same = part.client.limits.refs, list[records.Ref](), True

    def named_ref(it: schemas.NamedRef) -> tuple[str, str]:
        return it.name, it.commit.sha

    kinds = ("branches", _HEADS, records.RefKind.BRANCH), ("tags", _TAGS, records.RefKind.TAG)
    for kind, prefix, ref in kinds:
        named = part.whole(kind, schemas.NamedRef, named_ref, limit, moved=moved)
        if named is None:
            found += [known for known in part.previous.refs if known.kind is ref]
        else:
            same = False
            found += [records.Ref(f"{prefix}{name}", ref, sha) for name, sha in named.items()]
    return tuple(sorted(found, key=lambda known: known.name)), same


def _releases(part: Conditional, known: records.HostData | None) -> tuple[records.Release, ...]:
    """Return the published releases, the newest first, as GitHub lists them."""
    limit, held = part.client.limits.releases, known.releases if known else ()

    def published(it: schemas.Release) -> tuple[str, records.Release | None]:
        return str(it.id), None if it.draft else release_of(it)

    try:
        found = part.whole("releases", schemas.Release, published, limit, moved=False)
    except AccessDenied as denied:
        return () if part.is_missing("releases", denied) else held
    if found is None:
        return held
    return tuple(release for release in found.values() if release is not None)


def release_of(it: schemas.Release) -> records.Release:
    """Return a release with the files that were uploaded whole."""
    assets = (
        records.Asset(item.name, item.size, item.digest)
        for item in it.assets
        if item.state == "uploaded"
    )
    name = (it.name or "")[: schemas.LONGEST]
    return records.Release(it.tag_name, name, seconds(it.published_at), tuple(assets))


def _pulls(part: Conditional, known: records.HostData | None) -> tuple[records.PullHead, ...]:
    """Return the pull requests' heads by number: those held, and those updated since.

    GitHub lists the last updated first, so that reading stops at what was seen already.
    """
    held = {pull.number: pull for pull in known.pulls} if known else {}
    since = int(part.validator("pulls?until") or 0)
    order = {"state": "all", "sort": "updated", "direction": "desc"}
    try:
        pages = part.pages("pulls", schemas.PullRequest, order)
    except AccessDenied as denied:
        return () if part.is_missing("pulls", denied) else tuple(held.values())
    if pages is None:
        return tuple(held.values())
    limit, fresh, newest = part.client.limits.pulls, dict[int, records.PullHead](), since
    for page in pages:
        before = len(fresh)
        times = [seconds(item.updated_at) or 0 for item in page]
        newest = max(newest, *times) if times else newest
        fresh |= {item.number: pull_of(item) for item in page}
        if len(fresh) >= limit:
            part.cut_off("pulls", f"only the {limit:,} last updated are kept")
            fresh = dict(list(fresh.items())[:limit])
            break
        if times and min(times) < since:
            break
        if page and len(fresh) == before:
            part.cut_off("pulls", "the list repeats itself and has no end")
            break
    part.validators["pulls?until"] = str(newest)
    return tuple(pull for _, pull in sorted((held | fresh).items()))


def pull_of(it: schemas.PullRequest) -> records.PullHead:
    """Return the head of a pull request."""
    state = "merged" if it.merged_at is not None else it.state
    return records.PullHead(it.number, state, it.head.sha, it.base.ref if it.base else None)


def _texts(
    part: Conditional, head: str | None, known: records.HostData | None
) -> tuple[records.Text, ...]:
    """Return README and workflows at the head of the default branch, whose sha is `head`.

    They are what the commit holds, so that with the same head nothing is fetched.
    """
    if head is None:
        return ()
    if known is not None and part.validator("texts") == head:
        for kind in ("texts", "readme", "workflows"):
            part.keep(kind)
        return known.texts
    part.validators["texts"] = head
    held = known.texts if known else ()
    readme = _readme(part, [text for text in held if text.kind == "readme"])[:1]
    readme += _further(part, readme)
    workflows = _workflows(part, [text for text in held if text.kind == "workflow"])
    return (*readme, *workflows, *_scripts(part, workflows))


def _further(part: Conditional, readme: list[records.Text]) -> list[records.Text]:
    """Return the other READMEs and the lists of models that the README names."""
    limits, name = part.client.limits, part.path.removeprefix("/repos/")
    paths = [path for one in readme for path in documents_in(name, one.text) if path != one.path]
    if len(paths) > limits.readmes:
        part.cut_off("readme", f"only the first {limits.readmes:,} further READMEs are kept")
    return list(_files(part, "readme", paths[: limits.readmes]))


def _scripts(part: Conditional, workflows: list[records.Text]) -> Iterator[records.Text]:
    """Yield the scripts that workflows run to publish, as many as workflows are kept."""
    limits = part.client.limits
    paths = scripts_called(part.path.removeprefix("/repos/"), workflows)
    if len(paths) > limits.workflows:
        part.cut_off("workflows", f"only the first {limits.workflows:,} scripts are kept")
    yield from _files(part, "script", paths[: limits.workflows])


def _files(part: Conditional, kind: str, paths: list[str]) -> Iterator[records.Text]:
    """Yield these files of the repository; those that are not there are left out."""
    most = part.client.limits.text_bytes
    anything = cast("type[object]", list[Any] | dict[str, Any])
    for path in paths:
        try:
            page = f"{part.path}/contents/{quote(path)}"
            received = part.client.get(page, anything, limit=2 * most + (1 << 16)).content
            it = convert(received, schemas.Readme)
        except (AccessDenied, ResponseTooLong, msgspec.ValidationError):
            # A script may be written by an earlier step, a link lead nowhere; a folder or a
            # submodule of that name is no file.
            continue
        content, cut = _content(it, most)
        yield records.Text(kind, it.path, it.sha, to_text(content), cut)


def _readme(part: Conditional, held: list[records.Text]) -> list[records.Text]:
    most = part.client.limits.text_bytes
    try:
        # In base64 a third longer, with room for the rest of the response.
        it = part.one("readme", f"{part.path}/readme", schemas.Readme, 2 * most + (1 << 16))
    except AccessDenied as denied:
        return [] if part.is_missing("readme", denied) else held
    except ResponseTooLong as error:
        part.cut_off("readme", f"left out: {error}")
        return []
    if it is None:
        return held
    content, cut = _content(it, most)
    if cut:
        part.cut_off("readme", f"{it.path} is longer than what is kept ({most:,} bytes)")
    return [records.Text("readme", it.path, it.sha, to_text(content), cut)]


def _workflows(part: Conditional, held: list[records.Text]) -> list[records.Text]:
    either = cast("type[list[schemas.FolderEntry] | dict[str, Any]]", _FOLDER_OR_FILE)
    try:
        folder = part.one("workflows", f"{part.path}/contents/{_WORKFLOWS}", either)
    except AccessDenied as denied:
        return [] if part.is_missing("workflows", denied) else held
    if folder is None:
        return held
    if isinstance(folder, dict):
        return []  # a file of that name
    files = [
        item for item in folder if item.type == "file" and item.name.endswith((".yml", ".yaml"))
    ]
    limits = part.client.limits
    if len(files) > limits.workflows:
        part.cut_off("workflows", f"only the first {limits.workflows:,} are kept")
    known = {(text.path, text.blob): text for text in held}
    texts = []
    for item in files[: limits.workflows]:
        same = known.get((item.path, item.sha))
        texts += [same] if same else _workflow(part, item)
    return texts


_FOLDER_OR_FILE = list[schemas.FolderEntry] | dict[str, Any]


def _workflow(part: Conditional, item: schemas.FolderEntry) -> list[records.Text]:
    most = part.client.limits.text_bytes
    if item.size > most:
        part.cut_off("workflows", f"{item.path} is longer than what is kept ({most:,} bytes)")
        return []
    path = f"{part.path}/git/blobs/{item.sha}"
    answer = part.client.get(path, schemas.Blob, limit=2 * most + (1 << 16))
    content, cut = _content(answer.content, most)
    return [records.Text("workflow", item.path, item.sha, to_text(content), cut)]


def _content(it: schemas.Blob, most: int) -> tuple[bytes, bool]:
    """Return a file's content up to a limit, and whether there is more.

    GitHub leaves out what is longer than 1 MB, and calls that the encoding `none`.
    """
    if it.encoding != "base64":
        return b"", it.size > 0
    try:
        content = base64.b64decode(it.content, validate=False)
    except (binascii.Error, ValueError):
        raise SourceError(f"GitHub sent the file {it.sha}, which is not valid base64") from None
    return content[:most], len(content) > most


class Walk:
    """Reads the commits that some tips reach and the commits held do not, each once."""

    def __init__(self, client: Client, name: str, held: Sequence[str]) -> None:
        self._client, self._name = client, name
        self._old = set(held)
        """Commits that the held ones reach, as far as is known: their parents are old too."""
        self._yielded: set[str] = set()

    def from_tips(self, tips: Iterable[str]) -> Iterator[schemas.Commit]:
        """Yield commits as GitHub lists them, the newest first from every tip."""
        for tip in dict.fromkeys(tips):
            if tip not in self._old and tip not in self._yielded:
                yield from self._from(tip)

    def _from(self, tip: str) -> Iterator[schemas.Commit]:
        # GitHub lists a commit after one of its children at least, so `wanted` is never late.
        wanted, listed = {tip}, set[str]()
        path = f"/repos/{self._name}/commits"
        for page in paginate(self._client, path, schemas.Commit, {"sha": tip}):
            before = len(listed)
            for item in page:
                listed.add(item.sha)
                if self._is_new(item, wanted):
                    yield item
            if not wanted:
                return
            if len(listed) == before:
                break  # a list that repeats itself has no end
        raise SourceError(f"{self._name}: GitHub's list of commits ended before the history did")

    def _is_new(self, item: schemas.Commit, wanted: set[str]) -> bool:
        sha = item.sha
        parents = {parent.sha for parent in item.parents}
        fresh = sha in wanted and sha not in self._old
        wanted.discard(sha)
        if sha in self._old:
            self._old |= parents
            wanted -= parents
        elif fresh:
            self._yielded.add(sha)
            wanted |= parents - self._old - self._yielded
        return fresh


def commit_of(it: schemas.Commit) -> records.Commit:
    """Return a commit as the API knows it: without paths, with its author's login."""
    author = it.commit.author or schemas.Signature()
    committer = it.commit.committer or author
    committed, authored = seconds(committer.date) or 0, seconds(author.date)
    message = (it.commit.message or "")[:_LONGEST_MESSAGE]
    return records.Commit(
        sha=it.sha,
        parents=tuple(parent.sha for parent in it.parents),
        author_name=(author.name or "")[: schemas.LONGEST],
        author_email=(author.email or "")[: schemas.LONGEST],
        authored_at=committed if authored is None else authored,
        committed_at=committed,
        subject=subject_of(message),
        author_login=(it.author and it.author.login) or "",
        references=references_in(message),
    )


_GONE = {404: "not_found", 410: "not_found", 451: "blocked"}
_BLOCKED = "Repository access blocked"


class GitHubHost:
    """Repositories on one GitHub, fetched by its API.

    A first fetch costs one request each for the repository, branches, tags, releases, pull
    requests, README and workflows, one more per further hundred of a list, and one per workflow
    file. An unchanged repository costs the first five as conditional requests, which are free
    (docs/decisions/0010-pygithub-for-the-wire-and-not-for-its-objects.md).
    """

    side = Side.UPSTREAM

    def __init__(
        self,
        address: Address = PUBLIC,
        tokens: Sequence[Token] = (),
        sleeper: Sleeper | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.address = address
        self._client = Client(address, tokens, sleeper or Sleeper(), limits or Limits())
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(self, name: str, previous: Previous) -> Fetched:
        """Return `owner/name` as it is now; see `hubtrace.ingest.source.Host`."""
        repository_url(name)
        part = Conditional(self._client, name, previous)
        facts = self._metadata(part, name)
        part.name = facts.name  # after a rename, so that nothing else is redirected
        if previous.details is not None and previous.details.facts.host_id != facts.host_id:
            part.previous = Previous()  # another repository has taken the name
        known = part.previous.details
        moved = known is None or known.facts.pushed_at != facts.pushed_at
        refs, same = _refs(part, moved)
        tips = {ref.name: ref.target for ref in refs}
        default = facts.default_branch if facts.default_branch in tips else None
        details = records.HostData(
            facts=facts,
            texts=_texts(part, tips[default] if default else None, known),
            releases=_releases(part, known),
            pulls=_pulls(part, known),
            cut=tuple(part.cut),
        )
        same = same and known is not None and known.facts.default_branch == facts.default_branch
        return Fetched(details, refs, default, part.validators, self._warnings(), same_refs=same)

    def clone_url(self, name: str) -> str:
        """Return where git can clone the repository."""
        return f"{repository_url(name, self.address.web)}.git"

    def history(self, name: str, fetched: Fetched, held: Sequence[str]) -> Iterator[records.Commit]:
        """Yield what is new, the default branch first; see `hubtrace.ingest.source.Host`.

        One request per 100 commits, and one for each ref that leads to commits of its own.
        """
        refs = sorted(fetched.refs, key=lambda ref: ref.name != fetched.default_branch)
        walk = Walk(self._client, name, held)
        return map(commit_of, walk.from_tips(ref.target for ref in refs))

    def logins(self, name: str, fetched: Fetched, held: Sequence[str]) -> dict[str, str]:
        """Return the logins of the new commits' authors on the default branch.

        Without a token none are fetched: a long history would take longer than its quota.
        """
        if self._client.pool.is_anonymous:
            return {}
        tips = [ref.target for ref in fetched.refs if ref.name == fetched.default_branch]
        new = islice(Walk(self._client, name, held).from_tips(tips), self._client.limits.logins)
        found: dict[str, str] = {}
        with suppress(ResponseTooLong):  # git can read such a history, without the logins
            for item in new:
                if item.author and item.author.login:
                    found[item.sha] = item.author.login
        return found

    def repositories(self, owner: str) -> Iterator[schemas.ListedRepository]:
        """Yield the repositories of a user or an organisation.

        Raises:
            ProjectGone: there is no such owner.
            SourceError: GitHub cannot be reached.
        """
        repository_url(f"{owner}/x")
        seen: set[str] = set()
        try:
            path = f"/users/{owner}/repos"
            for page in paginate(self._client, path, schemas.ListedRepository, {}):
                fresh = [it for it in page if it.full_name not in seen]
                for it in fresh:
                    repository_url(it.full_name)  # or it is not a valid name
                    seen.add(it.full_name)
                yield from fresh
                if page and not fresh:  # a list that repeats itself has no end
                    return
        except AccessDenied as denied:
            if denied.status in _GONE:
                raise ProjectGone(owner, _GONE[denied.status]) from None
            raise

    def attestations(
        self, owner: str, repositories: Sequence[str], digests: Iterable[str]
    ) -> Mapping[str, Sequence[bytes | None]] | None:
        """Return the bundles that attest files; see `hubtrace.ingest.sources.github.attestations`.

        Raises:
            SourceError: GitHub cannot be reached.
        """
        return listed(self._client, owner, repositories, digests)

    def quotas(self) -> list[Quota]:
        """Return what is left for every token; see `Client.quotas`."""
        return self._client.quotas()

    def _metadata(self, part: Conditional, name: str) -> records.ProjectMetadata:
        try:
            fetched = part.one("repository", part.path, schemas.Repository)
        except AccessDenied as denied:
            reason = _GONE.get(denied.status)
            if denied.status == 403 and _BLOCKED in str(denied):
                reason = "blocked"
            if reason is None:
                raise
            raise ProjectGone(name, reason) from None
        if fetched is not None:
            return metadata_of(fetched)
        if part.previous.details is None:
            raise SourceError(f"{name}: GitHub responds 304 to an unconditional request")
        return part.previous.details.facts

    def _warnings(self) -> tuple[str, ...]:
        """Return what is wrong with the tokens, once."""
        pool = self._client.pool
        wrong = [f"the token in {token.source} was not accepted" for token in pool.refused]
        if pool.is_anonymous:
            wrong.append("without a token the authors' logins are not fetched")
        fresh = tuple(warning for warning in wrong if warning not in self._warned)
        self._warned |= set(fresh)
        return fresh
