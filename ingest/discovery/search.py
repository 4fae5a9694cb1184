"""The search for the other side: what was requested, what that names, and what names it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import ProjectRef, Side
from hubtrace.ingest.discovery.scoring import SURE, EvidenceOf, Linked, Scorer, likeliest, named_by
from hubtrace.ingest.evidence import Evidence, in_repository, in_variant, owners_agree, owners_named
from hubtrace.ingest.evidence.owners import names_agree
from hubtrace.ingest.resolver import ResolvedProject, Resolver
from hubtrace.ingest.source import Progress, ProjectGone, no_progress
from hubtrace.ingest.sources.live import OTHERS
from hubtrace.ingest.workers import CancelToken, WorkerPool, worker_pool

Model = tuple[str, str | None]
"""A model of a list: its name, and the head of its default branch if the list has it."""

ModelsOf = Callable[[str, int], tuple[Sequence[Model], str | None]]
"""Returns an owner's models, most downloaded first, no more than a number, and what was cut."""

RepositoriesOf = Callable[[str], Sequence[str]]
"""Returns the names of an owner's repositories, without forks; none if there is no such owner."""

Heads = Mapping[str, str | None]
"""Model → the head of its default branch."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the search for the other side goes; what lies beyond is reported."""

    candidates: int = 4
    """Repositories that are fetched for one variant, the likeliest first."""
    named: int = 200
    """Variants that one repository names and that are fetched."""
    owners: int = 3
    """Owners on the Hub whose models are listed for one repository."""
    models: int = 200
    """Models of one owner that are fetched for links back to a repository."""
    generations: int = 0
    """Of base models that are taken in as if they had been requested."""
    bases: int = 50
    """Base models that are taken in at most."""


@dataclass
class Lists:
    """Owners' lists of models and of repositories. A list that fails is an empty one."""

    models_of: ModelsOf
    repositories_of: RepositoriesOf
    bounds: Bounds
    pool: WorkerPool
    cut: list[str] = field(default_factory=list)
    """What was left out of the lists, in words."""

    def models(self, repositories: Sequence[ResolvedProject]) -> dict[str, Heads]:
        """Return the models of each repository's owners that may be new to it."""
        owners = {one.name: self._owners(one) for one in repositories}
        distinct = list(dict.fromkeys(chain.from_iterable(owners.values())))
        lists = self.pool.map(
            "listing models", lambda owner: self.models_of(owner, self.bounds.models), distinct
        )
        models: dict[str, dict[str, str | None]] = {}
        for owner, answer in zip(distinct, lists, strict=True):
            if not isinstance(answer, SourceError):
                listed, cut = answer
                models[owner] = dict(listed)
                self.cut += [cut] if cut else []
        return {
            one.name: {
                name: head
                for owner in owners[one.name]
                for name, head in models.get(owner, {}).items()
                if head is None or one.validators.get(_validator_key(name)) != head
            }
            for one in repositories
        }

    def namesakes(self, variants: Iterable[str]) -> list[str]:
        """Return the repositories of the variants' owners after which they are named."""
        models: dict[str, list[str]] = {}
        for variant in variants:
            if "/" in variant:
                models.setdefault(variant.partition("/")[0], []).append(variant)
        lists = self.pool.map("listing repositories", self.repositories_of, models)
        return [
            repository
            for named, answer in zip(models.values(), lists, strict=True)
            if not isinstance(answer, SourceError)
            for repository in answer
            if any(names_agree(variant, repository) for variant in named)
        ]

    def _owners(self, repository: ResolvedProject) -> list[str]:
        """Return whose models on the Hub may be the repository's: its owner's, first of all."""
        owner = repository.name.partition("/")[0]
        named = in_repository(repository.name, repository.details)
        orgs = [name.partition("/")[0] for name, found in named if found.strength >= SURE]
        own = [org for org in orgs if owners_agree(org, owner)]
        pages = list(owners_named(repository.name, repository.details))
        several = {one.lower(): one for one in reversed([owner, *own, *pages])}
        return list(reversed(several.values()))[: self.bounds.owners]


