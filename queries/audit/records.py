"""What an audit says of one variant at one revision, as plain frozen records."""

from collections.abc import Sequence
from dataclasses import dataclass

from hubtrace.graph.urls import commit_url
from hubtrace.queries.catalogue import Row
from hubtrace.queries.flags import BranchFlag, SideFlag, VariantFlag
from hubtrace.queries.patterns import FamilyPattern


@dataclass(frozen=True, slots=True)
class SwitchSummary:
    """The switches of a family in one direction; lags in whole days."""

    from_side: str
    switches: int
    mean_days: float
    median_days: float
    p90_days: int


@dataclass(frozen=True, slots=True)
class Tail:
    """Left behind: the commits of the side that moved last, after the other side's last commit."""

    side: str
    other_last_at: int
    first_at: int
    last_at: int
    commits: int
    days: int


@dataclass(frozen=True, slots=True)
class FamilyView:
    """A family that releases the variant: how it moves, and what was left behind."""

    name: str
    pattern: FamilyPattern | None
    """Null where it was not asked for."""
    status: SideFlag | None
    """Null if it has no commit."""
    switches: tuple[SwitchSummary, ...]
    tail: Tail | None


@dataclass(frozen=True, slots=True)
class EventFact:
    """Something that happened to a project between two looks at it."""

    project: str
    """Key of the variant or repository."""
    observed_at: int
    """When it was noticed."""
    kind: str
    subject: str
    """The ref that it happened to; empty for the project."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote commits of a project."""

    contributor: str
    """Key: `<host>:<login>`, or a keyed hash that stands for an e-mail address."""
    login: str | None
    name: str | None
    commits: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class SharedPerson:
    """Somebody who wrote commits on both sides."""

    variant: str
    """Key of the contributor on the variant's side."""
    repository: str
    """Key of the contributor on the repository's side."""
    method: str
    """`same_key`, or how it is known."""


@dataclass(frozen=True, slots=True)
class People:
    """The contributors on both sides, most commits first."""

    variant: tuple[Person, ...]
    repository: tuple[Person, ...]
    """Of the upstream; the first 20."""
    repository_total: int
    shared: tuple[SharedPerson, ...]


@dataclass(frozen=True, slots=True)
class SnapshotFact:
    """A snapshot that the graph was loaded from."""

    snapshot: str
    """Its id."""
    digest: str
    """SHA-256 over all that it holds."""
    tool: str
    """The program that loaded it."""
    observed_at: int | None


