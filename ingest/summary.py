"""What an ingestion brought in, as a record: the JSON that `hubtrace ingest` prints."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubtrace.ingest.discovery import Reason
from hubtrace.ingest.evidence.model import Evidence
from hubtrace.ingest.families import Adopted
from hubtrace.ingest.load.loader import Loaded
from hubtrace.ingest.pipeline import Ingested
from hubtrace.ingest.records import Event
from hubtrace.ingest.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class FamilySummary:
    """A family that was recorded."""

    family: str
    upstream: tuple[str, ...]
    """Names of its repositories."""
    variants: int
    evidence: tuple[str, ...]
    """The methods on which membership rests; `stated` if somebody named the members."""
    confidence: float | None
    """Of the weakest member; null if the members were named."""
    new_commits: int


@dataclass(frozen=True, slots=True)
class ReasonSummary:
    """Why a variant is, or is not, of a family."""

    variant: str
    family: str | None
    """Null for a variant that is kept apart."""
    repository: str | None
    confidence: float | None
    role: str | None
    evidence: tuple[Evidence, ...]

    @classmethod
    def of(cls, reason: Reason) -> "ReasonSummary":
        """Return a reason as it is printed."""
        link = reason.link
        if link is None:
            return cls(reason.variant, reason.family, None, None, None, ())
        of = (reason.variant, reason.family, link.repository, link.confidence, link.role)
        return cls(*of, tuple(link.evidence))


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """What reading a project added to the snapshot."""

    project: str
    side: str
    """`upstream` or `downstream`."""
    key: str
    new_commits: int
    changed: bool
    """False if the project was as it was before."""
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A project that could not be read."""

    project: str
    side: str
    """`upstream` or `downstream`."""
    reason: str


@dataclass(frozen=True, slots=True)
class IngestDocument:
    """What an ingestion brought in, and what failed."""

    snapshot: str
    families: tuple[FamilySummary, ...]
    reasons: tuple[ReasonSummary, ...]
    adopted: tuple[Adopted, ...]
    """Variants that became members when the graph had been loaded."""
    projects: tuple[ProjectSummary, ...]
    warnings: tuple[str, ...]
    cut: tuple[str, ...]
    """What was left out because it went beyond a limit, in words."""
    failures: tuple[Failure, ...]
    loaded: Loaded | None
    """Null if the graph was left alone."""

    @classmethod
    def of(cls, result: Ingested, snapshot: Path, loaded: Loaded | None) -> "IngestDocument":
        """Return the summary of a result."""
        return cls(
            str(snapshot),
            tuple(_families(result, snapshot)) if result.projects else (),
            tuple(map(ReasonSummary.of, result.reasons)),
            tuple(result.adopted),
            tuple(
                ProjectSummary(p.name, str(p.side), p.key, w.commits, w.changed, w.events)
                for p, w in result.projects.items()
            ),
            tuple(result.warnings),
            tuple(result.cut),
            tuple(Failure(p.name, str(p.side), why) for p, why in result.failures.items()),
            loaded,
        )


def _families(result: Ingested, snapshot: Path) -> Iterator[FamilySummary]:
    opened = Snapshot(snapshot)
    names = {pointer.project.key: pointer.project.name for _, pointer in opened.pointers()}
    new = {project.key: written.commits for project, written in result.projects.items()}
    # Family → the methods on which membership rests, with their confidence.
    rests: dict[str | None, list[tuple[str, float]]] = defaultdict(list)
    for reason in result.reasons:
        if reason.link:
            rests[reason.family].append((reason.link.best_method, reason.link.confidence))
    for one in result.adopted:
        rests[one.family].append((one.method, one.confidence))
    for family in opened.families():
        if family.name in set(result.families):
            upstreams = [upstream.project for upstream in family.upstreams]
            found = rests[family.name]
            yield FamilySummary(
                family.name,
                tuple(names.get(key, key) for key in upstreams),
                len(family.variants),
                tuple(dict.fromkeys(method for method, _ in found)) or ("stated",),
                min((confidence for _, confidence in found), default=None),
                sum(new.get(key, 0) for key in [*upstreams, *family.variants]),
            )
