"""Repositories that are one history: what a blob's weight counts once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lineage:
    """What tells of a repository whose fork it is."""

    root: str | None
    """The first commit of its default branch, along first parents; None if it is not known."""
    fork_of: str | None
    """`owner/name` of what its host says that it was forked from."""


def collapse(repositories: Mapping[str, Lineage]) -> dict[str, int]:
    """Return a number for each repository, by key; those that are forks of each other share one.

    Two are joined if their default branches began with the same commit, or if the host says that
    one is a fork of the other, or both of a third one. A history that was merged in later joins
    nothing: a collection of projects is not a fork of each of them.
    """
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for key in sorted(repositories):
        for relative in _relatives(key, repositories[key]):
            parent[find(relative)] = find(key)
    numbers: dict[str, int] = {}
    return {key: numbers.setdefault(find(key), len(numbers)) for key in sorted(repositories)}


def _relatives(key: str, lineage: Lineage) -> Iterable[str]:
    if lineage.root is not None:
        yield f"root {lineage.root}"
    if lineage.fork_of is not None:
        host = key.rsplit("/", 2)[0]
        yield f"{host}/{lineage.fork_of.lower()}"
