"""The live source: metadata from a host's API, and the history of the project by git."""

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from itertools import chain, islice

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import NEW_COMMITS_UNREAD
from hubtrace.graph.urls import Hosts, Project, Side
from hubtrace.ingest.change_types.paths import kind_of
from hubtrace.ingest.change_types.rules import Area
from hubtrace.ingest.records import Attestation, HostData, Observation, ProjectMetadata
from hubtrace.ingest.sigstore_bundles import Authorities, Verify, attestations, renamed
from hubtrace.ingest.source import Cursor, Fetched, Host, Previous, ProjectData, ProjectGone
from hubtrace.ingest.sources.git.source import GitSource

_REFS = "refs"
"""The validator under which a hash of the refs is kept that were read."""
_REFUSED = " refused"
"""Added to that hash if git was refused, and the API returned less."""
OTHERS = "other:"
"""Prefix of validators that are no host's, and stay (`hubtrace.ingest.discovery`)."""

_NO_PARENTS = "without git only the default branch is read, without parents and paths"


class LiveSource:
    """Reads projects from their hosts; what lies elsewhere is read by git alone.

    A project whose refs are those of the last time is not cloned. Without `git` the history comes
    from the hosts' APIs, without paths. In one run a project is fetched once, by whichever thread
    comes first; `hosts` must be fit for all of them.
    """

    def __init__(
        self,
        hosts: Mapping[Side, Host],
        git: GitSource | None,
        *,
        web: Hosts,
        clock: Callable[[], float] = time.time,
        verify: Verify | None = None,
    ) -> None:
        self._hosts, self._git, self._web, self._clock = hosts, git, web, clock
        self._verify = verify or Authorities().verify
        self._attested: dict[str, dict[str, list[Attestation]]] = defaultdict(dict)
        """Key of a variant → page of an owner → what GitHub lists of it."""
        self._ids: dict[str, dict[str, str]] = {}
        """Key of a variant → its repositories, GitHub's number → name."""
        self._fetches: dict[tuple[Side, str], Future[Fetched]] = {}
        self._lock = threading.Lock()

    def fetch(self, side: Side, name: str, cursor: Cursor) -> Fetched:
        """Return what the host returns of a project, fetched once.

        Raises:
            ProjectGone: the host shows no such project.
            SourceError: the host cannot be reached.
        """
        key = side, name.lower()
        with self._lock:
            known = self._fetches.get(key)
            pending = known or self._fetches.setdefault(key, Future())
        if known is None:
            # Without the refs of the last time, nothing may be left out of the response.
            last = cursor.last
            previous = Previous(cursor.details, last.refs, cursor.validators) if last else None
            try:
                pending.set_result(self._hosts[side].fetch(name, previous or Previous()))
            except BaseException as error:  # others may be waiting for the result
                pending.set_exception(error)
            else:
                present = side, pending.result().details.facts.name.lower()
                with self._lock:
                    self._fetches.setdefault(present, pending)
        return pending.result()

    def attest(self, members: Iterable[tuple[Project, Sequence[str]]]) -> list[str]:
        """Ask GitHub which large files of variants their repositories' owners attest.

        `members` are variants that were fetched, with the names of their repositories. All of an
        owner's are asked for together. Returns what could not be asked, in words; what was known
        then stays.
        """
        wanted: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        named: dict[str, dict[str, str]] = defaultdict(dict)
        for variant, repositories in members:
            fetch = self._fetches.get((variant.side, variant.name.lower()))
            if fetch is None or fetch.exception() is not None:
                continue
            there = [
                pending.result().details.facts
                for name in repositories
                if (pending := self._fetches.get((Side.UPSTREAM, name.lower())))
                and pending.exception() is None
            ]
            self._ids[variant.key] = {facts.host_id: facts.name for facts in there}
            files = fetch.result().details.files
            large = {file.lfs_sha256 for file in files if file.lfs_sha256}
            if any(it.lfs_sha256 and kind_of(it.path).area is Area.WEIGHTS for it in files):
                for facts in there:
                    owner = facts.name.partition("/")[0]
                    wanted[owner.lower()][variant.key] |= large
                    named[owner.lower()][facts.name] = owner
        return [
            warning
            for key, digests in wanted.items()
            if (warning := self._attest(named[key], digests)) is not None
        ]

    def _attest(self, named: Mapping[str, str], wanted: Mapping[str, Set[str]]) -> str | None:
        """Ask about one owner, of repositories by their names; None if that was answered."""
        owner = next(iter(named.values()))
        try:
            digests = set().union(*wanted.values())
            bundles = self._hosts[Side.UPSTREAM].attestations(owner, sorted(named), digests)
        except SourceError as error:
            return f"attestations of {owner} could not be asked for: {error}"
        place = f"{self._web.github}/{owner}"
        for found_of in wanted if bundles is not None else ():
            rows = self._attested[found_of].setdefault(place, [])
            judge = partial(attestations, verify=self._verify, owner=owner, ids=self._ids[found_of])
            for digest in sorted(wanted[found_of] & (bundles or {}).keys()):
                rows += _listed(digest, place, (bundles or {})[digest], judge)
        return None

    def read(self, project: Project, location: str, cursor: Cursor) -> ProjectData:
        """Read a project from its host, or by git if `location` is not its page there.

        Without a location only its host is read, and none of its commits are read.

        Raises:
            ProjectGone: the host shows no such project, and never did.
            SourceError: the host or git cannot read it.
        """
        if location not in ("", project.url) or not self._web.has(project):
            if self._git is None:
                raise SourceError("only git can read what is not on GitHub or Hugging Face")
            return self._git.read(project, location, cursor)
        try:
            fetched = self.fetch(project.side, project.name, cursor)
        except ProjectGone as gone:
            if cursor.last is None and location:
                raise
            return gone_reading(project, gone.reason, self._now(), cursor)
        fetched = self._with_attestations(project.key, fetched, cursor)
        name = fetched.details.facts.name  # of now; the key stays
        project = replace(project, name=name, url=self._web.url(project.side, name))
        if _unchanged(fetched, cursor):
            reading = self._as_before(project, cursor)
            return _with_host_data(reading, fetched, cursor, fetched.validators)
        if not location:
            return self._metadata_only(project, fetched, cursor)
        try:
            return self._with_commits(project, fetched, cursor)
        except SourceError as refused:
            if fetched.details.facts.gated is None or self._git is None:
                raise
            return self._without_git(project, fetched, cursor, refused)

    def _with_attestations(self, key: str, fetched: Fetched, cursor: Cursor) -> Fetched:
        """Add what GitHub lists of a variant; of owners that were not asked now, what it did."""
        details, fresh = fetched.details, self._attested.get(key, {})
        own = [row for row in details.attestations if "://" not in row.place]
        held = cursor.details.attestations if cursor.details else ()
        large = {file.lfs_sha256 for file in details.files}
        kept = [
            row
            for row in held
            if "://" in row.place and row.place not in fresh and row.sha256 in large
            if row.verdict != "none" or not fresh
        ]
        found = (*own, *kept, *chain.from_iterable(fresh.values()))
        rows = tuple(renamed(row, self._ids.get(key, {})) for row in found)
        if rows == details.attestations:
            return fetched
        return replace(fetched, details=replace(details, attestations=rows))

    def _with_commits(self, project: Project, fetched: Fetched, cursor: Cursor) -> ProjectData:
        host = self._hosts[project.side]
        if self._git is not None and fetched.refs:
            # What is held without parents is read again, and side branches for the first time.
            rest = cursor if cursor.last is None or cursor.last.ancestry else Cursor()
            reading = self._git.read(project, host.clone_url(project.name), rest)
            reading = replace(reading, logins=host.logins(project.name, fetched, cursor.heads))
        else:  # the API returns the logins with the commits
            reading = self._by_api(project, fetched, cursor)
        validators = {**fetched.validators, _REFS: _hash(fetched)}
        return _with_host_data(reading, fetched, cursor, validators)

    def _by_api(self, project: Project, fetched: Fetched, cursor: Cursor) -> ProjectData:
        # The Hub has no parents. Where there are no commits, there is nothing to be missed.
        ancestry = project.side is Side.UPSTREAM or not fetched.refs
        commits = self._hosts[project.side].history(project.name, fetched, cursor.heads)
        first = list(islice(commits, 1))  # a host that refuses them does so here
        warnings = [] if ancestry else [_NO_PARENTS]
        observation = self._observation(fetched, ancestry=ancestry)
        return ProjectData(project, observation, chain(first, commits), warnings)

    def _without_git(
        self, project: Project, fetched: Fetched, cursor: Cursor, refused: SourceError
    ) -> ProjectData:
        """Read a project whose files are gated; its history is public."""
        if cursor.heads and cursor.last is not None and cursor.last.ancestry:
            # What git read before says more than the API does.
            if fetched.refs != cursor.last.refs:
                cut = (*fetched.details.cut, NEW_COMMITS_UNREAD)
                fetched = replace(fetched, details=replace(fetched.details, cut=cut))
            reading = self._metadata_only(project, fetched, cursor)
        else:
            validators = {**fetched.validators, _REFS: _hash(fetched) + _REFUSED}
            reading = self._by_api(project, fetched, cursor)
            reading = _with_host_data(reading, fetched, cursor, validators)
        reading.warnings[:] = [*fetched.warnings, f"it is gated, and git is not let in: {refused}"]
        return reading

    def _metadata_only(self, project: Project, fetched: Fetched, cursor: Cursor) -> ProjectData:
        """Return what the host returned; of the commits, those that were there before."""
        if cursor.heads:
            # The host's validators go with the refs that it returned, which are not kept.
            return _with_host_data(self._as_before(project, cursor), fetched, cursor, {})
        # Ancestry is of no use where there are no commits.
        reading = ProjectData(project, self._observation(fetched, ancestry=False), iter(()))
        return _with_host_data(reading, fetched, cursor, fetched.validators)

    def _as_before(self, project: Project, cursor: Cursor) -> ProjectData:
        last = replace(cursor.last or Observation(0, None, ()), observed_at=self._now())
        kept = {_REFS: cursor.validators[_REFS]} if _REFS in cursor.validators else {}
        return ProjectData(project, last, iter(()), validators=kept)

    def _observation(self, fetched: Fetched, *, ancestry: bool) -> Observation:
        return Observation(self._now(), fetched.default_branch, fetched.refs, ancestry=ancestry)

    def _now(self) -> int:
        return int(self._clock())


