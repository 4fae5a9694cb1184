"""Projects as their hosts show them, under the keys that the snapshot knows them by."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from hubtrace.graph.identity import GITHUB, Hosts, Project, ProjectRef, Side, host_key, key_of
from hubtrace.ingest.families import Target
from hubtrace.ingest.records import HostData
from hubtrace.ingest.source import Cursor, Fetched, ProjectGone

Fetch = Callable[[Side, str, Cursor], Fetched]
"""Fetches from a host; once for each project (`LiveSource.fetch`)."""


class Memory(Protocol):
    """What the snapshot knows of projects (`SnapshotWriter`)."""

    def cursor(self, key: str) -> Cursor:
        """Return what is held of a project."""
        ...

    def key_of_alias(self, alias: str) -> str | None:
        """Return the key of the project that is, or once was, known by another one."""
        ...


@dataclass(frozen=True, slots=True)
class ResolvedProject:
    """A project that was fetched, before anything of it is written."""

    project: Project
    """Under its lasting key and its present name."""
    details: HostData
    """What its host returned; of a project that is gone, the last that it returned."""
    aliases: tuple[str, ...] = ()
    """Other keys by which it was requested."""
    validators: Mapping[str, str] = field(default_factory=dict)
    """What the snapshot holds of it."""

    @property
    def name(self) -> str:
        """Its present name."""
        return self.project.name

    def target(self) -> Target:
        """Return the target that reads all of it."""
        return Target(self.project, self.project.url, aliases=self.aliases)

    def facts_only(self) -> Target:
        """Return the target that reads no commits of it."""
        return replace(self.target(), location="")


class Resolver:
    """Finds projects by any name that they have or had. Threads may share it."""

    def __init__(self, fetch: Fetch, memory: Memory, web: Hosts) -> None:
        self._fetch, self._memory, self._web = fetch, memory, web

    @property
    def is_public(self) -> bool:
        """True if the repositories are those of github.com."""
        return self._web.github == GITHUB

    def find_linked(self, asked: ProjectRef) -> ResolvedProject:
        """Return the project that a text names.

        A name that one of ours had is that project's, whoever has the name now: a link meant what
        was there when it was written. (A user means what is there now: `find`.)

        Raises:
            ProjectGone, SourceError: as `find`.
        """
        meant = self.meant(asked)
        found = self.find(meant)
        if meant == asked:
            return found
        alias = self._web.project(asked.side, asked.name).key
        return replace(found, aliases=(*found.aliases, alias))

    def meant(self, asked: ProjectRef) -> ProjectRef:
        """Return the present name, as last seen, of the project that a name in a text means."""
        named = self._web.project(asked.side, asked.name)
        # The first one that was seen under the name has it for a key, and not for an alias.
        own = self._memory.cursor(named.key).details
        elder = None if own else self._memory.key_of_alias(named.key)
        known = self._memory.cursor(elder).details if elder else own
        if known is None or not known.facts.host_id:
            return asked
        return ProjectRef(asked.side, known.facts.name)

    def find(self, asked: ProjectRef) -> ResolvedProject:
        """Return the project, as its host or, where that has it no more, the snapshot shows it.

        Raises:
            ProjectGone: the host shows no such project, and the snapshot holds none.
            SourceError: the host cannot be reached, or allows no such name.
        """
        named = self._web.project(asked.side, asked.name)
        key = self._memory.key_of_alias(named.key) or named.key
        cursor = self._memory.cursor(key)
        try:
            fetched = self._fetch(asked.side, asked.name, cursor)
        except ProjectGone as gone:
            if cursor.details is None or not cursor.details.facts.host_id:
                raise  # and it never showed one
            name = cursor.details.facts.name
            if name.lower() != asked.name.lower():  # an old name that leads nowhere any more
                return self.find(ProjectRef(asked.side, name))
            project = replace(self._web.project(asked.side, name), key=key)
            return ResolvedProject(
                project, replace(cursor.details, gone=gone.reason), validators=cursor.validators
            )
        now = self._web.project(asked.side, fetched.details.facts.name)
        lasting = self._lasting_key(now, key, cursor, fetched.details)
        other_names = tuple({named.key} - {lasting, now.key})
        return ResolvedProject(
            replace(now, key=lasting), fetched.details, other_names, cursor.validators
        )

    def _lasting_key(self, now: Project, key: str, cursor: Cursor, details: HostData) -> str:
        """Return the key of what the host shows: of the project that has the host's own id."""
        host_id, held = details.facts.host_id, cursor.details
        if cursor.last is not None and (held is None or held.facts.host_id in ("", host_id)):
            return key
        elder = self._memory.key_of_alias(host_key(now.side, host_id))
        known = self._memory.cursor(elder).details if elder else None
        if elder and known and known.facts.host_id == host_id:
            return elder
        if held is None:
            return now.key
        if held.facts.name.lower() == now.name.lower():
            return key  # replaced: another project under the name that ours has
        # Ours has moved, and another project took the name that ours had.
        return second_key(now.key, host_id) if self._memory.cursor(now.key).details else now.key

    def set_apart(self, found: Iterable[ResolvedProject]) -> Iterator[ResolvedProject]:
        """Yield projects, so that no two have the same key: the host's own id decides whose it is.

        A project that moved, and the one that took its old name before anybody looked, both come
        under the key of that name.
        """
        ids: dict[str, set[str]] = {}
        several = list(found)
        for one in several:
            ids.setdefault(one.project.key, set()).add(one.details.facts.host_id)
        for one in several:
            key, host_id = one.project.key, one.details.facts.host_id
            known = self._memory.cursor(key).details if len(ids[key]) > 1 else None
            if known is not None and known.facts.host_id != host_id:
                at = key_of(one.project.url)
                lasting = second_key(at, host_id) if at == key else at
                one = replace(one, project=replace(one.project, key=lasting))
            yield one


def second_key(key: str, host_id: str) -> str:
    """Return the key of a project at a URL that is the key of another one (decision 0043)."""
    return f"{key}#{host_id}"
