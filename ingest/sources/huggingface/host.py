"""The Hugging Face Hub as a host of models."""

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from huggingface_hub import hf_hub_url
from huggingface_hub.utils import get_session, hf_raise_for_status, paginate

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people, to_text
from hubtrace.graph.urls import Side, variant_url
from hubtrace.ingest import records
from hubtrace.ingest.http import OffHost, Sleeper
from hubtrace.ingest.sigstore_bundles import (
    BUNDLE_BYTES,
    UNVERIFIED,
    Authorities,
    Verify,
    attestations,
    can_verify,
)
from hubtrace.ingest.source import Fetched, Limits, Previous, ProjectGone
from hubtrace.ingest.sources.huggingface import schemas
from hubtrace.ingest.sources.huggingface.client import (
    AccessDenied,
    Hub,
    NotFound,
    NotModified,
    TooManyPages,
)

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ExpandModelProperty_T

_CARD = "README.md"
_BUNDLES = 5
"""Signatures that are read of one model."""
_SIGNATURES = (".sigstore.json", ".sigstore", "model.sig")
_PAGES = 500
_PULL_PAGES = 20
"""Pages of pull requests, newest first, that are read for their states."""
_PULL_REF = re.compile(r"refs/pr/([0-9]{1,9})")
_PULL_STATES = {"open", "draft", "closed", "merged"}
"""Of a tree; the Hub puts 1,000 files on one."""


@dataclass(slots=True)
class Parts:
    """What was read of one model at one commit."""

    files: tuple[records.TreeFile, ...] = ()
    cut: list[str] = field(default_factory=list)
    refused: bool = False
    """True if we had no access to a part, so that another try may find more."""

    @contextmanager
    def noting(self, bound: type[SourceError]) -> Iterator[None]:
        """Note what the block cannot read because we have no access, or because of a bound."""
        try:
            yield
        except (AccessDenied, bound) as error:
            self.refused |= isinstance(error, AccessDenied)
            self.cut.append(str(error))


def _blob_id(content: bytes) -> str:
    """Return the id that git gives to a file."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


_MOST = 10_000
"""Models of one list. The largest owners have a few thousand."""
_LIST_PAGES = 500
"""Of one list, so that one without an end has one."""
_FIELDS: "list[ExpandModelProperty_T]" = ["downloads", "likes", "pipeline_tag", "sha", "tags"]


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Which models are listed; all that is given must hold. The most downloaded come first."""

    author: str | None = None
    """A user or an organisation."""
    search: str | None = None
    """In the model's name."""
    task: str | None = None
    """E.g. `text-generation`."""
    library: str | None = None
    base_model: str | None = None
    """Derived from this one; `relation` narrows it to `finetune`, `adapter`, `merge`, …"""
    relation: str | None = None
    arxiv: str | None = None
    """Tagged with this paper."""
    min_downloads: int = 0
    """In the last 30 days."""
    most: int = _MOST


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of a list."""

    name: str
    downloads: int | None
    likes: int | None
    task: str | None
    tags: tuple[str, ...]
    head: str | None = None
    """The sha of its default branch's head, where the list has it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of a list, most downloaded first, each once."""

    models: tuple[Listed, ...]
    cut: str | None = None
    """What was left out because it went beyond a limit, in words."""


def _filters(wanted: ModelFilter) -> list[str]:
    relation = f"{wanted.relation}:" if wanted.relation else ""
    filters = {
        "": wanted.library,
        f"base_model:{relation}": wanted.base_model,
        "arxiv:": wanted.arxiv,
    }
    return [f"{kind}{value}" for kind, value in filters.items() if value]


def _in_words(wanted: ModelFilter) -> str:
    criteria = {
        "of": wanted.author,
        "named like": wanted.search,
        "for": wanted.task,
        "with": wanted.library,
        "derived from": wanted.base_model,
        "of the paper": wanted.arxiv,
    }
    return " ".join(["the models", *(f"{how} {value}" for how, value in criteria.items() if value)])


@dataclass(frozen=True, slots=True)
class Account:
    """The account of our token."""

    name: str
    role: str | None
    """What the token may do: `read`, `write` or `fineGrained`."""
    remaining: int | None
    """Requests that are left in this window, if the Hub reports it."""
    renewed_in: int | None
    """Seconds until the next window."""


_FACTS: "list[ExpandModelProperty_T]" = [
    "baseModels",
    "createdAt",
    "disabled",
    "downloads",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "sha",
    "tags",
]
_HEAD, _REFUSED = "head", "refused"
"""Marks: the commit at which all was read, or all that we have access to."""
_FACTS_ETAG, _REFS_ETAG = "etag of facts", "etag of refs"
_MAIN = "refs/heads/main"
_PAGE = 1_000
"""Commits per request: the maximum, by the Hub's own JavaScript client."""


