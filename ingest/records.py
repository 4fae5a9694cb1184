"""What every source yields: a project, its commits and refs, and its host's metadata.

Of which there can be thousands in one file of a snapshot, the record is a named tuple: in JSON a
list, not a map.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model that a variant names as its base."""

    name: str
    """`org/name` on the Hub."""
    relation: str | None
    """`finetune`, `adapter`, `merge` or `quantized`."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that can hold evidence: a README, a model card, a workflow."""

    kind: str
    """`readme`, `card`, `workflow` or `script` (that a workflow runs)."""
    path: str
    blob: str | None
    """Its git blob id, where the host reports it."""
    text: str
    cut: bool = False
    """True if it was longer than what is kept."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that is attached to a release."""

    name: str
    size: int
    digest: str | None
    """`sha256:…`; GitHub reports it for uploads since mid-2025."""


@dataclass(frozen=True, slots=True)
class Release:
    """A GitHub release."""

    tag: str
    name: str
    published_at: int | None
    assets: tuple[Asset, ...] = ()


class PullHead(NamedTuple):
    """The head of a pull request: sha and state (docs/design.md, section 1, *branch*)."""

    number: int
    state: str
    """`open`, `closed` or `merged`; on the Hub also `draft`."""
    sha: str
    base: str | None = None
    """The short name of the branch that it is to be merged into; None if it was not read."""


class TreeFile(NamedTuple):
    """A file at the head of a variant's default branch."""

    path: str
    blob: str
    size: int
    lfs_sha256: str | None = None
    lfs_size: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a variant is tagged with, and the repository that the paper names."""

    arxiv: str
    repository: str | None
    """`https://github.com/owner/name`, as the Hub reports it."""


class Attestation(NamedTuple):
    """What one signed bundle says of a large file, or that none was found for it."""

    sha256: str
    """Of the file; empty for a bundle that cannot be read."""
    place: str
    """The owner's page on GitHub whose attestations were asked for, or the bundle's path."""
    verdict: str
    """`verified`, `claimed` (not verified here), `refused`, or `none`: there is no bundle."""
    why: str = ""
    """Why it is not verified."""
    repository: str | None = None
    """`owner/name` of the repository whose workflow signed it, or whose release it is."""
    commit: str | None = None
    workflow: str | None = None
    predicate: str | None = None
    repository_id: str | None = None
    """GitHub's number of the repository, which outlives renames and transfers."""


@dataclass(frozen=True, slots=True)
class ProjectMetadata:
    """What a host returns of a project in one response."""

    host_id: str
    """GitHub's number, or the Hub's `_id`: it outlives renames and transfers."""
    name: str
    """`owner/name`, as the host writes it now."""
    default_branch: str | None = None
    created_at: int | None = None
    """Never a birth date for old Hub models: the Hub's clock begins in March 2022."""
    pushed_at: int | None = None
    licence: str | None = None
    """SPDX id from GitHub, the card's word from the Hub; in lower case."""
    description: str | None = None
    homepage: str | None = None
    tags: tuple[str, ...] = ()
    """GitHub's topics, or the Hub's tags."""
    archived: bool = False
    private: bool = False
    disabled: bool = False
    gated: str | None = None
    """`auto` or `manual` if access must be requested, else None."""
    fork_of: str | None = None
    """`owner/name` of the repository it was forked from."""
    library: str | None = None
    task: str | None = None
    base_models: tuple[BaseModel, ...] = ()
    downloads: int | None = None
    """In the last 30 days. Alone it is no reason to call a project changed."""
    likes: int | None = None
    """Likes or stars; as for `downloads`."""


@dataclass(frozen=True, slots=True)
class HostData:
    """All that a host returned of a project at one time."""

    facts: ProjectMetadata
    texts: tuple[Text, ...] = ()
    releases: tuple[Release, ...] = ()
    pulls: tuple[PullHead, ...] = ()
    files: tuple[TreeFile, ...] = ()
    papers: tuple[Paper, ...] = ()
    gone: str | None = None
    """Why the host shows it no longer (`not found`, `blocked`, …); None while it does."""
    cut: tuple[str, ...] = ()
    """What was left out because it went beyond a limit, in words."""
    attestations: tuple[Attestation, ...] = ()