@dataclass(frozen=True, slots=True)
class Method:
    """How the answers were found, so that they can be found again."""

    until: int
    """The moment that the audit was asked for: history is cut here."""
    tool: str
    """Name and version of the program that made the audit."""
    model: int
    """Version of the graph's model."""
    abandon_after_days: int
    period_days: int
    rare_periods: int
    frequent_periods: int
    vs_periods: int
    vs_variants: int
    offsets: int
    snapshots: tuple[SnapshotFact, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """A model further up the chain of `DERIVED_FROM`."""

    variant: str
    name: str | None
    url: str | None
    of: str
    """Key of the variant that says so."""
    relation: str | None
    """`finetune`, `adapter`, `merge` or `quantized`."""
    depth: int
    """1 for the variant's own base models."""
    licence: str | None
    observed_at: int | None
    """Null if it is only known because another model names it."""
    upstream: str | None
    """Name of the repository that it comes from; null if none is known."""
    upstream_url: str | None
    confidence: float | None


SCHEMA = "hubtrace.audit/1"


@dataclass(frozen=True, slots=True)
class Identity:
    """The variant, as the Hub and the graph know it."""

    variant: str
    """Key: its first-seen URL in lower case, which survives renames."""
    name: str | None
    """`org/name`, as last seen."""
    url: str | None
    host_id: str | None
    """The Hub's own id, which outlives renames; null if the Hub was not asked."""
    licence: str | None
    """As the Hub tells it, in lower case."""
    library: str | None
    task: str | None
    gated: str | None
    """`auto` or `manual` if people must ask for access."""
    private: bool | None
    disabled: bool | None
    """True if the Hub has shut it."""
    downloads: int | None
    """In the 30 days before it was last seen to change."""
    created_at: int | None
    """When the Hub says it was made; early models have a later date."""
    observed_at: int | None
    """When these facts were last observed."""
    gone_at: int | None
    """When the Hub first answered that it does not exist; null if that was not before `until`."""
    moved_to: str | None
    default_branch: str | None
    shallow: bool | None
    """True if only a part of its history was read."""
    families: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardFact:
    """A statement of the model's card, as it stands there."""

    name: str
    """`datasets`, `intended_use`, …: see `ingest/evidence/card_facts.py`."""
    place: str
    """A heading or a key of its front matter."""
    text: str


@dataclass(frozen=True, slots=True)
class CommitFact:
    """A commit, with its time on the side of the project where it was seen."""

    sha: str
    at: int
    author: str | None
    """The name that the commit bears; e-mail addresses are not in the graph."""
    subject: str | None
    url: str | None
    """Where people can look at it; null if its project has no public place."""

    @classmethod
    def of(cls, row: Row, project_url: str | None, prefix: str = "") -> "CommitFact":
        """Return the commit of a row; its columns may begin with a prefix such as `origin_`."""
        sha = row[f"{prefix}sha"]
        author, subject = (row.get(f"{prefix}{name}") for name in ("author", "subject"))
        return cls(sha, row[f"{prefix}at"], author, subject, commit_url(project_url, sha))


@dataclass(frozen=True, slots=True)
class Revision:
    """The revision that was audited."""

    commit: CommitFact
    asked: str | None
    """What was asked for: a sha, a tag, a branch; null for the head of the default branch."""
    how: str
    """`sha`, `tag`, `branch`, `default_head`, or `newest`: the default branch as of `until`."""
    on_default: bool | None
    is_head: bool
    """True if it is the head of the default branch as last observed."""
    vanished_at: int | None
    """When no ref was first seen to reach it; null if one does, or that was after `until`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation that the variant comes from a repository."""

    method: str
    rank: int | None
    """1 is the strongest."""
    strength: float | None
    """0 to 1."""
    place: str | None
    """Where it was seen: a path, a URL, a sha."""
    said: str | None
    reason: str | None
    """Why it is worth less than its method; null if it is not."""
    observed_at: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A repository that the variant comes from or is linked to, with all that speaks for it."""

    repository: str
    """Key of the repository."""
    name: str | None
    url: str | None
    host_id: str | None
    confidence: float | None
    """0 to 1; null if there is no evidence, only a families file that says so."""
    best_method: str | None
    role: str | None
    """`upstream`, `derived`, `weaker`; null if there is no evidence."""
    families: tuple[str, ...]
    """The families that release the variant from this repository."""
    licence: str | None
    archived: bool | None
    fork_of: str | None
    gone_at: int | None
    moved_to: str | None
    observed_at: int | None
    shallow: bool | None
    evidence: tuple[Evidence, ...]
    """Strongest first; observed at `until` or before."""
    later_evidence: tuple[Evidence, ...]
    """Observations that were made after `until`: told apart, they do not speak for that moment."""


@dataclass(frozen=True, slots=True)
class Licences:
    """The licence on both sides."""

    variant: str | None
    repository: str | None
    agree: bool | None
    """Null if it cannot be told."""
    why: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of the variant that is, byte for byte, a file of a repository."""

    path: str
    """In the variant."""
    origin_path: str | None
    """In the repository."""
    blob: str
    """Git blob id."""
    kind: str | None
    """`blob`, `lfs`, `asset` or `readme` (equal without its front matter)."""
    repository: str
    """Key of the repository that it comes from."""
    commit: CommitFact
    """The commit of the variant that brought it."""
    origin: CommitFact | None
    """The commit of the repository that it comes from; null for an asset of a release whose tag is
    not known."""
    landed_at: int | None
    """When the origin came into the repository's default branch; null if it never did."""
    gone_at: int | None
    """When the variant's default branch lost it; null if that was not before `until`."""
    lag_seconds: int | None
    """Variant commit - origin commit; negative: the file flowed back upstream."""
    weight: float
    """1 / number of repositories that hold the file; 0 for what is in everybody's repositories."""

    @property
    def flowed_back(self) -> bool:
        """True if the repository had it later than the variant."""
        return self.lag_seconds is not None and self.lag_seconds < 0

    @property
    def proves(self) -> bool:
        """True if it speaks for an origin."""
        return self.weight > 0 and not self.flowed_back


@dataclass(frozen=True, slots=True)
class Reference:
    """A commit of the variant whose message names a commit of a repository."""

    repository: str
    commit: CommitFact
    origin: CommitFact
    landed_at: int | None
    method: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Which commit of the upstream the revision was made from, and what proves it."""

    basis: str
    """`commit_reference`, `files`, or `none`: nothing proves an origin."""
    repository: str | None
    commit: CommitFact | None
    """The newest upstream commit that the revision is proved to hold something of."""
    landed_at: int | None
    copies: tuple[Copy, ...]
    """The files that the revision has of any repository; newest origin first."""
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many commits are of a kind; a commit can be of several."""

    name: str | None
    """Null: not known."""
    commits: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A commit of the upstream that the revision does not have."""

    commit: CommitFact
    landed_at: int
    change_types: tuple[str, ...] | None
    """Of the study's 15 types; null if it was not classified."""
    areas: tuple[str, ...] | None
    """What its paths belong to; null if its paths are not known."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What came into the upstream after the origin."""

    repository: str
    since: int
    """From when it is counted."""
    basis: str
    """`origin`: since the origin landed; `revision`: no origin is proved, so since the revision."""
    commits: int
    by_bots: int | None
    """Null if it is not known of any."""
    by_type: tuple[Count, ...]
    """By primary change type, the most frequent first."""
    by_area: tuple[Count, ...]
    first: CommitFact | None
    """The first one: since it landed the variant is behind."""
    last: CommitFact | None
    behind_since: int | None
    """When the first one landed."""
    days_behind: int
    """Whole days from then to `until`; 0 if nothing is missing."""
    distance_days: int
    """Whole days from `since` to the last one; 0 if nothing is missing."""
    weighty: tuple[Missing, ...]
    """Those that touch what decides the weights (code, tokenizer, config), newest first; at most
    50 of them."""
    weighty_commits: int
    """How many there are."""
    least_days: int
    """Behind for at least so many days: counted from what landed after the revision was made, which
    it cannot have."""
    least_since: int | None
    """Since when; null if nothing landed after it was made."""
    most_days: int | None
    """At most so many: the origin is a commit or a later one; null where nothing proves one."""
    most_since: int | None
    unsure_days: int
    """Days since commits landed whose dates are older than what they landed on, so that they may
    have landed after the revision was made; 0 if there is none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should worry somebody, with what proves it."""

    kind: str
    """A kind of `queries.findings.KINDS`."""
    variant: str
    """Key of the variant."""
    name: str
    """Its name; its key where the name is not known."""
    family: str | None
    text: str
    """One sentence."""
    proof: tuple[str, ...]
    """Shas, dates and URLs."""


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file of the variant that git keeps outside its history (LFS)."""

    path: str
    sha256: str
    size: int | None
    """Bytes."""
    blob: str | None
    """Git blob id of its pointer."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a signed bundle says of a large file of the revision, or that none was found."""

    sha256: str
    """Of the file; empty for a bundle of the variant that cannot be read."""
    path: str | None
    """The file's path in the revision."""
    place: str
    """The page of an owner on GitHub who was asked, or the bundle's path in the variant."""
    verdict: str
    """`verified`, `claimed` (not verified here), `refused`, or `none`: there is no bundle."""
    why: str | None
    """Why it is not verified."""
    repository: str | None
    """`owner/name` of the repository whose workflow signed it, or whose release it is."""
    source_sha: str | None
    """The commit that the workflow ran at."""
    workflow: str | None
    predicate: str | None
    """The type of its statement."""
    observed_at: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """A kind of finding that could not be looked for, and what was missing."""

    kind: str
    variant: str
    """Key of the variant."""
    name: str
    missing: str
    """In words."""


@dataclass(frozen=True, slots=True)
class ProjectFact:
    """How much was read of a project, and when: what a verdict rests on."""

    project: str
    """Key of the variant or a repository of its families."""
    name: str | None
    host_id: str | None
    """Null if its host was not asked."""
    default_branch: str | None
    shallow: bool | None
    ancestry: bool | None
    """False if the parents of its commits are not known."""
    unread: str | None
    """What its host did not let us read, in words."""
    first_observed_at: int | None
    observed_at: int | None
    failed_at: int | None
    """When it could not be read, if that was the last try."""
    corrected_at: int | None
    """When the last commit of its default branch whose clock cannot have been right seems made."""
    late_at: int | None
    """When a look last found commits that an earlier one had missed, although they seem older."""
    branches_known: bool
    """True if its branches were compared with its default branch."""
    commits: int | None
    """Commits that count for its family; null for what is no upstream of one."""
    paths: tuple[str, ...]
    """What its family limits it to."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The provenance of one variant at one revision."""

    schema: str
    identity: Identity
    revision: Revision | None
    """Null if no commit of the variant is known up to `until`."""
    upstream: Link | None
    """Null if none is known."""
    others: tuple[Link, ...]
    """The runners-up, the likeliest first."""
    licences: Licences
    origin: Origin
    files: tuple[LargeFile, ...]
    """The large files of the revision; known only for the head of the default branch."""
    attestations: tuple[Attestation, ...]
    """Of the large files of the revision."""
    card: tuple[CardFact, ...]
    """What its card says of it; as last seen, whatever the revision."""
    bases: tuple[Base, ...]
    """Base models, nearest first; each once."""
    families: tuple[FamilyView, ...]
    drift: Drift | None
    """Null if no upstream is known, or nothing to count from."""
    other_drifts: tuple[Drift, ...]
    """Of the other repositories of its families."""
    status: VariantFlag | None
    """Whether it has lost its upstream, or one side was abandoned."""
    statuses: tuple[VariantFlag, ...]
    """The same in each of its families."""
    branches: tuple[BranchFlag, ...]
    """The orphaned and abandoned branches of the variant and its upstreams, and those of which it
    cannot be decided."""
    projects: tuple[ProjectFact, ...]
    """The variant first, then its upstreams."""
    events: tuple[EventFact, ...]
    """Of the variant and its upstream, oldest first."""
    vanished: tuple[CommitFact, ...]
    """Commits of the variant that no ref reaches any more."""
    people: People
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    unknown: tuple[str, ...]
    """What could not be told, in sentences."""
    method: Method

    @property
    def upstreams(self) -> tuple[Link, ...]:
        """The repositories of its families; of a variant in none the likeliest one."""
        return upstreams_of([link for link in (self.upstream, *self.others) if link])

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """How far it is behind each of them, as far as that can be counted."""
        return (*([self.drift] if self.drift else []), *self.other_drifts)


def upstreams_of(links: Sequence[Link]) -> tuple[Link, ...]:
    """Return the repositories that a variant follows, of those it is linked to by likelihood."""
    return tuple(link for link in links if link.families) or tuple(links[:1])


def is_member(link: Link) -> bool:
    """Return True if the variant belongs to the repository's family (docs/design.md, section 1)."""
    return bool(link.families) or link.role == "upstream"
