"""The owners' lists in which the other side can be found."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.discovery.records import SURE, Bounds, Linked, Model, ModelsOf, RepositoriesOf
from hubtrace.ingest.evidence import in_repository, owners_agree, owners_named
from hubtrace.ingest.evidence.owners import names_agree
from hubtrace.ingest.resolver import ResolvedProject
from hubtrace.ingest.sources.live import OTHERS
from hubtrace.ingest.workers import WorkerPool

Heads = Mapping[str, str | None]
"""Model → the head of its default branch."""


class Lists:
    """Asks the hubs for lists of models and of repositories. A list that fails is an empty one."""

    def __init__(
        self,
        models_of: ModelsOf,
        repositories_of: RepositoriesOf,
        bounds: Bounds,
        hands: WorkerPool,
    ) -> None:
        self._models_of, self._repositories_of = models_of, repositories_of
        self._bounds, self._hands = bounds, hands
        self.cut: list[str] = []
        """What was left out of the lists, in words."""

    def models(self, repositories: Sequence[ResolvedProject]) -> dict[str, Heads]:
        """Return the models of each repository's people that may be new to it."""
        owners = {one.name: self._owners(one) for one in repositories}
        distinct = list(dict.fromkeys(owner for some in owners.values() for owner in some))
        ask = partial(_swapped, self._models_of, self._bounds.models)
        lists = self._hands.map("listing models", ask, distinct)
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
        lists = self._hands.map("listing repositories", self._repositories_of, models)
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


def _swapped(models_of: ModelsOf, most: int, owner: str) -> tuple[Sequence[Model], str | None]:
    return models_of(owner, most)


def _mark(model: str) -> str:
    return f"{OTHERS}{model.lower()}"