class HuggingFace:
    """Models of the Hub at `endpoint` (else HF_ENDPOINT, else huggingface.co)."""

    side = Side.DOWNSTREAM

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        token: str | None = None,
        sleeper: Sleeper | None = None,
        limits: Limits | None = None,
        verify: Verify | None = None,
    ) -> None:
        self._hub = Hub(endpoint, token, sleeper or Sleeper(), limits or Limits())
        self._verify = verify or Authorities().verify
        self._known_papers: dict[str, records.Paper] = {}
        """A paper that many models name is fetched once."""
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """The Hub's address, without a slash at its end."""
        return self._hub.endpoint

    def fetch(self, name: str, previous: Previous) -> Fetched:
        """Return the model `org/name`; see `hubtrace.ingest.source.Host`."""
        variant_url(name)
        known = previous.details if previous.details and not previous.details.gone else None
        validators: dict[str, str] = {}
        facts, head = self._facts(name, known, previous, validators)
        refs, same_refs, warnings = self._refs(facts.name, previous, validators)
        refused = _REFUSED in previous.validators
        if (
            known is None
            or previous.validators.get(_HEAD) != head
            or (refused and self._is_shown(facts.name, head))
            or (can_verify() and any(row.why == UNVERIFIED for row in known.attestations))
        ):
            details, refused = self._read(facts, head or None, known)
        else:
            details = replace(known, facts=facts)
        details = replace(details, pulls=self._pulls(facts.name, refs, known))
        validators |= {_HEAD: head, **({_REFUSED: head} if refused else {})}
        default = _default(refs, head)
        return Fetched(details, refs, default, validators, tuple(warnings), same_refs, refused)

    def _facts(
        self,
        name: str,
        known: records.HostData | None,
        previous: Previous,
        validators: dict[str, str],
    ) -> tuple[records.ProjectMetadata, str]:
        """Return the facts, and the head of the default branch (empty if there is none)."""
        etag = (
            previous.validators.get(_FACTS_ETAG) if known and _HEAD in previous.validators else None
        )
        try:
            with self._hub.requesting(f"the model {name}", name, known=etag) as request:
                facts, head = schemas.model(self._hub.api.model_info(name, expand=_FACTS))
        except NotModified:
            if known is None or etag is None:
                raise  # it cannot be: no ETag was sent
            validators[_FACTS_ETAG] = etag
            return known.facts, previous.validators[_HEAD]
        except AccessDenied as error:
            raise ProjectGone(name, "gated") from error
        if request.etag:
            validators[_FACTS_ETAG] = request.etag
        return facts, head or ""

    def _refs(
        self, name: str, previous: Previous, validators: dict[str, str]
    ) -> tuple[tuple[records.Ref, ...], bool, list[str]]:
        """Return the refs, whether they are those of the last time, and warnings."""
        etag = previous.validators.get(_REFS_ETAG) if previous.refs else None
        try:
            with self._hub.requesting(f"the refs of {name}", name, known=etag) as request:
                refs = schemas.refs(self._hub.api.list_repo_refs(name, include_pull_requests=True))
        except NotModified:
            validators[_REFS_ETAG] = etag or ""
            return previous.refs, True, []
        except AccessDenied as error:
            return (), False, [str(error)]
        most = self._hub.limits.refs
        if len(refs) > most:
            return refs[:most], False, [f"{name} has {len(refs):,} refs; {most:,} are kept"]
        if request.etag:
            validators[_REFS_ETAG] = request.etag
        return refs, False, []

    def _pulls(
        self, name: str, refs: tuple[records.Ref, ...], known: records.HostData | None
    ) -> tuple[records.PullHead, ...]:
        """Return the pull requests of these refs whose states the Hub knows, by number.

        A state changes without a trace in the refs or the model, so it is asked for every time.
        Where the Hub does not say (an owner can close the community tab), it is as last known.
        """
        named = ((_PULL_REF.fullmatch(ref.name), ref.target) for ref in refs)
        heads = {int(found[1]): target for found, target in named if found}
        states = {
            pull.number: pull.state
            for pull in (known.pulls if known else ())
            if heads.get(pull.number) == pull.sha
        }
        if heads:
            what = f"the pull requests of {name}"
            with (
                suppress(SourceError),
                self._hub.requesting(what, name, pages=_PULL_PAGES, wrapped=True),
            ):
                for one in self._hub.api.get_repo_discussions(name, discussion_type="pull_request"):
                    if one.num in heads and one.status in _PULL_STATES:
                        states[one.num] = one.status
        return tuple(
            records.PullHead(number, states[number], heads[number]) for number in sorted(states)
        )

    def _read(
        self, facts: records.ProjectMetadata, head: str | None, known: records.HostData | None
    ) -> tuple[records.HostData, bool]:
        """Return all of a model at `head`, and whether we had no access to some of it.

        A card that `known` holds already is not fetched again.
        """
        parts, texts = Parts(), tuple[records.Text, ...]()
        if head is not None:
            self._read_tree(facts.name, head, parts)
            texts = self._card(facts.name, head, parts, known.texts if known else ())
        named, most = schemas.papers_in(facts.tags), self._hub.limits.papers
        if len(named) > most:
            parts.cut.append(f"{facts.name} is tagged with {len(named)} papers; {most} are fetched")
        papers = tuple(map(self._paper, named[:most]))
        signed = tuple(self._signed(facts.name, head, parts)) if head is not None else ()
        details = records.HostData(
            *(facts, texts),
            files=parts.files,
            papers=papers,
            cut=tuple(parts.cut),
            attestations=signed,
        )
        return details, parts.refused

    def _signed(self, name: str, head: str, parts: Parts) -> Iterator[records.Attestation]:
        """Yield what the signatures in a model say of its large files."""
        large = {file.path: file.lfs_sha256 for file in parts.files if file.lfs_sha256}
        paths = [file.path for file in parts.files if file.path.endswith(_SIGNATURES)]
        if len(paths) > _BUNDLES and large:
            parts.cut.append(f"{name} has {len(paths)} signatures; {_BUNDLES} are read")
        for path in sorted(set(paths) - large.keys())[:_BUNDLES] if large else ():
            with parts.noting(OffHost), suppress(NotFound):
                raw, cut = self._request(name, path, head, keep=BUNDLE_BYTES)
                yield from attestations(b"" if cut else raw, path, large, self._verify)

    def _is_shown(self, name: str, head: str) -> bool:
        """Return False if we have no access to a model's card."""
        try:
            self._request_card(name, head, keep=1)
        except AccessDenied:
            return False
        except (NotFound, OffHost):
            pass  # so there is nothing that we have no access to
        return True

    def _read_tree(self, name: str, head: str, parts: Parts) -> None:
        from huggingface_hub.hf_api import RepoFile

        found: dict[str, records.TreeFile] = {}
        most = self._hub.limits.files
        what = f"the files of {name}"
        with parts.noting(TooManyPages), self._hub.requesting(what, name, pages=_PAGES):
            for item in self._hub.api.list_repo_tree(name, recursive=True, revision=head):
                if isinstance(item, RepoFile):
                    found.setdefault(item.path, schemas.tree_file(item))
                if len(found) > most:
                    break
        if len(found) > most:
            parts.cut.append(f"{what}: only the first {most:,} are kept")
        parts.files = tuple(found.values())[:most]

    def _card(
        self, name: str, head: str, parts: Parts, known: tuple[records.Text, ...]
    ) -> tuple[records.Text, ...]:
        file = next((file for file in parts.files if file.path == _CARD), None)
        if file is None and not parts.cut:
            return ()
        if file is not None and file.lfs_sha256 is not None:
            parts.cut.append(f"the card of {name} is not read: it is stored as a large file")
            return ()
        if file is not None and any(text.blob == file.blob for text in known):
            return known
        with parts.noting(OffHost), suppress(NotFound):
            return (self._fetch_card(name, head, file),)
        return ()

    def _fetch_card(self, name: str, head: str, file: records.TreeFile | None) -> records.Text:
        raw, cut = self._request_card(name, head, keep=self._hub.limits.text_bytes)
        if cut:
            raw = raw[: raw.rfind(b"\n") + 1] or raw  # no half line, and so no half character
        elif file is not None and len(file.blob) == 40 and _blob_id(raw) != file.blob:
            raise SourceError(f"{self._hub.label} sent a card of {name} that is not in its tree")
        return records.Text("card", _CARD, file.blob if file else None, to_text(raw), cut)

    def _request_card(self, name: str, head: str, *, keep: int) -> tuple[bytes, bool]:
        """Return the first bytes of the card, and whether there are more."""
        return self._request(name, _CARD, head, keep=keep)

    def _request(self, name: str, path: str, head: str, *, keep: int) -> tuple[bytes, bool]:
        """Return the first bytes of a file, and whether there are more."""
        url = hf_hub_url(name, path, revision=head, endpoint=self._hub.endpoint)
        what = "the card" if path == _CARD else f"a signature ({for_people(path)})"
        with self._hub.requesting(f"{what} of {name}", name, keep=keep) as request:
            response = get_session().get(url, headers=self._hub.headers())
            hf_raise_for_status(response)
        return response.content, request.cut

    def _paper(self, arxiv: str) -> records.Paper:
        with self._lock:
            known = self._known_papers.get(arxiv)
        if known is not None:
            return known
        try:
            with self._hub.requesting(f"the paper {arxiv}"):
                paper = schemas.paper(arxiv, self._hub.api.paper_info(arxiv))
        except NotFound:
            paper = records.Paper(arxiv, None)
        with self._lock:
            self._known_papers[arxiv] = paper
        return paper

    def clone_url(self, name: str) -> str:
        """Return where git can clone a model; no token is in it."""
        return f"{self._hub.endpoint}/{name}"

    def history(self, name: str, fetched: Fetched, held: Sequence[str]) -> Iterator[records.Commit]:
        """Yield the commits of the default branch, all of them if its head is not in `held`.

        The Hub has no parents in its lists, so that neither new commits nor those of other branches
        could be recognised (docs/decisions/0004-sources-that-know-no-parents.md).

        Raises:
            SourceError: the Hub cannot be reached, or the list has no end.
        """
        tips = {ref.name: ref.target for ref in fetched.refs}
        head = tips.get(fetched.default_branch or "")
        if head is None or head in held:
            return
        what = f"the commits of {name}"
        url = f"{self._hub.endpoint}/api/models/{name}/commits/{head}"
        pages = iter(paginate(url, params={"limit": _PAGE}, headers=self._hub.headers()))
        yielded: set[str] = set()
        while True:
            # Not one `with` around all: between two yields this thread fetches other things.
            with self._hub.requesting(what, name, pages=_PAGE):
                batch = [schemas.commit(item) for item in islice(pages, _PAGE)]
            if not batch:
                return
            fresh = {commit.sha: commit for commit in batch if commit.sha not in yielded}
            yielded.update(fresh)
            if not fresh:
                raise SourceError(f"{what}: the list begins anew and has no end")
            if len(yielded) > self._hub.limits.commits:
                raise SourceError(f"{what}: there are more than {self._hub.limits.commits:,}")
            yield from fresh.values()

    def logins(self, name: str, fetched: Fetched, held: Sequence[str]) -> dict[str, str]:
        """Return nothing: whose account made a commit is in its address, which git reads.

        The list of commits has names only, and does not mark which are accounts.
        """
        return {}

    def attestations(self, owner: str, repositories: Sequence[str], digests: Iterable[str]) -> None:
        """Return None: the Hub lists none; signatures lie in the models."""

    def models(self, wanted: ModelFilter) -> Listing:
        """Return the models of a list: of an owner, the top of a task, derived from another.

        Raises:
            SourceError: the Hub cannot be reached.
        """
        what = _in_words(wanted)
        found: dict[str, Listed] = {}
        cut: str | None = None
        try:
            with self._hub.requesting(what, pages=_LIST_PAGES):
                for info in self._hub.api.list_models(
                    author=wanted.author,
                    search=wanted.search,
                    pipeline_tag=wanted.task,
                    filter=_filters(wanted),
                    sort="downloads",
                    limit=wanted.most + 1,
                    expand=_FIELDS,
                ):
                    it, head = schemas.model(info)
                    if (it.downloads or 0) < wanted.min_downloads:
                        break  # and so are all that follow
                    listed = Listed(it.name, it.downloads, it.likes, it.task, it.tags, head)
                    found.setdefault(it.name.lower(), listed)
        except TooManyPages as error:
            cut = str(error)
        except NotFound:
            return Listing(())
        if len(found) > wanted.most:
            cut = f"{what}: only the first {wanted.most:,} are taken"
        return Listing(tuple(found.values())[: wanted.most], cut)

    def account(self) -> Account:
        """Return the token's account, and what is left of its rate limit.

        Raises:
            SourceError: there is no token, it is refused, or the Hub cannot be reached.
        """
        hub = self._hub
        if not hub.has_token:
            raise SourceError(
                f"there is no token for {hub.label}; set HF_TOKEN or run `hf auth login`"
            )
        with hub.requesting("the account of the token"):
            name, role = schemas.who_am_i(hub.api.whoami())
        left = (hub.quota.remaining, hub.quota.reset_in_seconds) if hub.quota else (None, None)
        return Account(name, role, *left)


def _default(refs: Sequence[records.Ref], head: str) -> str | None:
    """Return the default branch, which the Hub does not name: `main`, else the one at the head."""
    branches = {ref.name: ref.target for ref in refs if ref.kind is records.RefKind.BRANCH}
    if _MAIN in branches:
        return _MAIN
    return next((name for name, target in branches.items() if target == head), None)
