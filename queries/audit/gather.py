"""An audit from what the catalogue answers."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

from graph.errors import CatalogueError
from graph.model import MODEL
from graph.store import GraphStore
from queries.audit import around, facts
from queries.audit.asking import Answers, Row, ask_about
from queries.audit.bases import bases_of
from queries.audit.drift import drift_of, mark_of
from queries.audit.findings import GROUPS, look
from queries.audit.links import licences, links_of
from queries.audit.names import History, commit_fact, find_revision, find_variant
from queries.audit.origin import origin_of
from queries.audit.past import as_of
from queries.audit.people import people_of
from queries.audit.unknown import unknown_of
from queries.catalogue import ask
from queries.flags import BranchFlag, SideFlag, VariantFlag, rows_as
from queries.patterns import patterns
from queries.thresholds import Thresholds

BATCH = 100
"""Variants that are asked about at once."""

_NOBODY = around.People((), (), 0, ())


@dataclass(frozen=True, slots=True)
class Asked:
    """What an audit is asked for."""

    until: int | None = None
    """Epoch seconds; None for the moment up to which the variant's family was observed."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    revision: str | None = None
    areas: tuple[str, ...] = ()
    """Drift counts only commits that change something in these areas; empty: all commits."""
    whole: bool = True
    """False to leave out what only a person reads: patterns, people and base models."""


def audit(
    store: GraphStore,
    variant: str,
    revision: str | None = None,
    until: int | None = None,
    thresholds: Thresholds | None = None,
) -> facts.Audit:
    """Return the audit of a variant at a revision (a sha or its beginning, a tag, a branch).

    `until` is in epoch seconds; by default the moment up to which its family was observed. Without
    a revision: the newest commit of the default branch at that moment.

    Raises:
        CatalogueError: the graph has no such variant or revision, several fit, or nothing was ever
            observed of the variant.
    """
    asked = Asked(until, thresholds or Thresholds(), revision)
    return next(audits(store, [find_variant(store, variant)], asked))


def audits(store: GraphStore, variants: Sequence[str], asked: Asked) -> Iterator[facts.Audit]:
    """Yield the audits of variants, by their keys, in their order.

    Raises:
        CatalogueError: nothing was ever observed of a variant, or it lacks the revision.
    """
    snapshots = tuple(around.SnapshotFact(**row) for row in ask(store, "snapshots"))
    for first in range(0, len(variants), BATCH):
        yield from _batch(store, variants[first : first + BATCH], asked, snapshots)


