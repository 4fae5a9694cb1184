"""The owners' lists in which the other side can be found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.discovery.scoring import SURE, Linked
from hubtrace.ingest.evidence import in_repository, owners_agree, owners_named
from hubtrace.ingest.evidence.owners import names_agree
from hubtrace.ingest.resolver import ResolvedProject
from hubtrace.ingest.sources.live import OTHERS
from hubtrace.ingest.workers import WorkerPool

Model = tuple[str, str | None]
"""A model of a list: its name, and the head of its default branch if the list tells it."""

ModelsOf = Callable[[str, int], tuple[Sequence[Model], str | None]]
"""Returns an owner's models, most downloaded first, no more than so many, and what was cut."""

RepositoriesOf = Callable[[str], Sequence[str]]
"""Returns the names of an owner's repositories, without forks; none if there is no such owner."""

Heads = Mapping[str, str | None]
"""Model → the head of its default branch."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the other side is looked for; what lies beyond is told."""

    candidates: int = 4
    """Repositories that are looked at for one variant, the likeliest first."""
    named: int = 200
    """Variants that one repository names and that are looked at."""
    owners: int = 3
    """Owners on the Hub whose models are listed for one repository."""
    models: int = 200
    """Models of one owner that are looked at for links back to a repository."""
    generations: int = 0
    """Of base models that are taken in as if they had been asked for."""
    bases: int = 50
    """Base models that are taken in at most."""


class Lists:
    """Asks the hubs for lists of models and of repositories. A list that fails is an empty one."""

    def __init__(
        self,
        models_of: ModelsOf,
        repositories_of: RepositoriesOf,
        bounds: Bounds,
        pool: WorkerPool,
    ) -> None:
        self._models_of, self._repositories_of = models_of, repositories_of
        self._bounds, self._pool = bounds, pool
        self.cut: list[str] = []
        """What was left out of the lists, in words."""

    def models(self, repositories: Sequence[ResolvedProject]) -> dict[str, Heads]:
        """Return the models of each repository's people that may be new to it."""
        owners = {one.name: self._owners(one) for one in repositories}
        distinct = list(dict.fromkeys(owner for some in owners.values() for owner in some))
        lists = self._pool.each("listing models", self._models, distinct)
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
                if head is None or one.marks.get(_mark(name)) != head
            }
            for one in repositories
        }

    def namesakes(self, variants: Iterable[str]) -> list[str]:
        """Return the repositories of the variants' owners after which they are named."""
        models: dict[str, list[str]] = {}
        for variant in variants:
            if "/" in variant:
                models.setdefault(variant.partition("/")[0], []).append(variant)
        lists = self._pool.each("listing repositories", self._repositories_of, models)
        return [
            repository
            for named, answer in zip(models.values(), lists, strict=True)
            if not isinstance(answer, SourceError)
            for repository in answer
            if any(names_agree(variant, repository) for variant in named)
        ]

    def _models(self, owner: str) -> tuple[Sequence[Model], str | None]:
        return self._models_of(owner, self._bounds.models)

    def _owners(self, repository: ResolvedProject) -> list[str]:
        """Return whose models on the Hub may be the repository's: its owner's, first of all."""
        owner = repository.name.partition("/")[0]
        named = in_repository(repository.name, repository.details)
        orgs = [name.partition("/")[0] for name, found in named if found.strength >= SURE]
        own = [org for org in orgs if owners_agree(org, owner)]
        pages = list(owners_named(repository.name, repository.details))
        several = {one.lower(): one for one in reversed([owner, *own, *pages])}
        return list(reversed(several.values()))[: self._bounds.owners]


def marks_of_others(
    repository: ResolvedProject, listed: Heads, variants: Mapping[str, Linked]
) -> dict[str, str]:
    """Return what is remembered of listed models that do not link to the repository.

    They are not looked at again before their heads have moved.
    """
    marks = {name: mark for name, mark in repository.marks.items() if name.startswith(OTHERS)}
    for name, head in listed.items():
        linked = variants.get(name.lower())
        if head and linked and not linked.leads_to({repository.name.lower()}):
            marks[_mark(name)] = head
    return marks


def _mark(model: str) -> str:
    return f"{OTHERS}{model.lower()}"
