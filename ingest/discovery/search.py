"""The search: what was asked for, what that names, and what names it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from graph.errors import SourceError
from ingest.discovery.lists import Heads, Lists, marks_of_others
from ingest.discovery.result import SURE, Bounds, Discovered, ModelsOf, RepositoriesOf
from ingest.discovery.sightings import Sightings
from ingest.discovery.weighing import Said, Scales, likeliest, named_by
from ingest.evidence import Found, in_repository, in_variant
from ingest.finding import Finder, Sighting
from ingest.host import ProjectGone
from ingest.interface import Progress, no_progress
from ingest.looking import Crew, crew
from ingest.pasted import Asked
from ingest.records import Side
from ingest.stopping import Stop


def discover(
    asked: Iterable[Asked],
    finder: Finder,
    models_of: ModelsOf,
    repositories_of: RepositoriesOf,
    *,
    members: Mapping[str, Sequence[str]],
    homes: Mapping[str, Sequence[str]],
    bounds: Bounds | None = None,
    workers: int = 4,
    stop: Stop | None = None,
    progress: Progress = no_progress,
) -> Discovered:
    """Look at what was asked for, at what that names, and at what names it.

    `members` are the variants of the families that there are, by their repository's key: they are
    looked at with it, whatever is found. `homes` are the repositories of each variant's family, by
    its name in lower case: they are looked at with it.
    """
    bounds = bounds or Bounds()
    with crew(workers, stop or Stop(), progress) as hands:
        lists = Lists(models_of, repositories_of, bounds, hands)
        search = _Search(finder, lists, members, homes, bounds, hands)
        return search.run(list(dict.fromkeys(asked)))


class _Search:
    def __init__(
        self,
        finder: Finder,
        lists: Lists,
        members: Mapping[str, Sequence[str]],
        homes: Mapping[str, Sequence[str]],
        bounds: Bounds,
        hands: Crew,
    ) -> None:
        self._finder, self._lists = finder, lists
        self._members, self._homes = members, homes
        self._bounds, self._seen = bounds, Sightings(hands)
        self._result = Discovered()

    def run(self, asked: Sequence[Asked]) -> Discovered:
        self._seen.look("asking the hubs", self._finder.find, asked)
        repositories = self._there(asked, Side.UPSTREAM)
        variants = self._with_bases(self._there(asked, Side.DOWNSTREAM))
        listed = self._lists.models(repositories)
        self._result.cut += self._lists.cut
        named = list(chain.from_iterable(map(self._named, repositories)))
        wanted = [*named, *chain.from_iterable(listed.values())]
        self._look("looking at models", Side.DOWNSTREAM, wanted)
        looked_at = [*variants, *self._seen.those(Side.DOWNSTREAM, wanted)]
        said = self._said(looked_at)
        self._look_at_candidates(said, variants)
        self._weigh(looked_at, said)
        self._keep(repositories, variants, listed)
        return self._result

    def _look(self, what: str, side: Side, names: Iterable[str]) -> None:
        self._seen.look(what, self._finder.find_linked, [Asked(side, name) for name in names])

    def _there(self, asked: Iterable[Asked], side: Side) -> list[Sighting]:
        """Return what was asked for on a side; what is not there becomes a failure."""
        here = [one for one in asked if one.side is side]
        for one in here:
            answer = self._seen.answer(side, one.name)
            if isinstance(answer, SourceError):
                self._result.failures[one] = str(answer)
        return self._seen.those(side, [one.name for one in here])

    def _with_bases(self, variants: list[Sighting]) -> list[Sighting]:
        """Return the variants, and the models that they were made from if these are wanted."""
        names, youngest = [one.name for one in variants], variants
        most = len(names) + self._bounds.bases
        for _ in range(self._bounds.generations):
            bases = [base.name for one in youngest for base in one.details.facts.base_models]
            new = [name for name in dict.fromkeys(bases) if name not in names]
            if len(names) + len(new) > most:
                self._result.cut.append(f"only {self._bounds.bases} base models are taken in")
            new = new[: most - len(names)]
            self._look("looking at base models", Side.DOWNSTREAM, new)
            youngest = self._seen.those(Side.DOWNSTREAM, new)
            names += new
        return self._seen.those(Side.DOWNSTREAM, names)

    def _named(self, repository: Sighting) -> list[str]:
        """Return the variants that a repository names, and those that its family has."""
        pairs = in_repository(repository.name, repository.details)
        named = list(dict.fromkeys(name for name, found in pairs if found.strength >= SURE))
        most = self._bounds.named
        if len(named) > most:
            words = f"{repository.name} names {len(named):,} models; {most} are looked at"
            self._result.cut.append(words)
        return [*self._members.get(repository.project.key, ()), *named[:most]]

    def _said(self, variants: Iterable[Sighting]) -> Said:
        """Return what cards and papers say. They speak of github.com, and of no other GitHub."""
        if not self._finder.is_public:
            return {}
        return {one.name.lower(): in_variant(one.name, one.details) for one in variants}

    def _look_at_candidates(self, said: Said, asked: Iterable[Sighting]) -> None:
        """Look at the repositories that variants name, or else after which they are named."""
        likely = {name: likeliest(some, self._bounds.candidates) for name, some in said.items()}
        homes = {one.name: self._homes.get(one.name.lower(), ()) for one in asked}
        silent = [name for name, home in homes.items() if not (home or likely.get(name.lower()))]
        wanted = [*chain.from_iterable([*likely.values(), *homes.values()])]
        wanted += self._lists.namesakes(silent)
        self._look("looking at repositories", Side.UPSTREAM, wanted)

    def _weigh(self, variants: Iterable[Sighting], said: Said) -> None:
        repositories = {one.project.key: one for _, one in self._seen.every(Side.UPSTREAM)}
        present = dict(self._seen.every(Side.DOWNSTREAM))
        scales = Scales.of(
            {name: list(self._of_those_there(some)) for name, some in said.items()},
            named_by(repositories.values(), {name: one.name for name, one in present.items()}),
            [one.name for one in repositories.values()],
        )
        for variant in variants:
            name = variant.name.lower()
            self._result.variants[name] = scales.weigh(present[name])

    def _of_those_there(self, said: Iterable[Found]) -> Iterator[Found]:
        """Yield what was said of repositories that are there, under their present names."""
        for found in said:
            answer = self._seen.answer(Side.UPSTREAM, found.repository)
            if isinstance(answer, Sighting):
                yield replace(found, repository=answer.name)
            elif isinstance(answer, ProjectGone):
                self._result.gone[found.repository] = answer.reason
            elif answer is not None:
                self._result.failures[Asked(Side.UPSTREAM, found.repository)] = str(answer)

    def _keep(
        self,
        repositories: Sequence[Sighting],
        variants: Sequence[Sighting],
        listed: Mapping[str, Heads],
    ) -> None:
        """Complete the result; forget the variants that have nothing to do with what was asked."""
        result = self._result
        result.repositories = dict(self._seen.every(Side.UPSTREAM))
        result.asked = [Asked(one.project.side, one.name) for one in (*repositories, *variants)]
        for one in repositories:
            result.others[one.name.lower()] = marks_of_others(
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
