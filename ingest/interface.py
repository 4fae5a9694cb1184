"""The plug point of ingestion: what a source is, and what it is told and tells."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ingest.facts import Details
from ingest.records import Commit, Observation, Project

Progress = Callable[[str, int, int | None], None]
"""Called as `progress(what, done, total)`; `total` is None while it is unknown."""


def no_progress(_what: str, _done: int, _total: int | None) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """What the snapshot already holds of a project, so that a source yields only what is new."""

    heads: tuple[str, ...] = ()
    """Shas of the commits that the last observation's refs pointed to."""
    last: Observation | None = None
    """The last observation; None if the project was never seen."""
    details: Details | None = None
    """What its host told last; None if no host was asked."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What the host gave to ask with again: ETags and the like."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One project as a source reads it: the refs at once, the commits as a stream.

    The commits are all that the refs reach and `Cursor.heads` did not, each once.
    """

    project: Project
    observation: Observation
    commits: Iterator[Commit]
    warnings: list[str] = field(default_factory=list)
    """Filled while the stream is read, e.g. `shallow clone: history ends at …`."""
    details: Details | None = None
    """What its host told; None if no host was asked, and then the last that was told stays."""
    marks: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    """Commit sha → the author's login on the host, where the host told it."""
    aliases: tuple[str, ...] = ()
    """Other keys that the project was asked for by, e.g. of a name that it had before."""


class Source(Protocol):
    """Where projects are read from."""

    def read(self, project: Project, location: str, cursor: Cursor) -> Reading:
        """Read `project` from `location`.

        Raises:
            SourceError: there is no project at `location`, or it cannot be read.
        """
        ...