def validators_of_others(
    repository: ResolvedProject, listed: Heads, variants: Mapping[str, Linked]
) -> dict[str, str]:
    """Return what is remembered of listed models that do not link to the repository.

    They are not fetched again before their heads have moved.
    """
    validators = {
        name: mark for name, mark in repository.validators.items() if name.startswith(OTHERS)
    }
    for name, head in listed.items():
        linked = variants.get(name.lower())
        if head and linked and not linked.leads_to({repository.name.lower()}):
            validators[_validator_key(name)] = head
    return validators


def _validator_key(model: str) -> str:
    return f"{OTHERS}{model.lower()}"


@dataclass(slots=True)
class Discovered:
    """What was found for the requested projects."""

    variants: dict[str, Linked] = field(default_factory=dict)
    """Requested and found ones, by name in lower case."""
    repositories: dict[str, ResolvedProject] = field(default_factory=dict)
    """Requested ones and those that variants link to, by name in lower case."""
    asked: list[ProjectRef] = field(default_factory=list)
    """What was requested and is there, by present name."""
    gone: dict[str, str] = field(default_factory=dict)
    """Repositories, as cards name them, that GitHub does not show, and why."""
    failures: dict[ProjectRef, str] = field(default_factory=dict)
    """Why a project that was requested, or that a variant names, cannot be fetched."""
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    """Repository → validators of models that were fetched and do not link to it."""
    cut: list[str] = field(default_factory=list)
    """What was left out because it went beyond a bound, or could not be read, in words."""


class SearchCache:
    """Each project once, or why it cannot be fetched. Names ignore case."""

    def __init__(self, pool: WorkerPool, finder: Resolver) -> None:
        self._pool, self._finder = pool, finder
        self._seen: dict[tuple[Side, str], ResolvedProject | SourceError] = {}

    def fetch(
        self, what: str, find: Callable[[ProjectRef], ResolvedProject], asked: Iterable[ProjectRef]
    ) -> None:
        """Fetch what was not fetched yet; what was renamed is kept under both names."""
        named = {(one.side, one.name.lower()): one for one in asked}
        new = {key: one for key, one in named.items() if key not in self._seen}
        for key, answer in zip(new, self._pool.map(what, find, new.values()), strict=True):
            self._seen[key] = answer
            if isinstance(answer, ResolvedProject):
                self._seen.setdefault((key[0], answer.name.lower()), answer)
        there = {k: one for k, one in self._seen.items() if isinstance(one, ResolvedProject)}
        self._seen.update(zip(there, self._finder.set_apart(there.values()), strict=True))

    def answer(self, side: Side, name: str) -> ResolvedProject | SourceError | None:
        """Return what was fetched under a name; None if it was not."""
        return self._seen.get((side, name.lower()))

    def those(self, side: Side, names: Iterable[str]) -> list[ResolvedProject]:
        """Return the projects of these names that are there, each once."""
        answers = (self.answer(side, name) for name in names)
        return list(
            {one.project.key: one for one in answers if isinstance(one, ResolvedProject)}.values()
        )

    def every(self, side: Side) -> Iterator[tuple[str, ResolvedProject]]:
        """Yield every project of a side that is there, under each of its names."""
        aliases: dict[str, tuple[str, ...]] = {}
        for _, answer in self._there(side):
            known = aliases.get(answer.project.key, ())
            aliases[answer.project.key] = tuple(dict.fromkeys(known + answer.aliases))
        for name, answer in self._there(side):
            yield name, replace(answer, aliases=aliases[answer.project.key])

    def _there(self, side: Side) -> Iterator[tuple[str, ResolvedProject]]:
        for (which, name), answer in self._seen.items():
            if which is side and isinstance(answer, ResolvedProject):
                yield name, answer


