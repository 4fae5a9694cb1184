"""The live source: what a host tells by its API, and the history of the project by git."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain, islice

from hubtrace.graph.errors import SourceError
from hubtrace.graph.identity import Hosts, Project, Side
from hubtrace.ingest.records import Commit, HostData, Observation, ProjectMetadata
from hubtrace.ingest.source import Cursor, Fetched, Host, Previous, ProjectData, ProjectGone
from hubtrace.ingest.sources.git.source import GitSource

_REFS = "refs"
"""The mark under which a hash of the refs is kept that were read."""
_REFUSED = " refused"
"""Added to that mark if git was not let in, and the API told less."""
OTHERS = "other:"
"""What marks begin with that were not made by a host; they stay (`hubtrace.ingest.discovery`)."""

_NO_PARENTS = "without git only the default branch is read, without parents and paths"


class LiveSource:
    """Reads projects from their hosts; what lies elsewhere is read by git alone.

    A project whose refs are those of the last time is not cloned. Without `git` the history comes
    from the hosts' APIs, without paths. What one run was told of a project is asked for once, by
    whichever thread comes first; `hosts` must be fit for all of them.
    """

    def __init__(
        self,
        hosts: Mapping[Side, Host],
        git: GitSource | None,
        *,
        web: Hosts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hosts, self._git, self._web, self._clock = hosts, git, web, clock
        self._looks: dict[tuple[Side, str], Future[Fetched]] = {}
        self._looking = threading.Lock()

    def look(self, side: Side, name: str, cursor: Cursor) -> Fetched:
        """Return what the host tells of a project, asked for once.

        Raises:
            ProjectGone: the host shows no such project.
            SourceError: the host cannot be asked.
        """
        asked = side, name.lower()
        with self._looking:
            known = self._looks.get(asked)
            looking = known or self._looks.setdefault(asked, Future())
        if known is None:
            try:
                looking.set_result(self._ask(side, name, cursor))
            except BaseException as error:  # others may be waiting for the answer
                looking.set_exception(error)
            else:
                now = side, looking.result().details.facts.name.lower()
                with self._looking:
                    self._looks.setdefault(now, looking)
        return looking.result()

    def read(self, project: Project, location: str, cursor: Cursor) -> ProjectData:
        """Read a project from its host, or by git if `location` is not its page there.

        Without a location only its host is asked, and none of its commits are read.

        Raises:
            ProjectGone: the host shows no such project, and never did.
            SourceError: the host or git cannot read it.
        """
        if location not in ("", project.url) or not self._web.has(project):
            return self._by_git().read(project, location, cursor)
        try:
            look = self.look(project.side, project.name, cursor)
        except ProjectGone as gone:
            if cursor.last is None and location:
                raise
            return gone_reading(project, gone.reason, self._now(), cursor)
        named = self._renamed(project, look.details.facts.name)
        if _unchanged(look, cursor):
            return self._told(self._as_before(named, cursor), look, cursor, look.marks)
        if not location:
            return self._facts(named, look, cursor)
        try:
            return self._commits(named, look, cursor)
        except SourceError as refused:
            if look.details.facts.gated is None or self._git is None:
                raise
            return self._refused(named, look, cursor, refused)

    def _ask(self, side: Side, name: str, cursor: Cursor) -> Fetched:
        # Without the refs of the last time, nothing may be left out of the answer.
        last = cursor.last
        seen = Previous(cursor.details, last.refs, cursor.marks) if last else Previous()
        return self._hosts[side].look(name, seen)

    def _commits(self, project: Project, look: Fetched, cursor: Cursor) -> ProjectData:
        host = self._hosts[project.side]
        if self._git is not None and look.refs:
            # What is held without parents is read again, and side branches for the first time.
            rest = cursor if cursor.last is None or cursor.last.ancestry else Cursor()
            reading = self._git.read(project, host.clone_url(project.name), rest)
            reading = replace(reading, logins=host.logins(project.name, look, cursor.heads))
        else:  # the API tells the logins with the commits
            reading = self._by_api(project, look, cursor)
        refs = _hash(look)
        return self._told(reading, look, cursor, {**look.marks, _REFS: refs})

    def _by_api(self, project: Project, look: Fetched, cursor: Cursor) -> ProjectData:
        # The Hub tells no parents. Where there are no commits, there is nothing to be missed.
        ancestry = project.side is Side.UPSTREAM or not look.refs
        observed = Observation(self._now(), look.default_branch, look.refs, ancestry=ancestry)
        commits = self._hosts[project.side].history(project.name, look, cursor.heads)
        warnings = [] if ancestry else [_NO_PARENTS]
        return ProjectData(project, observed, _begun(commits), warnings)

    def _refused(
        self, project: Project, look: Fetched, cursor: Cursor, refused: SourceError
    ) -> ProjectData:
        """Read a project whose files are for some people only; its history is for all."""
        if cursor.heads and cursor.last is not None and cursor.last.ancestry:
            # What git read before says more than the API does.
            reading = self._facts(project, look, cursor)
        else:
            refs = _hash(look) + _REFUSED
            reading = self._by_api(project, look, cursor)
            reading = self._told(reading, look, cursor, {**look.marks, _REFS: refs})
        reading.warnings[:] = [*look.warnings, f"it is gated, and git is not let in: {refused}"]
        return reading

    def _facts(self, project: Project, look: Fetched, cursor: Cursor) -> ProjectData:
        """Return what the host tells; of the commits, those that were there before."""
        if cursor.heads:
            # The marks of the host go with the refs that it told, which are not kept.
            return self._told(self._as_before(project, cursor), look, cursor, {})
        # Ancestry is of no use where there are no commits.
        observed = Observation(self._now(), look.default_branch, look.refs, ancestry=False)
        return self._told(ProjectData(project, observed, iter(())), look, cursor, look.marks)

    def _as_before(self, project: Project, cursor: Cursor) -> ProjectData:
        """Return a reading in which the commits are those that were there before."""
        last = cursor.last or Observation(0, None, ())
        marks = {name: mark for name, mark in cursor.marks.items() if name == _REFS}
        return ProjectData(project, replace(last, observed_at=self._now()), iter(()), marks=marks)

    def _told(
        self, reading: ProjectData, look: Fetched, cursor: Cursor, marks: Mapping[str, str]
    ) -> ProjectData:
        """Return the reading with what the host told, and `marks` that fit its refs."""
        ours = {name: mark for name, mark in cursor.marks.items() if name.startswith(OTHERS)}
        reading.warnings[:0] = look.warnings  # git adds to the list while it is read
        return replace(reading, details=look.details, marks={**ours, **reading.marks, **marks})

    def _renamed(self, project: Project, name: str) -> Project:
        """Return the project under the name it has now; its key stays."""
        return replace(project, name=name, url=self._web.url(project.side, name))

    def _by_git(self) -> GitSource:
        if self._git is None:
            raise SourceError("only git can read what is not on GitHub or Hugging Face")
        return self._git

    def _now(self) -> int:
        return int(self._clock())


def gone_reading(project: Project, reason: str, moment: int, cursor: Cursor) -> ProjectData:
    """Return what was known of a project, and that it is gone: nothing of it is forgotten."""
    last = cursor.last or Observation(moment, None, ())
    known = cursor.details or HostData(ProjectMetadata(host_id="", name=project.name))
    return ProjectData(
        project,
        replace(last, observed_at=moment),
        iter(()),
        [f"gone: {reason.replace('_', ' ')}"],
        details=replace(known, gone=reason),
    )


def _begun(commits: Iterator[Commit]) -> Iterator[Commit]:
    """Return the commits; a host that refuses them does so here."""
    first = list(islice(commits, 1))
    return chain(first, commits)


def _unchanged(look: Fetched, cursor: Cursor) -> bool:
    """Return True if the refs are those of the last time, of which all was read."""
    if cursor.last is None or _REFS not in cursor.marks:
        return False
    if cursor.marks[_REFS].endswith(_REFUSED) and not look.refused:
        return False  # what git was refused may be read by now
    return look.same_refs or cursor.marks[_REFS].removesuffix(_REFUSED) == _hash(look)


def _hash(look: Fetched) -> str:
    named = sorted((ref.name, ref.target) for ref in look.refs)
    return hashlib.sha256(repr((look.default_branch, named)).encode()).hexdigest()[:32]
