"""What every source yields: the facts of one project, as they were seen at one moment.

All text is text by the rule of `graph.text`; all times are epoch seconds, UTC.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """Where a project stands: the repository side or the variant side (DESIGN.md section 1)."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class RefKind(StrEnum):
    """What a git ref is to its project (DESIGN.md section 1, *branch*)."""

    BRANCH = "branch"
    TAG = "tag"
    PULL_REQUEST = "pull_request"
    """A Hub pull-request ref, `refs/pr/N`: people push to it, so it counts as a branch."""
    CONVERT = "convert"
    """A Hub convert ref, `refs/convert/parquet` and the like: written by a bot."""


@dataclass(frozen=True, slots=True)
class Project:
    """One repository or variant: what it is called and where it was read."""

    key: str
    """First-seen canonical URL in lower case (a `file:` URL keeps its case)."""
    side: Side
    name: str
    """`owner/name` on its host; for a local path the name that the user gave it."""
    url: str
    """Where people find it; empty if it has no public place."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One ref as observed; an annotated tag is peeled to its commit."""

    name: str
    """The full name, `refs/heads/main`."""
    kind: RefKind
    target: str
    """The sha of the commit."""


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path that a commit changed against its first parent."""

    status: str
    """Git's letter: A added, M modified, D deleted, T type changed. Renames are D and A."""
    path: str
    blob: str | None
    """The new blob id (for a submodule, the commit id); None if the path was deleted."""
    mode: str
    """The new mode, e.g. `100644`; `160000` is a submodule; `000000` if deleted."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A commit or a project that a commit's message names."""

    project: str | None
    """The project's page on either host, without credentials; None if only a sha is named."""
    sha: str | None
    """The full sha of the commit; None if only the project is named."""
    copied: bool
    """True if the message says that something was brought from there, or to there."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit with its changes."""

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    """Only in memory: the snapshot stores an HMAC of it (DESIGN.md section 5)."""
    authored_at: int
    committed_at: int
    subject: str
    changes: tuple[PathChange, ...] = ()
    author_login: str = ""
    """The author's login on the host, where the host told it with the commit (an API does)."""
    references: tuple[Reference, ...] = ()
    """What its message names; the message itself is not kept."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The refs of a project at one moment."""

    observed_at: int
    default_branch: str | None
    """The full ref name; None for an empty repository."""
    refs: tuple[Ref, ...]
    shallow: bool = False
    """True if the history was cut (a shallow clone), so that ancestry is incomplete."""
    ancestry: bool = True
    """False if the source knows which commits are on the default branch, but not their parents."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a project between two observations, as it was noticed."""

    kind: str
    """`history_rewritten`, `branch_deleted`, …"""
    observed_at: int
    subject: str
    """The ref that it happened to; empty for the project itself."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Upstream:
    """One repository of a family, whole or limited to some of its paths."""

    project: str
    paths: tuple[str, ...] = ()
    """Path prefixes; empty means the whole repository."""


@dataclass(frozen=True, slots=True)
class Family:
    """One upstream and the variants released from it (DESIGN.md section 1)."""

    name: str
    upstreams: tuple[Upstream, ...]
    variants: tuple[str, ...]
    published: dict[str, str] = field(default_factory=dict)
    """Labels that a publication gave it (`lag`, `sync`, `intensity`, `code`), to compare with."""
    until: int | None = None
    """The last moment that the source covers; None if it was read live."""
    found: bool = False
    """True if hubtrace found its members by evidence, False if somebody said who they are."""