class RefKind(StrEnum):
    """What a git ref is to its project (docs/design.md, section 1, *branch*)."""

    BRANCH = "branch"
    TAG = "tag"
    PULL_REQUEST = "pull_request"
    """A Hub pull-request ref, `refs/pr/N`: users push to it, so it counts as a branch."""
    CONVERT = "convert"
    """A Hub convert ref, `refs/convert/parquet` and the like: written by a bot."""

    @classmethod
    def of(cls, name: str) -> "RefKind | None":
        """Return the kind of a ref by its full name; None if it is of no kind that is read."""
        return next((kind for prefix, kind in _PREFIXES.items() if name.startswith(prefix)), None)


_PREFIXES = {
    "refs/heads/": RefKind.BRANCH,
    "refs/tags/": RefKind.TAG,
    "refs/pr/": RefKind.PULL_REQUEST,
    "refs/convert/": RefKind.CONVERT,
}


class Ref(NamedTuple):
    """One ref as observed; an annotated tag is peeled to its commit."""

    name: str
    """The full name, `refs/heads/main`."""
    kind: RefKind
    target: str
    """The sha of the commit."""


class PathChange(NamedTuple):
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
    """True if the message says that something was brought from it, or to it."""
    taken_back: bool = False
    """True if the commit undoes that one, as `git revert` writes it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit with its changes."""

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    """Only in memory: the snapshot stores an HMAC of it (docs/design.md, section 5)."""
    authored_at: int
    committed_at: int
    subject: str
    changes: tuple[PathChange, ...] = ()
    author_login: str = ""
    """The author's login on the host, where the host reports it with the commit (an API does)."""
    references: tuple[Reference, ...] = ()
    """What its message names; the message itself is not kept."""


class LandingState(StrEnum):
    """Whether the patches of a branch are on the default branch, by the contents of its files."""

    LANDED = "landed"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """The contents could not be read, or there were too many."""


class Landing(NamedTuple):
    """What git found of the head of a branch that is not on the default branch."""

    head: str
    state: LandingState


@dataclass(frozen=True, slots=True)
class Observation:
    """The refs of a project at one time."""

    observed_at: int
    default_branch: str | None
    """The full ref name; None for an empty repository."""
    refs: tuple[Ref, ...]
    shallow: bool = False
    """True if the history was cut (a shallow clone), so that ancestry is incomplete."""
    ancestry: bool = True
    """False if the source knows which commits are on the default branch, but not their parents."""
    landings: tuple[Landing, ...] | None = None
    """By sha, where contents were compared; None where they were not, as by an earlier version."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a project between two observations, as it was noticed."""

    kind: str
    """`history_rewritten`, `branch_deleted`, …"""
    observed_at: int
    subject: str
    """The ref that it happened to; empty for the project itself. Of `replaced`, the name that the
    project had before it got another one's."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Upstream:
    """One repository of a family, whole or limited to some of its paths."""

    project: str
    paths: tuple[str, ...] = ()
    """Path prefixes; empty means the whole repository."""


class Membership(NamedTuple):
    """The members that a family had from one time on."""

    since: int | None
    """When the last project was observed before it was recorded; None by an earlier version."""
    upstreams: tuple[Upstream, ...]
    variants: tuple[str, ...]
    found: bool


@dataclass(frozen=True, slots=True)
class Family:
    """One upstream and the variants released from it (docs/design.md, section 1)."""

    name: str
    upstreams: tuple[Upstream, ...]
    variants: tuple[str, ...]
    published: dict[str, str] = field(default_factory=dict)
    """Labels that a publication gave it (`lag`, `sync`, `intensity`, `code`), to compare with."""
    until: int | None = None
    """The end of the time that the source covers; None if it was read live."""
    found: bool = False
    """True if hubtrace found its members by evidence, False if they were stated."""
    since: int | None = field(default=None, compare=False, repr=False)
    """As `Membership.since`; the writer of a snapshot sets it, and `earlier`."""
    earlier: tuple[Membership, ...] = field(default=(), compare=False, repr=False)
    """The members that it had before, oldest first."""

    @property
    def memberships(self) -> tuple[Membership, ...]:
        """The members that it had, oldest first; the last ones are those of now."""
        now = Membership(self.since, self.upstreams, self.variants, self.found)
        return (*self.earlier, now)
