"""The plug points of ingestion: a source of projects, and a host of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hubtrace.graph.errors import SourceError
from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.records import Commit, HostData, Observation, Ref

Progress = Callable[[str, int, int | None], None]
"""Called as `progress(what, done, total)`; `total` is None while it is unknown."""


def no_progress(_what: str, _done: int, _total: int | None) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """What the snapshot already holds of a project, so that a source yields only what is new."""

    heads: tuple[str, ...] = ()
    """Shas of the commits that the last observation's refs pointed to."""
    last: Observation | None = None
    """The last observation; None if the project was never seen."""
    details: HostData | None = None
    """What its host returned last; None if no host was read."""
    validators: Mapping[str, str] = field(default_factory=dict)
    """ETags and the like, for conditional requests."""


@dataclass(frozen=True, slots=True)
class ProjectData:
    """One project as a source reads it: the refs at once, the commits as a stream.

    The commits are all that the refs reach and `Cursor.heads` did not, each once.
    """

    project: Project
    observation: Observation
    commits: Iterator[Commit]
    warnings: list[str] = field(default_factory=list)
    """Filled while the stream is read, e.g. `shallow clone: history ends at …`."""
    details: HostData | None = None
    """What its host returned; None if no host was read, and then the last one stays."""
    validators: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    """Commit sha → the author's login on the host, where the host reports it."""
    aliases: tuple[str, ...] = ()
    """Other keys by which the project was requested, e.g. of a former name."""
    small: Callable[[], Mapping[str, int]] = dict[str, int]
    """How much small contents say (`ingest.derive.blobs.information`), as far as they are known."""


class Source(Protocol):
    """Where projects are read from."""

    def read(self, project: Project, location: str, cursor: Cursor) -> ProjectData:
        """Read `project` from `location`.

        Raises:
            SourceError: there is no project at `location`, or it cannot be read.
        """
        ...


class ProjectGone(SourceError):
    """The host shows no such project: a fact about it, not a reason to try again.

    `reason` is `not_found`, `blocked` (HTTP 451), `private`, `gated` or `disabled`.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason.replace('_', ' ')}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Previous:
    """What the snapshot holds of a project from the last time that its host was read."""

    details: HostData | None = None
    refs: tuple[Ref, ...] = ()
    validators: Mapping[str, str] = field(default_factory=dict)
    """ETags and the like, by a name that only the host understands."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a host returns of a project, complete: what is unchanged comes from `Previous`."""

    details: HostData
    refs: tuple[Ref, ...]
    default_branch: str | None
    """The full ref name; None for an empty repository."""
    validators: dict[str, str]
    warnings: tuple[str, ...] = ()
    same_refs: bool = False
    """True if the host reports that its refs are unchanged."""
    refused: bool = False
    """True if a part of the project is restricted, and we have no access."""


class Host(Protocol):
    """A hub, used by several threads at the same time.

    Every method raises SourceError with one sentence if the hub cannot be reached.
    """

    side: Side

    def fetch(self, name: str, previous: Previous) -> Fetched:
        """Return `owner/name` as the host has it.

        Raises:
            ProjectGone: it shows no such project.
        """
        ...

    def clone_url(self, name: str) -> str:
        """Return where git can clone the project; no token is in it."""
        ...

    def history(self, name: str, fetched: Fetched, held: Sequence[str]) -> Iterator[Commit]:
        """Yield the commits that `fetched.refs` reach and the commits `held` do not, by the API.

        The way out where git cannot read: without paths, and on Hugging Face without parents.
        """
        ...

    def logins(self, name: str, fetched: Fetched, held: Sequence[str]) -> dict[str, str]:
        """Return the authors' logins by commit sha, for the commits that are new; GitHub only.

        At most one request per 100 commits.
        """
        ...

    def attestations(
        self, owner: str, repositories: Sequence[str], digests: Iterable[str]
    ) -> Mapping[str, Sequence[bytes | None]] | None:
        """Return the bundles that attest files, by their SHA-256; GitHub only.

        None if this host does not tell; an address of a bundle that is not read is None.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken from a host at most. What is beyond is cut, and reported."""

    text_bytes: int = 1 << 20
    """Of a README, a card or a workflow."""
    answer_bytes: int = 64 << 20
    """Of one response of an API; a longer one is an error."""
    answer_seconds: float = 600.0
    """Of one response, from its first byte to its last."""
    silent_seconds: float = 60.0
    """Without a byte, until a connection is given up."""
    readmes: int = 4
    """Besides the README, of those that it names."""
    workflows: int = 50
    files: int = 50_000
    """Of a variant's tree."""
    papers: int = 5
    """That one variant is tagged with; merged models collect dozens."""
    releases: int = 2_000
    pulls: int = 20_000
    refs: int = 20_000
    commits: int = 1_000_000
    """Of a history that is read by the API."""
    logins: int = 100_000
    """Commits whose authors' logins are fetched, the newest first: an hour's quota is 5,000
    requests for 100 of them each."""
    pages: int = 10_000
    """Of one list, so that a list without an end has one."""
