"""Loading a snapshot into a graph: what is new or different, and nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from hubtrace.graph.activity import PROJECT_LABELS, complete_activity
from hubtrace.graph.format import count, date, short_sha
from hubtrace.graph.store import GraphStore, GraphWriter
from hubtrace.ingest.derive.links import Derivation
from hubtrace.ingest.derive.project import DerivedProject, derive
from hubtrace.ingest.derive.scopes import empty_scopes
from hubtrace.ingest.derive.switches import Entries, derive_families
from hubtrace.ingest.evidence.model import Link
from hubtrace.ingest.families import Adopted
from hubtrace.ingest.load.evidence import (
    write_attestations,
    write_copies,
    write_files,
    write_links,
)
from hubtrace.ingest.load.plan import Plan, plan, projects_of, write_nodes, write_snapshot
from hubtrace.ingest.load.projects import (
    BATCH_COMMITS,
    write_base_models,
    write_batch,
    write_details,
    write_families,
)
from hubtrace.ingest.records import Family
from hubtrace.ingest.snapshot import Snapshot
from hubtrace.ingest.source import Progress, no_progress


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load found in the snapshot, and what of it was new to the graph."""

    families: int
    projects: int
    new_families: int
    """Families that were new or had changed."""
    new_projects: int
    """Projects that were new or had changed."""
    commits: int
    """Commits of the new projects."""
    switches: int
    """Switches of the new families."""
    missing: tuple[str, ...]
    """Keys of projects that a family names and the snapshot lacks."""
    copies: int = 0
    """Copies of the variants whose copies were new or had changed."""
    adopted: tuple[Adopted, ...] = ()
    """Variants that became members of a family by what was derived."""
    warnings: tuple[str, ...] = ()
    """Paths of upstreams that hold nothing, commits whose clock cannot have been right, texts that
    could not be read."""


Assign = Callable[[Mapping[str, Sequence[Link]]], Sequence[Adopted]]
"""Records which variants the links make members of a family, before anything is written."""


def load(
    snapshot: Snapshot,
    store: GraphStore,
    progress: Progress = no_progress,
    assign: Assign | None = None,
) -> Loaded:
    """Bring the graph up to what the snapshot holds; what it already holds is left alone.

    All that joins projects is derived first, and `assign` may make members of it; then the graph
    is written, once (docs/decisions/0037). Fingerprints are written last, so that a load that
    broke is finished by running it again.

    Raises:
        SnapshotCorrupt: a file is not what was written.
        GraphError: the graph cannot be written.
    """
    projects = snapshot.check()
    todo = None
    if store.is_mapped:  # a write would read the whole graph (docs/decisions/0070)
        todo = plan(snapshot, projects, store.run)
        if todo.is_done(snapshot.id, store.run):
            return Loaded(len(todo.families), len(todo.histories), 0, 0, 0, 0, todo.missing())
    with store.write() as writer:
        todo = todo.again(writer.ask) if todo else plan(snapshot, projects, writer.ask)
        return _write(writer, snapshot, todo, progress, assign)


def _write(
    writer: GraphWriter, snapshot: Snapshot, todo: Plan, progress: Progress, assign: Assign | None
) -> Loaded:
    derived = None
    adopted: tuple[Adopted, ...] = ()
    if todo.changed_projects() or todo.changed_families() or todo.changed_copies():
        derivation = Derivation(todo.histories, progress)
        derived = derivation.of(todo.families.values())
        adopted = tuple(assign(derived.links)) if assign else ()
        if adopted:
            todo = todo.with_families(snapshot.families())
            derived = derivation.of(todo.families.values())
    changed, families = todo.changed_projects(), todo.changed_families()
    stale = todo.stale_projects(), todo.stale_families()
    write_nodes(writer, todo, changed, [family.name for family in families], complete=False)
    commits, entries, warnings = _write_projects(writer, todo, progress)
    write_details(writer, [todo.histories[key] for key in changed])
    copies = 0
    if derived is not None:
        write_base_models(writer, todo.histories)
        copies = write_copies(writer, derived.copies, todo.changed_copies())
        write_files(writer, derived.files, todo.changed_copies())
        write_links(writer, derived)
        write_attestations(writer, todo.histories)
    merged = derive_families(families, todo.histories, entries)
    write_families(writer, merged, todo.histories)
    write_nodes(writer, todo, *stale, complete=True)
    write_snapshot(writer, snapshot.id, todo)
    return Loaded(
        families=len(todo.families),
        projects=len(todo.histories),
        new_families=len(families),
        new_projects=len(changed),
        commits=commits,
        switches=len(merged.switches.from_sha),
        missing=todo.missing(),
        copies=copies,
        adopted=adopted,
        warnings=(
            *(derived.unread if derived else ()),
            *warnings,
            *_empty_scopes(families, todo),
        ),
    )


def _empty_scopes(families: Sequence[Family], todo: Plan) -> Iterator[str]:
    for family in families:
        for upstream in family.upstreams:
            if upstream.paths and upstream.project in todo.histories:
                yield from empty_scopes(todo.histories[upstream.project], upstream.paths)


def _clocks(project: DerivedProject) -> Iterator[str]:
    wrong = pc.is_valid(project.settled_at)
    commits = project.commits.filter(wrong)
    if commits.num_rows:
        sha, at = commits["sha"][0].as_py(), commits["committed_at"][0].as_py()
        yield (
            f"{project.project.name}: the clock of {count(commits.num_rows, 'commit')} cannot have "
            f"been right, as of {short_sha(sha)} ({date(at)}); times are taken from its neighbours"
        )


def _write_projects(
    writer: GraphWriter, todo: Plan, progress: Progress
) -> tuple[int, Mapping[str, Entries], list[str]]:
    """Write the changed projects in batches; return their commits, all timelines and warnings."""
    changed = set(todo.changed_projects())
    new = changed.difference(*map(todo.known_projects, PROJECT_LABELS))
    members = {key for family in todo.changed_families() for key in projects_of(family)}
    entries: dict[str, Entries] = {}
    warnings: list[str] = []
    _remove_replaced(writer, todo, changed)
    total = 0
    for batch in _batches(todo, changed | members, progress):
        fresh = [project for project in batch if project.key in changed]
        if fresh:
            write_batch(writer, fresh, new)
        total += sum(project.commits.num_rows for project in fresh)
        entries |= {project.key: Entries.of(project) for project in batch if project.key in members}
        warnings += [warning for project in fresh for warning in _clocks(project)]
    complete_activity(writer, todo.histories)
    return total, entries, warnings


def _batches(todo: Plan, wanted: set[str], progress: Progress) -> Iterator[list[DerivedProject]]:
    batch: list[DerivedProject] = []
    commits = 0
    histories = [history for key, history in todo.histories.items() if key in wanted]
    for done, project in enumerate(map(derive, histories), start=1):
        batch.append(project)
        commits += project.commits.num_rows
        if commits >= BATCH_COMMITS or done == len(histories):
            yield batch
            batch, commits = [], 0
        progress("projects", done, len(histories))


def _remove_replaced(writer: GraphWriter, todo: Plan, changed: set[str]) -> None:
    """Take away refs and activity of projects that were loaded before and have changed."""
    for label in PROJECT_LABELS:
        known = [key for key in todo.known_projects(label) if key in changed]
        for owned in ("HAS_BRANCH", "HAS_TAG", "HAS_ACTIVITY"):
            writer.remove_relationships(owned, label, known)
