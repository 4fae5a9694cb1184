"""Findings that somebody accepted: for a reason, until a day (docs/decisions/0042).

An acceptance is of a kind, and of a model, a repository or a branch. It never covers what is
undecided, what expired, or a project that took over the name of the one that it was written for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from hubtrace.graph.errors import CatalogueError, SourceError
from hubtrace.graph.format import date
from hubtrace.graph.store import GraphStore
from hubtrace.graph.urls import NotHosted, Side, parse_address, parse_sha
from hubtrace.queries.audit.findings import (
    KINDS,
    Found,
    Kind,
    Limits,
    Part,
    decide,
    finding_of,
    short_ref,
    undecided_of,
)
from hubtrace.queries.audit.records import Audit, Finding, Undecided
from hubtrace.queries.catalogue import family_names
from hubtrace.queries.lookup import resolve

_URLS = "MATCH (p:Repository|Variant) WHERE p.url <> '' RETURN p.key, p.url"
WITH_BRANCHES = ("rewritten", "abandoned_branch", "orphaned_branch")
"""Kinds of finding that are about branches."""
OF_AN_UPSTREAM = ("lag",)
"""Kinds whose value is a repository."""
NEEDS_VALUE = ("replaced",)
"""Kinds of which only a certain one can be accepted: a second stranger is another finding."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody accepts, as it was written."""

    place: str
    """Where it stands, for messages: `.hubtrace.toml: accept 2`."""
    kind: str
    target: str
    """A name, URL or key of a model or a repository."""
    reason: str
    expires: str
    """ISO date; the last day on which it counts, in UTC."""
    by: str | None = None
    branch: str | None = None
    value: str | None = None
    """Only this: see `hubtrace.queries.audit.findings.Part`."""

    def __str__(self) -> str:
        """Return where it stands and what it is of."""
        of = " ".join(filter(None, (self.target, self.branch, self.value)))
        return f"{self.place} ({self.kind} of {of})"

    @property
    def terms(self) -> str:
        """Until when, by whom and why."""
        by = f" by {self.by}" if self.by else ""
        return f"accepted until {self.expires}{by}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding, and the acceptance that covers it."""

    finding: Finding
    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class Stale:
    """An acceptance that covers nothing (any more)."""

    acceptance: Acceptance
    why: str
    """In words."""


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An acceptance of a project of the graph."""

    acceptance: Acceptance
    key: str
    branch: str | None
    value: str | None

    def is_of(self, part: Part, variant: str) -> bool:
        """Return True if it is of this part of a finding of this variant, expired or not."""
        if self.branch is not None and self.branch != part.branch:
            return False
        if self.value is not None and not self._is_value(part.value or ""):
            return False
        return self.key == part.project or (self.key == variant and self.branch is None)

    def _is_value(self, found: str) -> bool:
        wanted, found = self.value or "", found.lower()
        is_sha = self.acceptance.kind == "rewritten" and parse_sha(wanted) is not None
        return found == wanted.lower() or (is_sha and found.startswith(wanted.lower()))

    def is_exact(self, part: Part) -> bool:
        """Return True if it is of this part and no other."""
        return (self.key, self.branch, self.value) == (part.project, part.branch, part.value)

    def is_whole(self, variant: str) -> bool:
        """Return True if it is of everything of its kind that is found of the variant."""
        return (self.key, self.branch, self.value) == (variant, None, None)


class Acceptances:
    """The acceptances for one check: which covers what, and which covered nothing."""

    def __init__(self, store: GraphStore, given: Iterable[Acceptance] = ()) -> None:
        """Find the projects that they name, by any name that the graph knows.

        Raises:
            CatalogueError: one names what can be no project, or a family; or two are the same.
        """
        self.open: list[tuple[str, Part]] = []
        """What was found and no acceptance was written for: kind and part."""
        self._unknown: list[Stale] = []
        self._held: dict[tuple[str, str], list[_Resolved]] = {}
        self._met: set[_Resolved] = set()
        self._judged: set[_Resolved] = set()
        self._used: set[_Resolved] = set()
        seen: dict[tuple[str | None, ...], Acceptance] = {}
        given = list(given)
        # A baseline has many, and names most of them so that no search is needed.
        urls = {url.lower(): key for url, key in _urls(store).items()} if given else {}
        for each in given:
            found = _resolved(store, each, urls)
            if isinstance(found, Stale):
                self._unknown.append(found)
                same = (each.kind, each.target.lower(), each.branch, each.value)
            else:
                self._held.setdefault((each.kind, found.key), []).append(found)
                same = (each.kind, found.key, found.branch, found.value)
            if (first := seen.setdefault(same, each)) is not each:
                raise CatalogueError(f"{each}: it is the same as {first.place}")

    def look(
        self, audit: Audit, kinds: Collection[str], limits: Limits, now: int
    ) -> tuple[list[Finding], list[Accepted], list[Undecided]]:
        """Return what is found of these kinds, what of it is accepted, and what is undecided.

        What was observed after `now` shows that the clock is wrong, and moves it.
        """
        looks = [it.observed_at for it in audit.projects if it.observed_at is not None]
        view = _View(audit, limits, date(max([now, *looks])))
        found: list[Finding] = []
        accepted: list[Accepted] = []
        undecided: list[Undecided] = []
        taken_over = self._is_taken_over(view)
        for kind in (kind for kind in KINDS.values() if kind.name in kinds):
            result, missing = decide(kind, audit, limits)
            own = self._of(kind.name, audit)
            if result is not None:
                self._used.update(view.past(own, result))
                void = taken_over and kind.name != "replaced"
                covered = {} if void else view.covered(own, result)
                accepted += view.accepted(kind, result, covered)
                if covered:
                    result, missing = view.rest(kind, covered)
                if result is not None:
                    self.open += [
                        (kind.name, part)
                        for part in result.parts
                        if not any(each.is_exact(part) for each in own)
                    ]
                    found.append(finding_of(kind, audit, view.noted(result, own, void)))
            if missing is None:
                self._judged.update(own)
            else:
                undecided.append(undecided_of(kind, audit, missing))
        return found, accepted, undecided

    def stale(self, kinds: Collection[str], *, everything: bool) -> tuple[Stale, ...]:
        """Return those that covered nothing although what they are of was decided.

        `everything`: the whole graph was checked, so that what was not met is not there.
        """
        held = [each for some in self._held.values() for each in some]
        return (
            *self._unknown,
            *(
                Stale(each.acceptance, "it matches nothing that was found")
                for each in held
                if each in self._judged - self._used
                or (everything and each.acceptance.kind in kinds and each not in self._met)
            ),
        )

    def _of(self, kind: str, audit: Audit) -> list[_Resolved]:
        """Return those of a kind for a variant and its upstreams; the narrowest first."""
        keys = {audit.identity.variant: None, **{it.project: None for it in audit.projects}}
        own = [each for key in keys for each in self._held.get((kind, key), ())]
        self._met.update(own)
        return sorted(own, key=lambda each: each.is_whole(audit.identity.variant))

    def _is_taken_over(self, view: "_View") -> bool:
        """Return True if a project is not the one that acceptances were written for."""
        result, _ = decide(KINDS["replaced"], view.audit, view.limits)
        if result is None:
            return False
        covered = view.covered(self._of("replaced", view.audit), result)
        return set(result.parts) != {part for parts in covered.values() for part in parts}


@dataclass(frozen=True, slots=True)
class _View:
    """One audit on one day."""

    audit: Audit
    limits: Limits
    today: str

    @property
    def variant(self) -> str:
        """Key of the variant."""
        return self.audit.identity.variant

    def past(self, own: Sequence[_Resolved], result: Found) -> list[_Resolved]:
        """Return the acceptances of what was found, whether they count or not."""
        return [x for x in own if any(x.is_of(part, self.variant) for part in result.parts)]

    def covered(self, own: Sequence[_Resolved], result: Found) -> dict[_Resolved, set[Part]]:
        """Return which parts of what was found are accepted, each by one acceptance."""
        covered: dict[_Resolved, set[Part]] = {}
        for part in result.parts:
            good = (x for x in own if x.is_of(part, self.variant) and not self._is_expired(x))
            if (one := next(good, None)) is not None:
                covered.setdefault(one, set()).add(part)
        return covered

    def accepted(
        self, kind: Kind, result: Found, covered: Mapping[_Resolved, set[Part]]
    ) -> Iterator[Accepted]:
        """Yield what would be found if only the parts of one acceptance counted."""
        for one, parts in covered.items():
            alone, _ = self._without(kind, set(result.parts) - parts)
            yield Accepted(finding_of(kind, self.audit, alone or result), one.acceptance)

    def rest(
        self, kind: Kind, covered: Mapping[_Resolved, set[Part]]
    ) -> tuple[Found | None, str | None]:
        """Return what is found beside what is accepted, or what is missing to clear the rest."""
        result, missing = self._without(kind, {p for parts in covered.values() for p in parts})
        whole = any(one.is_whole(self.variant) for one in covered)
        return result, None if whole else missing

    def noted(self, result: Found, own: Sequence[_Resolved], void: bool) -> Found:
        """Return what was found, with why an acceptance of it does not count."""
        past = self.past(own, result)
        expired = [x.acceptance.expires for x in past if self._is_expired(x)]
        if expired:
            why = f"accepted until {max(expired)}, which has passed"
        elif past and void:
            why = "its acceptance does not count for a project that was replaced"
        else:
            return result
        return result._replace(text=f"{result.text}; {why}")

    def _without(self, kind: Kind, parts: Set[Part]) -> tuple[Found | None, str | None]:
        limits = replace(self.limits, without=self.limits.without | parts)
        return decide(kind, self.audit, limits)

    def _is_expired(self, each: _Resolved) -> bool:
        return each.acceptance.expires < self.today


def _resolved(store: GraphStore, each: Acceptance, urls: Mapping[str, str]) -> _Resolved | Stale:
    """Return the project that an acceptance is of, or why the graph has none."""
    key, named = urls.get(each.target.lower()), None
    if key is None:
        try:
            found = resolve(store, each.target)
        except CatalogueError as error:
            return _unknown(store, each, error)
        key, address = found.project.key, found.address
        named = "/".join(filter(None, (address.at, address.path))) or None
    value = each.value
    if each.kind in OF_AN_UPSTREAM and value is not None:
        try:
            value = urls.get(value.lower()) or resolve(store, value, Side.UPSTREAM).project.key
        except CatalogueError as error:
            return Stale(each, str(error))
    if named is not None and each.branch is not None:
        raise CatalogueError(f"{each}: target: it points into a project, and there is a branch")
    branch = named or each.branch
    if branch is not None and each.kind not in WITH_BRANCHES:
        raise CatalogueError(f"{each}: a finding of the kind {each.kind} is not about a branch")
    return _Resolved(each, key, branch and short_ref(branch), value)


def _unknown(store: GraphStore, each: Acceptance, error: CatalogueError) -> Stale:
    """Return why the graph has no such project; refuse what can be none."""
    if each.target in family_names(store):
        raise CatalogueError(f"{each}: target: it is a family; name its models") from None
    try:
        parse_address(each.target)
    except NotHosted:
        pass
    except SourceError as malformed:
        raise CatalogueError(f"{each}: target: {malformed}") from None
    return Stale(each, str(error))


def targets_for(store: GraphStore, keys: Iterable[str]) -> dict[str, str]:
    """Return what names each project of the graph and no other: its URL, or its key."""
    names = {key: url for url, key in _urls(store).items()}
    return {key: names.get(key, key) for key in keys}


def _urls(store: GraphStore) -> dict[str, str]:
    """Return the key of each project by its URL, if it is the only one that has it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, url in store.run(_URLS).rows():
        found.setdefault(url.lower(), []).append((url, key))
    return dict(same[0] for same in found.values() if len(same) == 1)
