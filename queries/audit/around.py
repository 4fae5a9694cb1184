"""What surrounds a variant in its audit: base models, families, events, people, the method.

As in `queries.audit.facts`: times are epoch seconds, UTC, and what is not known is None.
"""

from dataclasses import dataclass

from queries.flags import SideFlag
from queries.patterns import FamilyPattern


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
