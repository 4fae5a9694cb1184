"""The projects that a search has looked at, by every name that they were asked for by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from graph.errors import SourceError
from ingest.finding import Sighting
from ingest.looking import Crew
from ingest.pasted import Asked
from ingest.records import Side


class Sightings:
    """Each project once, or why it cannot be looked at. Names count in any case."""

    def __init__(self, hands: Crew) -> None:
        self._hands = hands
        self._seen: dict[tuple[Side, str], Sighting | SourceError] = {}

    def look(self, what: str, find: Callable[[Asked], Sighting], asked: Iterable[Asked]) -> None:
        """Look at those that were not seen yet; one that was renamed is seen under both names."""
        named = {(one.side, one.name.lower()): one for one in asked}
        new = {key: one for key, one in named.items() if key not in self._seen}
        for key, answer in zip(new, self._hands.each(what, find, new.values()), strict=True):
            self._seen[key] = answer
            if isinstance(answer, Sighting):
                self._seen.setdefault((key[0], answer.name.lower()), answer)

    def answer(self, side: Side, name: str) -> Sighting | SourceError | None:
        """Return what was seen under a name; None if nobody looked."""
        return self._seen.get((side, name.lower()))

    def those(self, side: Side, names: Iterable[str]) -> list[Sighting]:
        """Return the projects of these names that are there, each once."""
        answers = (self.answer(side, name) for name in names)
        return list({one.project.key: one for one in answers if isinstance(one, Sighting)}.values())

    def every(self, side: Side) -> Iterator[tuple[str, Sighting]]:
        """Yield every project of a side that is there, under each of its names."""
        aliases: dict[str, tuple[str, ...]] = {}
        for _, answer in self._there(side):
            known = aliases.get(answer.project.key, ())
            aliases[answer.project.key] = tuple(dict.fromkeys(known + answer.aliases))
        for name, answer in self._there(side):
            yield name, replace(answer, aliases=aliases[answer.project.key])

    def _there(self, side: Side) -> Iterator[tuple[str, Sighting]]:
        for (which, name), answer in self._seen.items():
            if which is side and isinstance(answer, Sighting):
                yield name, answer
