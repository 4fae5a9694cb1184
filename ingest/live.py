"""The live source: what a host tells by its API, and the history of the project by git."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from graph.errors import SourceError
from ingest.facts import Details, Facts
from ingest.git.source import GitSource
from ingest.host import Host, Look, ProjectGone, Seen
from ingest.interface import Cursor, Reading
from ingest.names import Web
from ingest.records import Commit, Observation, Project, Side

_REFS = "refs"
"""The mark under which a hash of the refs is kept that the host told."""


class LiveSource:
    """Reads projects from their hosts; what lies elsewhere is read by git alone.

    A project whose refs are those of the last time is not cloned. Without `git` the history comes
    from the hosts' APIs, without paths. What one run was told of a project is asked for once.
    """

    def __init__(
        self,
        hosts: Mapping[Side, Host],
        git: GitSource | None,
        *,
        web: Web,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hosts, self._git, self._web, self._clock = hosts, git, web, clock
        self._looks: dict[tuple[Side, str], Look] = {}

    def look(self, side: Side, name: str, cursor: Cursor) -> Look:
        """Return what the host tells of a project, asked for once.

        Raises:
            ProjectGone: the host shows no such project.
            SourceError: the host cannot be asked.
        """
        known = side, name.lower()
        if known not in self._looks:
            refs = cursor.last.refs if cursor.last else ()
            # Without the refs of the last time, nothing may be left out of the answer.
            seen = Seen(cursor.details, refs, cursor.marks) if cursor.last else Seen()
            self._looks[known] = self._hosts[side].look(name, seen)
        return self._looks[known]

    def read(self, project: Project, location: str, cursor: Cursor) -> Reading:
        """Read a project from its host, or by git if `location` is not its page there.

        Raises:
            ProjectGone: the host shows no such project, and never did.
            SourceError: the host or git cannot read it.
        """
        if location != project.url or not self._web.has(project):
            return self._by_git().read(project, location, cursor)
        try:
            look = self.look(project.side, project.name, cursor)
        except ProjectGone as gone:
            if cursor.last is None:
                raise
            return gone_reading(project, gone.reason, int(self._clock()), cursor)
        named = self._renamed(project, look.details.facts.name)
        moment = int(self._clock())
        reading = self._history(named, look, cursor, moment)
        return replace(
            reading,
            details=look.details,
            marks={**look.marks, _REFS: _hash(look)},
            warnings=[*look.warnings, *look.details.cut, *reading.warnings],
        )

    def _history(self, project: Project, look: Look, cursor: Cursor, moment: int) -> Reading:
        if cursor.last is not None and cursor.marks.get(_REFS) == _hash(look):
            return Reading(project, replace(cursor.last, observed_at=moment), iter(()))
        host = self._hosts[project.side]
        logins = host.logins(project.name, look, cursor.heads)
        if self._git is not None and look.refs:
            url = host.clone_url(project.name)
            return replace(self._git.read(project, url, cursor), logins=logins)
        ancestry = project.side is Side.UPSTREAM
        observed = Observation(moment, look.default_branch, look.refs, ancestry=ancestry)
        commits: Iterator[Commit] = host.history(project.name, look, cursor.heads)
        return Reading(project, observed, commits, logins=logins)

    def _renamed(self, project: Project, name: str) -> Project:
        """Return the project under the name it has now; its key stays."""
        return replace(project, name=name, url=self._web.url(project.side, name))

    def _by_git(self) -> GitSource:
        if self._git is None:
            raise SourceError("only git can read what is not on GitHub or Hugging Face")
        return self._git


def gone_reading(project: Project, reason: str, moment: int, cursor: Cursor) -> Reading:
    """Return what was known of a project, and that it is gone: nothing of it is forgotten."""
    last = cursor.last or Observation(moment, None, ())
    known = cursor.details or Details(Facts(host_id="", name=project.name))
    return Reading(
        project,
        replace(last, observed_at=moment),
        iter(()),
        [f"gone: {reason.replace('_', ' ')}"],
        details=replace(known, gone=reason),
    )


def _hash(look: Look) -> str:
    refs = sorted((ref.name, ref.target) for ref in look.refs)
    return hashlib.sha256(repr((look.default_branch, refs)).encode()).hexdigest()[:32]
