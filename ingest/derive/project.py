"""One project of a snapshot, with everything that follows from its own history."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import pyarrow as pa

from hubtrace.graph.urls import Project, Side
from hubtrace.ingest.change_types.classifier import CHANGES_READ, classify_history
from hubtrace.ingest.change_types.rules import version
from hubtrace.ingest.derive.branches import BRANCH_KINDS, BranchFacts, branch_facts
from hubtrace.ingest.derive.clocks import settled
from hubtrace.ingest.derive.dag import Changes, History, history_of, values
from hubtrace.ingest.derive.landed import Membership, membership_of
from hubtrace.ingest.derive.observations import contradicted, past_of
from hubtrace.ingest.derive.references import reverts
from hubtrace.ingest.records import Event, Observation, Ref, RefKind
from hubtrace.ingest.snapshot import ProjectHistory


@dataclass(frozen=True, slots=True)
class DeletedBranch:
    """A branch that was there once, as it was last seen."""

    ref: Ref
    head_committed_at: int | None
    vanished_at: int
    """When it was first missed."""


@dataclass(frozen=True, slots=True)
class DerivedProject:
    """A project's commits as rows, and where each of them stands.."""

    project: Project
    commits: pa.Table
    """Rows of `snapshot.format.COMMITS`; parents that are not among them are left out."""
    at: pa.ChunkedArray
    """Time of each commit on the project's side (docs/design.md, section 1, *commit*), settled."""
    settled_at: pa.Array
    """Committer time where the recorded one cannot be (`ingest/derive/clocks.py`); else null."""
    on_default: pa.Array
    landed_at: pa.Array
    """Also of commits that have left the default branch."""
    entered_at: pa.Array
    left_at: pa.Array
    """`Past.entered_at` and `Past.left_at` (`ingest/derive/observations.py`)."""
    absent_at: pa.Array
    """`Past.absent_at` where it is not before `at`: the commit came later than its clock says."""
    vanished_at: pa.Array
    reverts: pa.Array
    """The sha of the commit that each takes back, as `git revert` does; variants only."""
    branches: list[BranchFacts]
    """Branches of the last observation."""
    deleted: list[DeletedBranch]
    tags: list[Ref]
    """Tags of the last observation whose commits were read."""
    events: tuple[Event, ...]
    change_types: Callable[[], pa.Table]
    """How to get the change types of its commits, as rows of `COLUMNS`; null where unknown."""

    @property
    def label(self) -> str:
        """The label of the project's node."""
        return label_of(self.project.side)

    @property
    def key(self) -> str:
        """The project's key."""
        return self.project.key


def label_of(side: Side) -> str:
    """Return the label of a project's node."""
    return "Repository" if side is Side.UPSTREAM else "Variant"


def derive(project: ProjectHistory) -> DerivedProject:
    """Read a project from its snapshot and derive membership and branch facts.

    Raises:
        SnapshotCorrupt: a file of it is not what was written.
    """
    commits = project.commits()
    types = partial(_change_types, project, commits)
    upstream = project.project.side is Side.UPSTREAM
    at = commits["authored_at" if upstream else "committed_at"]
    if not project.last.ancestry:
        everywhere = pa.array([True] * commits.num_rows, pa.bool_())
        nothing = pa.nulls(commits.num_rows, pa.int64())
        stands = (everywhere, nothing, nothing, nothing, nothing, nothing)
        return DerivedProject(
            *(project.project, commits, at, nothing, *stands, _reverts(project, commits)),
            *([], [], [], project.events, types),
        )
    history, times = settled(history_of(commits), commits, project.observations)
    if times.wrong:
        at = pa.chunked_array([times.authored_at if upstream else times.committed_at])
    membership = membership_of(history, project.last)
    branches = branch_facts(
        history,
        project.last,
        membership,
        _changes_of(project),
        pulls=project.details.pulls if project.details else (),
        published=not upstream,
    )
    past = past_of(history, membership, project.observations)
    since = _vanished_at(history, membership, project.observations)
    return DerivedProject(
        project.project,
        _known_parents(commits) if history.cut else commits,
        at,
        times.settled_at(),
        pa.array(membership.on_default, pa.bool_()),
        pa.array(past.landed_at, pa.int64()),
        pa.array(past.entered_at, pa.int64()),
        pa.array(past.left_at, pa.int64()),
        contradicted(past.absent_at, at),
        pa.array(since, pa.int64()),
        _reverts(project, commits),
        branches,
        list(_deleted_branches(project, history)),
        [r for r in project.last.refs if r.kind is RefKind.TAG and r.target in history.number],
        project.events,
        types,
    )


def _reverts(project: ProjectHistory, commits: pa.Table) -> pa.Array:
    known = {} if project.project.side is Side.UPSTREAM else reverts(project)
    if not known:
        return pa.nulls(commits.num_rows, pa.string())
    return pa.array([known.get(sha) for sha in values(commits, "sha")], pa.string())


def _change_types(project: ProjectHistory, commits: pa.Table) -> pa.Table:
    """Return the types that the snapshot keeps, or tell them (docs/decisions/0051)."""
    kept = project.change_types(version())
    if kept is not None and kept.num_rows == commits.num_rows:
        return kept
    changes = project.changes(CHANGES_READ) if project.tells_changes else None
    return classify_history(project.project.side, commits, changes)


def _changes_of(project: ProjectHistory) -> Callable[[], Changes] | None:
    """Return how to read what commits changed; None if the source did not tell."""
    if not project.tells_changes:
        return None
    return lambda: Changes(project.changes())


def _known_parents(commits: pa.Table) -> pa.Table:
    """Leave out parents beyond the cut of a shallow history: the graph has no node for them."""
    shas = set(values(commits, "sha"))
    parents = [[sha for sha in found if sha in shas] for found in values(commits, "parents")]
    position = commits.schema.get_field_index("parents")
    column = pa.array(parents, pa.list_(pa.string()))
    return commits.set_column(position, "parents", column)


def _deleted_branches(project: ProjectHistory, history: History) -> Iterator[DeletedBranch]:
    present = {ref.name for ref in project.last.refs}
    last_seen: dict[str, tuple[Ref, int]] = {}
    for seen, then in pairwise(project.observations):
        last_seen |= {ref.name: (ref, then.observed_at) for ref in seen.refs}
    for name, (ref, missed_at) in sorted(last_seen.items()):
        if name not in present and ref.kind in BRANCH_KINDS:
            number = history.number.get(ref.target)
            committed_at = None if number is None else history.committed_at[number]
            yield DeletedBranch(ref, committed_at, missed_at)


def _vanished_at(
    history: History, membership: Membership, observations: tuple[Observation, ...]
) -> list[int | None]:
    """Return for each commit since when no ref has reached it; None while one does."""
    since: list[int | None] = [None] * len(history.shas)
    lost = [number for number, gone in enumerate(membership.vanished) if gone]
    for observation in reversed(observations):
        if not lost:
            break
        heads = [history.number[r.target] for r in observation.refs if r.target in history.number]
        reached = history.ancestors(heads)
        lost = [number for number in lost if not reached[number]]
        for number in lost:
            since[number] = observation.observed_at
    return since