def _batch(
    store: GraphStore,
    variants: Sequence[str],
    asked: Asked,
    snapshots: tuple[around.SnapshotFact, ...],
) -> Iterator[facts.Audit]:
    answers = ask_about(store, variants, asked.until, asked.thresholds)
    drafts = [_Draft.of(answers, variant, asked) for variant in variants]
    marks = [draft.mark for draft in drafts if draft.mark is not None]
    since: dict[str, list[Row]] = {}
    for row in ask(store, "commits_since", marks=marks):
        if not asked.areas or row["areas"] is None or {*row["areas"]} & {*asked.areas}:
            since.setdefault(row["mark"], []).append(row)
    for draft in drafts:
        yield _finished(store, draft, since.get(draft.identity.variant, []), asked, snapshots)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What of an audit can be told from the answers about its variant alone."""

    answers: Answers
    until: int
    identity: facts.Identity
    history: History
    revision: facts.Revision | None
    links: Sequence[facts.Link]
    origin: facts.Origin
    mark: Any

    @property
    def upstream(self) -> facts.Link | None:
        """The repository that it most likely comes from."""
        return next(iter(self.links), None)

    @classmethod
    def of(cls, answers: Answers, variant: str, asked: Asked) -> "_Draft":
        """Return the draft of a variant."""
        row = answers.one("variant_facts", variant)
        if row is None:
            raise CatalogueError(f"the graph has no variant {variant!r}")
        until = _until(answers, row, asked)
        identity = _identity(row, answers, until)
        commits, refs = answers.of("variant_commits", variant), answers.of("variant_refs", variant)
        history = History(row["url"], row["default_branch"], commits, refs)
        revision = find_revision(history, asked.revision, until)
        links = links_of(answers, variant, until)
        upstream = next(iter(links), None)
        carried = history.ancestors(revision.commit.sha) if revision else set()
        origin = origin_of(answers, variant, upstream, revision, carried, until)
        mark = mark_of(variant, upstream, origin, revision, until)
        return cls(answers, until, identity, history, revision, links, origin, mark)


def _finished(
    store: GraphStore,
    draft: _Draft,
    since: Sequence[Row],
    asked: Asked,
    snapshots: tuple[around.SnapshotFact, ...],
) -> facts.Audit:
    answers, until, upstream = draft.answers, draft.until, draft.upstream
    variant = draft.identity.variant
    projects = [variant] if upstream is None else [variant, upstream.repository]
    drift = None
    if draft.mark is not None:
        drift = drift_of(draft.mark, since, draft.origin, upstream.url if upstream else None)
    drawn = facts.Audit(
        schema=facts.SCHEMA,
        identity=draft.identity,
        revision=draft.revision,
        upstream=upstream,
        others=tuple(draft.links[1:]),
        licences=licences(draft.identity, upstream),
        origin=draft.origin,
        files=_files(draft),
        bases=bases_of(store, variant) if asked.whole else (),
        families=_families(store, draft, asked),
        drift=drift,
        status=_status(answers, variant),
        branches=_branches(answers, projects),
        events=_events(answers, projects, until),
        vanished=_vanished(draft),
        people=_people(store, draft) if asked.whole else _NOBODY,
        findings=(),
        undecided=(),
        unknown=(),
        method=_method(until, asked.thresholds, snapshots),
    )
    found, undecided = look(drawn, GROUPS["all"])
    return replace(
        drawn, findings=tuple(found), undecided=tuple(undecided), unknown=unknown_of(drawn)
    )


def _until(answers: Answers, row: Row, asked: Asked) -> int:
    if asked.until is not None:
        return asked.until
    families = (answers.one("published", name) for name in row["families"])
    moments = [found["until"] for found in families if found and found["until"] is not None]
    moment: int | None = max(moments, default=row["observed_at"])
    if moment is None:
        raise CatalogueError(
            f"{row['name'] or row['variant']} is known only because another model names it; "
            "nothing was observed of it"
        )
    return moment


def _identity(row: Row, answers: Answers, until: int) -> facts.Identity:
    then = as_of(row, answers.of("project_events", row["variant"]), until)
    return facts.Identity(**{**then, "families": tuple(row["families"])})


def _families(store: GraphStore, draft: _Draft, asked: Asked) -> tuple[around.FamilyView, ...]:
    answers, names = draft.answers, draft.identity.families
    labels = {}
    if asked.whole and names:
        found = patterns(store, names, draft.until, asked.thresholds)
        labels = {pattern.family: pattern for pattern in found}
    return tuple(
        around.FamilyView(
            name=name,
            pattern=labels.get(name),
            status=next(iter(rows_as(answers.of("side_status", name), SideFlag)), None),
            switches=tuple(_switches(answers.of("switch_summary", name))),
            tail=_tail(answers.one("tails", name)),
        )
        for name in names
    )


def _switches(rows: Sequence[Row]) -> Iterator[around.SwitchSummary]:
    for row in rows:
        yield around.SwitchSummary(**{key: row[key] for key in row if key != "family"})


def _tail(row: Row | None) -> around.Tail | None:
    if row is None:
        return None
    return around.Tail(**{key: row[key] for key in row if key != "family"})


def _status(answers: Answers, variant: str) -> VariantFlag | None:
    rows = answers.of("variant_status", variant) or answers.of("orphan_variants", variant)
    return next(iter(rows_as(rows, VariantFlag)), None)


def _branches(answers: Answers, projects: Collection[str]) -> tuple[BranchFlag, ...]:
    rows = [row for project in projects for row in answers.of("branch_status", project)]
    return tuple(flag for flag in dict.fromkeys(rows_as(rows, BranchFlag)) if flag.flagged)


def _events(
    answers: Answers, projects: Collection[str], until: int
) -> tuple[around.EventFact, ...]:
    rows = [row for project in projects for row in answers.of("project_events", project)]
    found = [around.EventFact(**row) for row in rows if row["observed_at"] <= until]
    return tuple(sorted(found, key=lambda event: (event.observed_at, event.project)))


def _files(draft: _Draft) -> tuple[facts.LargeFile, ...]:
    """Return the large files; the Hub told those of the head, so others are not known."""
    if draft.revision is None or not draft.revision.is_head:
        return ()
    rows = draft.answers.of("variant_files", draft.identity.variant)
    names = ("path", "sha256", "size", "blob")
    return tuple(facts.LargeFile(**{name: row[name] for name in names}) for row in rows)


def _vanished(draft: _Draft) -> tuple[facts.CommitFact, ...]:
    return tuple(
        commit_fact(row, draft.history.url)
        for row in draft.history.commits
        if row["vanished_at"] is not None and row["vanished_at"] <= draft.until
    )


def _people(store: GraphStore, draft: _Draft) -> around.People:
    repository = draft.upstream.repository if draft.upstream else None
    return people_of(store, draft.identity.variant, repository, draft.until)


def tool() -> str:
    """Return name and version of this program."""
    return f"hubtrace {version('hubtrace')}"


def _method(
    until: int, thresholds: Thresholds, snapshots: tuple[around.SnapshotFact, ...]
) -> around.Method:
    return around.Method(
        until=until,
        tool=tool(),
        model=MODEL.version,
        snapshots=snapshots,
        **asdict(thresholds),
    )