def discover(
    asked: Iterable[ProjectRef],
    finder: Resolver,
    models_of: ModelsOf,
    repositories_of: RepositoriesOf,
    *,
    members: Mapping[str, Sequence[str]],
    homes: Mapping[str, Sequence[str]],
    bounds: Bounds | None = None,
    workers: int = 4,
    stop: CancelToken | None = None,
    progress: Progress = no_progress,
) -> Discovered:
    """Fetch what was requested, what that names, and what names it.

    `members` are the variants of the families that there are, by their repository's key: they are
    fetched with it, whatever is found. `homes` are the repositories of each variant's family, by
    its name in lower case: they are fetched with it.
    """
    bounds = bounds or Bounds()
    with worker_pool(workers, stop or CancelToken(), progress) as pool:
        lists = Lists(models_of, repositories_of, bounds, pool)
        search = _Search(
            finder, lists, members, homes, bounds, SearchCache(pool, finder), Discovered()
        )
        return search.run(list(dict.fromkeys(asked)))


@dataclass
class _Search:
    _finder: Resolver
    _lists: Lists
    _members: Mapping[str, Sequence[str]]
    _homes: Mapping[str, Sequence[str]]
    _bounds: Bounds
    _seen: SearchCache
    _result: Discovered
    _present: dict[ProjectRef, str] = field(default_factory=dict)

    def run(self, asked: Sequence[ProjectRef]) -> Discovered:
        self._seen.fetch("fetching projects", self._finder.find, asked)
        repositories = self._there(asked, Side.UPSTREAM)
        variants = self._with_bases(self._there(asked, Side.DOWNSTREAM))
        listed = self._lists.models(repositories)
        self._result.cut += self._lists.cut
        named = list(chain.from_iterable(map(self._named, repositories)))
        wanted = [*named, *chain.from_iterable(listed.values())]
        self._fetch("fetching models", Side.DOWNSTREAM, wanted)
        looked_at = [*variants, *self._seen.those(Side.DOWNSTREAM, wanted)]
        evidence = self._evidence(looked_at)
        self._fetch_candidates(evidence, variants)
        self._score(looked_at, evidence)
        self._keep(repositories, variants, listed)
        return self._result

    def _fetch(self, what: str, side: Side, names: Iterable[str]) -> None:
        self._seen.fetch(what, self._finder.find_linked, [ProjectRef(side, name) for name in names])

    def _there(self, asked: Iterable[ProjectRef], side: Side) -> list[ResolvedProject]:
        """Return what was requested on a side; what is not there becomes a failure."""
        here = [one for one in asked if one.side is side]
        for one in here:
            answer = self._seen.answer(side, one.name)
            if isinstance(answer, SourceError):
                self._result.failures[one] = str(answer)
        return self._seen.those(side, [one.name for one in here])

    def _with_bases(self, variants: list[ResolvedProject]) -> list[ResolvedProject]:
        """Return the variants, and the models that they were made from if these are wanted."""
        names, youngest = [one.name for one in variants], variants
        most = len(names) + self._bounds.bases
        for _ in range(self._bounds.generations):
            bases = [base.name for one in youngest for base in one.details.facts.base_models]
            new = [name for name in dict.fromkeys(bases) if name not in names]
            if len(names) + len(new) > most:
                self._result.cut.append(f"only {self._bounds.bases} base models are taken in")
            new = new[: most - len(names)]
            self._fetch("fetching base models", Side.DOWNSTREAM, new)
            youngest = self._seen.those(Side.DOWNSTREAM, new)
            names += new
        return self._seen.those(Side.DOWNSTREAM, names)

    def _named(self, repository: ResolvedProject) -> list[str]:
        """Return the variants that a repository names, and those that its family has."""
        pairs = in_repository(repository.name, repository.details, self._result.cut)
        named = list(dict.fromkeys(name for name, found in pairs if found.strength >= SURE))
        most = self._bounds.named
        if len(named) > most:
            words = f"{repository.name} names {len(named):,} models; {most} are fetched"
            self._result.cut.append(words)
        return [*self._members.get(repository.project.key, ()), *named[:most]]

    def _evidence(self, variants: Iterable[ResolvedProject]) -> EvidenceOf:
        """Return what cards and papers say. They speak of github.com, and of no other GitHub."""
        if not self._finder.is_public:
            return {}
        return {
            one.name.lower(): in_variant(one.name, one.details, self._result.cut)
            for one in variants
        }

    def _fetch_candidates(self, evidence: EvidenceOf, asked: Iterable[ResolvedProject]) -> None:
        """Fetch the repositories that variants name, or else after which they are named."""
        likely = {name: likeliest(some, self._bounds.candidates) for name, some in evidence.items()}
        homes = {one.name: self._homes.get(one.name.lower(), ()) for one in asked}
        silent = [name for name, home in homes.items() if not (home or likely.get(name.lower()))]
        wanted = [*chain.from_iterable([*likely.values(), *homes.values()])]
        wanted += self._lists.namesakes(silent)
        names = [self._meant(Side.UPSTREAM, name) for name in wanted]
        self._fetch("fetching repositories", Side.UPSTREAM, [*wanted, *names])

    def _meant(self, side: Side, name: str) -> str:
        """Return the present name of the project that a text meant, whoever has the name now."""
        asked = ProjectRef(side, name)
        if asked not in self._present:
            self._present[asked] = name
            with suppress(SourceError):  # such a name there cannot be
                self._present[asked] = self._finder.meant(asked).name
        return self._present[asked]

    def _score(self, variants: Iterable[ResolvedProject], evidence: EvidenceOf) -> None:
        repositories = {one.project.key: one for _, one in self._seen.every(Side.UPSTREAM)}
        present = dict(self._seen.every(Side.DOWNSTREAM))
        # What a README names is not the one that took the name since.
        meant = {
            name: one.name
            for name, one in present.items()
            if self._meant(Side.DOWNSTREAM, name).lower() in (name, one.name.lower())
        }
        scorer = Scorer.of(
            {name: list(self._of_those_there(some)) for name, some in evidence.items()},
            named_by(repositories.values(), meant),
            [one.name for one in repositories.values()],
        )
        for variant in variants:
            name = variant.name.lower()
            # Nothing that was written before speaks of one that took the name of another of ours.
            is_stranger = self._meant(Side.DOWNSTREAM, name).lower() != name
            linked = Linked(variant, ()) if is_stranger else scorer.score(present[name])
            self._result.variants[name] = linked

    def _of_those_there(self, evidence: Iterable[Evidence]) -> Iterator[Evidence]:
        """Yield the evidence on repositories that are there, under their present names."""
        for found in evidence:
            name = self._meant(Side.UPSTREAM, found.repository)
            answer = self._seen.answer(Side.UPSTREAM, name)
            if isinstance(answer, ResolvedProject):
                yield replace(found, repository=answer.name)
            elif isinstance(answer, ProjectGone):
                self._result.gone[found.repository] = answer.reason
            elif answer is not None:
                self._result.failures[ProjectRef(Side.UPSTREAM, found.repository)] = str(answer)

    def _keep(
        self,
        repositories: Sequence[ResolvedProject],
        variants: Sequence[ResolvedProject],
        listed: Mapping[str, Heads],
    ) -> None:
        """Complete the result; forget the variants that have nothing to do with the request."""
        result = self._result
        result.repositories = dict(self._seen.every(Side.UPSTREAM))
        result.asked = [
            ProjectRef(one.project.side, one.name) for one in (*repositories, *variants)
        ]
        for one in repositories:
            result.others[one.name.lower()] = validators_of_others(
                one, listed[one.name], result.variants
            )
        wanted = {one.name.lower() for one in variants}
        members = (self._members.get(one.project.key, ()) for one in repositories)
        kept = self._seen.those(Side.DOWNSTREAM, chain.from_iterable(members))
        wanted.update(one.name.lower() for one in kept)
        asked = {one.name.lower() for one in repositories}
        result.variants = {
            name: linked
            for name, linked in result.variants.items()
            if name in wanted or linked.leads_to(asked)
        }
