"""Finding the other side: the repositories that variants come from, and their variants.

What cards, papers, READMEs and workflows say is weighed by `ingest.evidence`. Nothing is written;
`ingest.forming` makes families of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graph.errors import SourceError
from ingest.evidence import (
    Found,
    Link,
    confidence,
    in_repository,
    in_variant,
    learn_aliases,
    links,
    owners_agree,
    owners_named,
    same_owner,
)
from ingest.evidence.links import FLOOR
from ingest.finding import Finder, Sighting
from ingest.host import ProjectGone
from ingest.interface import Progress, no_progress
from ingest.live import OTHERS
from ingest.looking import Crew, crew
from ingest.pasted import Asked
from ingest.records import Side
from ingest.stopping import Stop

Model = tuple[str, str | None]
"""A model of a list: its name, and the head of its default branch if the list tells it."""
ModelsOf = Callable[[str, int], Sequence[Model]]
"""Returns an owner's models, most downloaded first, and no more than so many."""
SURE = 0.2
"""The least confidence that brings in a variant for which nobody asked."""


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


@dataclass(frozen=True, slots=True)
class Linked:
    """A variant that was looked at, and the repositories that it may come from."""

    sighting: Sighting
    links: tuple[Link, ...]
    """The best one first; repositories under the names that they have now."""


@dataclass(slots=True)
class Discovered:
    """What was found for the projects that were asked for."""

    variants: dict[str, Linked] = field(default_factory=dict)
    """Those that were asked for and those that were found, by name in lower case."""
    repositories: dict[str, Sighting] = field(default_factory=dict)
    """Those that were asked for and those that variants link to, by name in lower case."""
    asked: list[Asked] = field(default_factory=list)
    """What was asked for and is there, under the names that they have now."""
    gone: dict[str, str] = field(default_factory=dict)
    """Repositories, as cards name them, that GitHub does not show, and why."""
    failures: dict[Asked, str] = field(default_factory=dict)
    """Why a project that was asked for, or that a variant names, cannot be looked at."""
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    """Repository → marks of models that were looked at and do not link to it."""
    cut: list[str] = field(default_factory=list)
    """What was left out because it went beyond a bound, in words."""


def discover(
    asked: Iterable[Asked],
    finder: Finder,
    models_of: ModelsOf,
    *,
    members: Mapping[str, Sequence[str]],
    bounds: Bounds | None = None,
    workers: int = 4,
    stop: Stop | None = None,
    progress: Progress = no_progress,
) -> Discovered:
    """Look at what was asked for, at what that names, and at what names it.

    `members` are the variants of the families that there are, by their repository's key: they are
    looked at with it, whatever is found.
    """
    with crew(workers, stop or Stop(), progress) as hands:
        search = _Search(finder, models_of, members, bounds or Bounds(), hands)
        return search.run(list(dict.fromkeys(asked)))


