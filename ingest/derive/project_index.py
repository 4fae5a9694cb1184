"""Which projects a snapshot holds, by every name that they are or were known by."""

from collections.abc import Mapping

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Side, key_of, repository_url, variant_url
from hubtrace.ingest.snapshot import ProjectHistory


class ProjectIndex:
    """Finds the key of a project by the name or page that somebody wrote.

    A name that a project once had leads to it, unless another project has the name now.
    """

    def __init__(self, histories: Mapping[str, ProjectHistory]) -> None:
        self._keys: dict[tuple[Side, str], str] = {}
        for key, history in histories.items():
            for alias in history.pointer.aliases:
                self._keys.setdefault((history.project.side, alias), key)
        for key, history in histories.items():
            self._keys[history.project.side, key] = key
        self._whole = {
            key for key, h in histories.items() if h.last.ancestry and not h.last.shallow
        }

    def repository(self, name: str) -> str:
        """Return the key of the repository `owner/name`: the one it would have if it is unknown.

        Raises:
            SourceError: GitHub allows no such name.
        """
        page = key_of(repository_url(name))
        return self._keys.get((Side.UPSTREAM, page), page)

    def variant(self, name: str) -> str | None:
        """Return the key of the variant `org/name`; None if the snapshot does not hold it."""
        try:
            page = key_of(variant_url(name))
        except SourceError:
            return None
        return self._keys.get((Side.DOWNSTREAM, page))

    def holds(self, key: str) -> bool:
        """Return True if the snapshot holds the project, with a history that is not cut."""
        return key in self._whole

    def at(self, side: Side, page: str) -> str | None:
        """Return the key of the project at a page; None if the snapshot does not hold it."""
        return self._keys.get((side, key_of(page)))