def _listed(
    digest: str,
    place: str,
    bundles: Sequence[bytes | None],
    judge: Callable[..., Iterator[Attestation]],
) -> Iterator[Attestation]:
    """Yield what the bundles that GitHub lists for a file say of it; that there is none if so."""
    if not bundles:
        yield Attestation(digest, place, "none")
    for raw in bundles:
        if raw is None:
            yield Attestation(digest, place, "claimed", "the bundle cannot be fetched")
        else:
            yield from judge(raw, place, {}, asked=digest)


def _with_host_data(
    reading: ProjectData, fetched: Fetched, cursor: Cursor, validators: Mapping[str, str]
) -> ProjectData:
    """Return the reading with what the host returned, and `validators` that fit its refs."""
    kept = {name: text for name, text in cursor.validators.items() if name.startswith(OTHERS)}
    reading.warnings[:0] = fetched.warnings  # git adds to the list while it is read
    kept |= {**reading.validators, **validators}
    return replace(reading, details=fetched.details, validators=kept)


def gone_reading(project: Project, reason: str, at: int, cursor: Cursor) -> ProjectData:
    """Return what was known of a project, and that it is gone: nothing of it is forgotten."""
    last = cursor.last or Observation(at, None, ())
    known = cursor.details or HostData(ProjectMetadata(host_id="", name=project.name))
    return ProjectData(
        project,
        replace(last, observed_at=at),
        iter(()),
        [f"gone: {reason.replace('_', ' ')}"],
        details=replace(known, gone=reason),
    )


def _unchanged(fetched: Fetched, cursor: Cursor) -> bool:
    """Return True if the refs are those of the last time, of which all was read."""
    read = cursor.validators.get(_REFS)
    if cursor.last is None or read is None:
        return False
    if read.endswith(_REFUSED) and not fetched.refused:
        return False  # what git was refused may be read by now
    return fetched.same_refs or read.removesuffix(_REFUSED) == _hash(fetched)


def _hash(fetched: Fetched) -> str:
    named = sorted((ref.name, ref.target) for ref in fetched.refs)
    return hashlib.sha256(repr((fetched.default_branch, named)).encode()).hexdigest()[:32]