class _Search:
    def __init__(
        self,
        finder: Finder,
        models_of: ModelsOf,
        members: Mapping[str, Sequence[str]],
        bounds: Bounds,
        hands: Crew,
    ) -> None:
        self._finder, self._models_of, self._members = finder, models_of, members
        self._bounds, self._hands = bounds, hands
        self._seen: dict[tuple[Side, str], Sighting | SourceError] = {}
        self._result = Discovered()

    def run(self, asked: Sequence[Asked]) -> Discovered:
        self._look("asking the hubs", asked, self._finder.find)
        repositories = self._there(asked, Side.UPSTREAM)
        variants = self._with_bases(self._there(asked, Side.DOWNSTREAM))
        listed = self._listed(repositories)
        named = [name for r in repositories for name in self._named(r)]
        wanted = [*named, *(name for models in listed.values() for name in models)]
        self._look("looking at models", [Asked(Side.DOWNSTREAM, name) for name in wanted])
        found = self._sightings(Side.DOWNSTREAM, wanted)
        said = {one.name.lower(): in_variant(one.name, one.details) for one in [*variants, *found]}
        candidates = [name for one in said.values() for name in self._candidates(one)]
        self._look("looking at repositories", [Asked(Side.UPSTREAM, name) for name in candidates])
        self._link([*variants, *found], said)
        self._keep(repositories, variants, listed)
        return self._result

    def _look(
        self, what: str, asked: Iterable[Asked], find: Callable[[Asked], Sighting] | None = None
    ) -> None:
        """Look at those that were not seen yet; one that was renamed is seen under both names."""
        find = find or self._finder.find_linked
        new = {
            (one.side, one.name.lower()): one
            for one in asked
            if (one.side, one.name.lower()) not in self._seen
        }
        for key, answer in zip(new, self._hands.each(what, find, new.values()), strict=True):
            self._seen[key] = answer
            if isinstance(answer, Sighting):
                self._seen.setdefault((key[0], answer.name.lower()), answer)

    def _there(self, asked: Iterable[Asked], side: Side) -> list[Sighting]:
        """Return what was asked for on a side; what is not there becomes a failure."""
        for one in asked:
            answer = self._seen[one.side, one.name.lower()]
            if isinstance(answer, SourceError):
                self._result.failures[one] = str(answer)
        return self._sightings(side, [one.name for one in asked if one.side is side])

    def _with_bases(self, variants: list[Sighting]) -> list[Sighting]:
        """Return the variants and the models that they were made from."""
        names, youngest = [one.name for one in variants], variants
        for _ in range(self._bounds.generations):
            bases = [base.name for one in youngest for base in one.details.facts.base_models]
            new = [name for name in dict.fromkeys(bases) if name not in names]
            self._look("looking at base models", [Asked(Side.DOWNSTREAM, n) for n in new])
            youngest = self._sightings(Side.DOWNSTREAM, new)
            names += new
        bases = names[len(variants) :]
        if len(bases) > self._bounds.bases:
            self._result.cut.append(
                f"{len(bases):,} base models; {self._bounds.bases} are taken in"
            )
        return self._sightings(Side.DOWNSTREAM, names[: len(variants) + self._bounds.bases])

    def _sightings(self, side: Side, names: Iterable[str]) -> list[Sighting]:
        answers = (self._seen.get((side, name.lower())) for name in names)
        there = {one.project.key: one for one in answers if isinstance(one, Sighting)}
        return list(there.values())

    def _named(self, repository: Sighting) -> list[str]:
        """Return the variants that a repository names, and those that its family has."""
        pairs = in_repository(repository.name, repository.details)
        named = dict.fromkeys(name for name, found in pairs if found.strength >= SURE)
        most = self._bounds.named
        if len(named) > most:
            self._result.cut.append(
                f"{repository.name} names {len(named):,} models; {most} are looked at"
            )
        return [*self._members.get(repository.project.key, ()), *list(named)[:most]]

    def _listed(self, repositories: Sequence[Sighting]) -> dict[str, dict[str, str | None]]:
        """Return the models of each repository's owner that are not known to be of no interest."""
        owners = {one.name: self._owners(one) for one in repositories}
        distinct = list(dict.fromkeys(owner for some in owners.values() for owner in some))
        lists = self._hands.each("listing models", self._models, distinct)
        models = {
            owner: dict(answer)
            for owner, answer in zip(distinct, lists, strict=True)
            if not isinstance(answer, SourceError)
        }
        return {
            one.name: {
                name: head
                for owner in owners[one.name]
                for name, head in models.get(owner, {}).items()
                if head is None or one.marks.get(_mark(name)) != head
            }
            for one in repositories
        }

    def _models(self, owner: str) -> Sequence[Model]:
        return self._models_of(owner, self._bounds.models)

    def _owners(self, repository: Sighting) -> list[str]:
        """Return whose models on the Hub may be the repository's: its owner's, first of all."""
        owner = repository.name.partition("/")[0]
        named = in_repository(repository.name, repository.details)
        orgs = [name.partition("/")[0] for name, found in named if found.strength >= SURE]
        own = [org for org in orgs if owners_agree(org, owner)]
        pages = list(owners_named(repository.name, repository.details))
        several = {one.lower(): one for one in reversed([owner, *own, *pages])}
        return list(reversed(several.values()))[: self._bounds.owners]

    def _candidates(self, said: Sequence[Found]) -> list[str]:
        """Return the likeliest repositories that a variant names."""
        sure = [(confidence(pair), name) for name, pair in _by_repository(said).items()]
        ranked = sorted((-value, name) for value, name in sure if value >= FLOOR)
        return [name for _, name in ranked[: self._bounds.candidates]]

    def _link(self, variants: Sequence[Sighting], said: Mapping[str, Sequence[Found]]) -> None:
        """Weigh all that both sides said."""
        repositories = {
            answer.project.key: answer
            for (side, _), answer in self._seen.items()
            if side is Side.UPSTREAM and isinstance(answer, Sighting)
        }
        named, names = self._named_by(repositories.values()), self._aliases()
        forward = {name: list(self._present(some)) for name, some in said.items()}
        aliases = learn_aliases(
            ((name, one.repository) for name, some in forward.items() for one in some if _own(one)),
            ((one.repository, name) for name, some in named.items() for one in some if _own(one)),
        )
        for variant in variants:
            name = variant.name.lower()
            found = [*forward[name], *named.get(name, ())]
            owners = {one.repository for one in found}
            owned = (same_owner(variant.name, repository, aliases) for repository in owners)
            ranked = links([*found, *(one for one in owned if one)])
            known = replace(variant, aliases=names[variant.project.key])
            self._result.variants[name] = Linked(known, tuple(ranked))

    def _named_by(self, repositories: Iterable[Sighting]) -> dict[str, list[Found]]:
        """Return what repositories say of variants, by the names that those have now."""
        named: dict[str, list[Found]] = {}
        for repository in repositories:
            for written, found in in_repository(repository.name, repository.details):
                known = self._seen.get((Side.DOWNSTREAM, written.lower()))
                name = known.name if isinstance(known, Sighting) else written
                named.setdefault(name.lower(), []).append(found)
        return named

    def _present(self, said: Iterable[Found]) -> Iterator[Found]:
        """Yield what was said of repositories that are there, under their present names."""
        for found in said:
            written = found.repository.lower()
            answer = self._seen.get((Side.UPSTREAM, written))
            if isinstance(answer, Sighting):
                yield replace(found, repository=answer.name)
            elif isinstance(answer, ProjectGone):
                self._result.gone[written] = answer.reason
            elif answer is not None:
                self._result.failures[Asked(Side.UPSTREAM, found.repository)] = str(answer)

    def _keep(
        self,
        repositories: Sequence[Sighting],
        variants: Sequence[Sighting],
        listed: Mapping[str, Mapping[str, str | None]],
    ) -> None:
        """Complete the result; forget the variants that have nothing to do with what was asked."""
        result = self._result
        aliases = self._aliases()
        for (side, name), answer in self._seen.items():
            if side is Side.UPSTREAM and isinstance(answer, Sighting):
                result.repositories[name] = replace(answer, aliases=aliases[answer.project.key])
        result.asked = [Asked(one.project.side, one.name) for one in (*repositories, *variants)]
        for repository in repositories:
            result.others[repository.name.lower()] = self._others(repository, listed)
        asked = {one.name.lower() for one in variants}
        members = {
            name.lower() for one in repositories for name in self._members.get(one.project.key, ())
        }
        wanted = {one.name.lower() for one in repositories}
        result.variants = {
            name: linked
            for name, linked in result.variants.items()
            if name in asked | members or _leads_to(linked, wanted)
        }

    def _aliases(self) -> dict[str, tuple[str, ...]]:
        """Return all names by which each project was seen, whoever linked to it by which."""
        aliases: dict[str, tuple[str, ...]] = {}
        for answer in self._seen.values():
            if isinstance(answer, Sighting):
                known = aliases.get(answer.project.key, ())
                aliases[answer.project.key] = tuple(dict.fromkeys(known + answer.aliases))
        return aliases

    def _others(
        self, repository: Sighting, listed: Mapping[str, Mapping[str, str | None]]
    ) -> dict[str, str]:
        """Return the marks of the listed models that do not link to the repository."""
        marks = {n: mark for n, mark in repository.marks.items() if n.startswith(OTHERS)}
        for name, head in listed[repository.name].items():
            linked = self._result.variants.get(name.lower())
            if head and linked and not _leads_to(linked, {repository.name.lower()}):
                marks[_mark(name)] = head
        return marks


def _mark(model: str) -> str:
    return f"{OTHERS}{model.lower()}"


def _leads_to(linked: Linked, repositories: Iterable[str]) -> bool:
    """Return True if the variant's best link is a sure one to one of the repositories."""
    best = linked.links[0] if linked.links else None
    return best is not None and best.confidence >= SURE and best.repository.lower() in repositories


def _by_repository(said: Iterable[Found]) -> dict[str, list[Found]]:
    pairs: dict[str, list[Found]] = {}
    for found in said:
        pairs.setdefault(found.repository.lower(), []).append(found)
    return pairs


def _own(found: Found) -> bool:
    """Return True if nothing speaks against it, but perhaps that the owners' names differ."""
    return found.reason in (None, "other_owner")
