"""The Hugging Face Hub as a host: what it tells of a model beside its git history.

Requests for one model: the first look asks for its facts, its refs, its files (a page per 1,000,
at most 50 pages), its card (which is a redirect away) and its papers (at most 5): 5 + papers for an
ordinary model. A look at one that has not changed asks for facts and refs with the ETags of the
last time: 2, and a third if its card is kept from us, to see whether it still is. One whose head
has moved is asked for its files and papers too, and for the card if that is another one: at most
as many as the first look. The history without git costs a request per 1,000 commits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from huggingface_hub.hf_api import ExpandModelProperty_T
from huggingface_hub.utils import paginate

from graph.errors import SourceError
from ingest.facts import Details, Facts
from ingest.host import Limits, Look, ProjectGone, Seen
from ingest.huggingface import answers
from ingest.huggingface.account import Account, account_of
from ingest.huggingface.hub import Hub
from ingest.huggingface.lists import Listing, Wanted, list_models
from ingest.huggingface.manners import NotModified
from ingest.huggingface.parts import PartReader
from ingest.huggingface.refusals import Refused
from ingest.names import variant_url
from ingest.records import Commit, Ref, RefKind, Side
from ingest.waiting import Waiter

_FACTS: list[ExpandModelProperty_T] = [
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
"""Marks: the commit at which all was read, or all but what is for some people only."""
_FACTS_ETAG, _REFS_ETAG = "etag of facts", "etag of refs"
_MAIN = "refs/heads/main"
_PAGE = 1_000
"""Commits per request; the Hub's own JavaScript client says that it goes so far."""


class HuggingFace:
    """Models of the Hub at `endpoint` (else HF_ENDPOINT, else huggingface.co)."""

    side = Side.DOWNSTREAM

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        token: str | None = None,
        waiter: Waiter | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._hub = Hub(endpoint, token, waiter or Waiter(), limits or Limits())
        self._parts = PartReader(self._hub)

    @property
    def endpoint(self) -> str:
        """The Hub's address, without a slash at its end."""
        return self._hub.endpoint

    def look(self, name: str, seen: Seen) -> Look:
        """Return what the Hub tells of the model `org/name`, under the name it has now.

        Raises:
            ProjectGone: it shows no such model.
            SourceError: it cannot be asked.
        """
        variant_url(name)
        known = seen.details if seen.details and not seen.details.gone else None
        marks: dict[str, str] = {}
        facts, head = self._facts(name, known, seen, marks)
        refs, same_refs, warnings = self._refs(facts.name, seen, marks)
        refused = _REFUSED in seen.marks
        if (
            known is None
            or seen.marks.get(_HEAD) != head
            or (refused and self._parts.is_shown(facts.name, head))
        ):
            details, refused = self._parts.read(facts, head or None, known)
        else:
            details = replace(known, facts=facts)
        marks |= {_HEAD: head, **({_REFUSED: head} if refused else {})}
        default = _default(refs, head)
        return Look(details, refs, default, marks, tuple(warnings), same_refs, refused)

    def _facts(
        self, name: str, known: Details | None, seen: Seen, marks: dict[str, str]
    ) -> tuple[Facts, str]:
        """Return the facts, and the head of the default branch (empty if there is none)."""
        etag = seen.marks.get(_FACTS_ETAG) if known and _HEAD in seen.marks else None
        try:
            with self._hub.ask(f"the model {name}", name, known=etag) as question:
                info = self._hub.api.model_info(name, expand=_FACTS)
                facts = answers.facts(info)
                head = "" if info.sha is None else answers.sha(info.sha)
        except NotModified:
            if known is None or etag is None:
                raise  # it cannot be: no ETag was sent
            marks[_FACTS_ETAG] = etag
            return known.facts, seen.marks[_HEAD]
        except Refused as error:
            raise ProjectGone(name, "gated") from error
        if question.etag:
            marks[_FACTS_ETAG] = question.etag
        return facts, head

    def _refs(
        self, name: str, seen: Seen, marks: dict[str, str]
    ) -> tuple[tuple[Ref, ...], bool, list[str]]:
        """Return the refs, whether they are those of the last time, and what is to be said."""
        etag = seen.marks.get(_REFS_ETAG) if seen.refs else None
        try:
            with self._hub.ask(f"the refs of {name}", name, known=etag) as question:
                told = self._hub.api.list_repo_refs(name, include_pull_requests=True)
                refs = answers.refs(told)
        except NotModified:
            marks[_REFS_ETAG] = etag or ""
            return seen.refs, True, []
        except Refused as error:
            return (), False, [str(error)]
        most = self._hub.limits.refs
        if len(refs) > most:
            return refs[:most], False, [f"{name} has {len(refs):,} refs; {most:,} are kept"]
        if question.etag:
            marks[_REFS_ETAG] = question.etag
        return refs, False, []

    def clone_url(self, name: str) -> str:
        """Return where git can clone a model; no token is in it."""
        return f"{self._hub.endpoint}/{name}"

    def history(self, name: str, look: Look, held: Sequence[str]) -> Iterator[Commit]:
        """Yield the commits of the default branch, all of them if its head is not in `held`.

        The Hub tells no parents: what is new cannot be told from what is older, and commits of
        other branches could not be told from those of the default branch.

        Raises:
            SourceError: the Hub cannot be asked, or the list has no end.
        """
        head = next((ref.target for ref in look.refs if ref.name == look.default_branch), None)
        if head is None or head in held:
            return
        what = f"the commits of {name}"
        pages = iter(
            paginate(
                f"{self._hub.endpoint}/api/models/{name}/commits/{head}",
                params={"limit": _PAGE},
                headers=self._hub.headers(),
            )
        )
        told: set[str] = set()
        while True:
            # Not one `with` around all: between two yields this thread asks for other things.
            with self._hub.ask(what, name, pages=_PAGE):
                batch = [answers.commit(item) for item in islice(pages, _PAGE)]
            if not batch:
                return
            fresh = {commit.sha: commit for commit in batch if commit.sha not in told}
            told.update(fresh)
            if not fresh:
                raise SourceError(f"{what}: the list begins anew and has no end")
            if len(told) > self._hub.limits.commits:
                raise SourceError(f"{what}: there are more than {self._hub.limits.commits:,}")
            yield from fresh.values()

    def logins(self, name: str, look: Look, held: Sequence[str]) -> dict[str, str]:
        """Return nothing: whose account made a commit is in its address, which git reads.

        The list of commits has names only, and does not say which of them are accounts.
        """
        return {}

    def models(self, wanted: Wanted) -> Listing:
        """Return the models of a list: of an owner, the top of a task, derived from another.

        Raises:
            SourceError: the Hub cannot be asked, or has no such list.
        """
        return list_models(self._hub, wanted)

    def account(self) -> Account:
        """Return whose token it is, and how often the Hub may be asked.

        Raises:
            SourceError: there is no token, it is refused, or the Hub cannot be reached.
        """
        return account_of(self._hub)


def _default(refs: Sequence[Ref], head: str) -> str | None:
    """Return the default branch, which the Hub does not name: `main`, else the one at the head."""
    branches = {ref.name: ref.target for ref in refs if ref.kind is RefKind.BRANCH}
    if _MAIN in branches:
        return _MAIN
    return next((name for name, target in branches.items() if target == head), None)
