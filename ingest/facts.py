"""What a host tells of a project beside its git history: the facts, texts, releases and files.

Like `ingest.records`, text is text by the rule of `graph.text` and times are epoch seconds, UTC.
What a host does not tell is None; an empty tuple means that it told there is nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model that a variant says it was made from."""

    name: str
    """`org/name` on the Hub."""
    relation: str | None
    """`finetune`, `adapter`, `merge` or `quantized`."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that can hold evidence: a README, a model card, a workflow."""

    kind: str
    """`readme`, `card` or `workflow`."""
    path: str
    blob: str | None
    """Its git blob id, where the host tells it."""
    text: str
    cut: bool = False
    """True if it was longer than what is kept."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that is attached to a release."""

    name: str
    size: int
    digest: str | None
    """`sha256:…`; GitHub tells it for what was uploaded since mid-2025."""


@dataclass(frozen=True, slots=True)
class Release:
    """A GitHub release."""

    tag: str
    name: str
    published_at: int | None
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True)
class PullHead:
    """The head of a GitHub pull request: sha and state only (DESIGN.md section 1, *branch*)."""

    number: int
    state: str
    """`open`, `closed` or `merged`."""
    sha: str


@dataclass(frozen=True, slots=True)
class TreeFile:
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
    """`https://github.com/owner/name`, as the Hub tells it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a host tells of a project in one answer."""

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
    """`auto` or `manual` if people must ask for access, else None."""
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
class Details:
    """All that a host told of a project at one moment."""

    facts: Facts
    texts: tuple[Text, ...] = ()
    releases: tuple[Release, ...] = ()
    pulls: tuple[PullHead, ...] = ()
    files: tuple[TreeFile, ...] = ()
    papers: tuple[Paper, ...] = ()
    gone: str | None = None
    """Why the host shows it no longer (`not found`, `blocked`, …); None while it does."""
    cut: tuple[str, ...] = ()
    """What was left out because it went beyond a limit, in words."""
