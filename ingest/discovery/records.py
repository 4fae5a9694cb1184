"""What a search looks for, how far, and what it found."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from hubtrace.graph.identity import ProjectRef
from hubtrace.ingest.evidence import Link
from hubtrace.ingest.resolver import ResolvedProject

Model = tuple[str, str | None]
"""A model of a list: its name, and the head of its default branch if the list tells it."""


ModelsOf = Callable[[str, int], tuple[Sequence[Model], str | None]]
"""Returns an owner's models, most downloaded first, no more than so many, and what was cut."""


RepositoriesOf = Callable[[str], Sequence[str]]
"""Returns the names of an owner's repositories, without forks; none if there is no such owner."""


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

    sighting: ResolvedProject
    links: tuple[Link, ...]
    """The best one first; repositories under the names that they have now."""

    def leads_to(self, repositories: Collection[str]) -> bool:
        """Return True if its best link is a sure one to one of these (names in lower case)."""
        best = self.links[0] if self.links else None
        if best is None or best.confidence < SURE:
            return False
        return best.repository.lower() in repositories


@dataclass(slots=True)
class Discovered:
    """What was found for the projects that were asked for."""

    variants: dict[str, Linked] = field(default_factory=dict)
    """Those that were asked for and those that were found, by name in lower case."""
    repositories: dict[str, ResolvedProject] = field(default_factory=dict)
    """Those that were asked for and those that variants link to, by name in lower case."""
    asked: list[ProjectRef] = field(default_factory=list)
    """What was asked for and is there, under the names that they have now."""
    gone: dict[str, str] = field(default_factory=dict)
    """Repositories, as cards name them, that GitHub does not show, and why."""
    failures: dict[ProjectRef, str] = field(default_factory=dict)
    """Why a project that was asked for, or that a variant names, cannot be looked at."""
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    """Repository → marks of models that were looked at and do not link to it."""
    cut: list[str] = field(default_factory=list)
    """What was left out because it went beyond a bound, in words."""
