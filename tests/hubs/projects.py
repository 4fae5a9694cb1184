"""The projects of a hub, by the names they have and had; each with a real git repository.

A hub's own description of a project is a subclass of `HostedProject`:

    register = ProjectRegister[HostedProject](tmp_path)
    yi = register.add("01-ai/Yi", HostedProject)
    yi.git.commit({b"README.md": b"# Yi"})
    register.rename("01-ai/Yi", "01-ai/Yi-2")
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from .worlds import World


class HostedProject:
    """A project: its number on this hub, its name, and its git repository."""

    def __init__(self, number: int, name: str, git: World) -> None:
        self.number, self.name, self.git = number, name, git
        self.blocked: int | None = None
        """The HTTP status that hides it from everybody (404, 451, …)."""
        self.private = False

    @property
    def owner(self) -> str:
        """The part of the name before the slash."""
        return self.name.partition("/")[0]


P = TypeVar("P", bound=HostedProject)


class ProjectRegister(Generic[P]):
    """Projects by name, whatever its case; git repositories are `ROOT/NUMBER.git`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[str, P] = {}
        self._made = 0

    def add(self, name: str, make: Callable[[int, str, World], P]) -> P:
        """Make a project with an empty repository, and take the name for it."""
        self._made += 1
        git = World(self._root / f"{self._made}.git")
        project = make(self._made, name, git)
        self._names[name.lower()] = project
        return project

    def find(self, name: str) -> P | None:
        """Return the project that has the name, or had it and nobody took it since.

        Its present name is `project.name`: if it differs, the hub redirects.
        """
        return self._names.get(name.lower())

    def numbered(self, number: int) -> P | None:
        """Return the project with a number."""
        return next((project for project in self if project.number == number), None)

    def rename(self, old: str, new: str) -> P:
        """Give a project another name; the old one leads to it."""
        project = self._names[old.lower()]
        project.name = new
        self._names[new.lower()] = project
        return project

    def remove(self, name: str) -> None:
        """Delete a project with all names that lead to it."""
        gone = self._names[name.lower()]
        self._names = {name: known for name, known in self._names.items() if known is not gone}

    def __iter__(self) -> Iterator[P]:
        return iter({id(project): project for project in self._names.values()}.values())
