"""An audit built from the rows of the catalogue's queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit import records
from hubtrace.queries.audit.findings import GROUPS, look
from hubtrace.queries.audit.origin import History, drift_of, find_revision, mark_of, origin_of
from hubtrace.queries.catalogue import Row, ask, rows_as
from hubtrace.queries.flags import BranchFlag, SideFlag, VariantFlag
from hubtrace.queries.patterns import patterns
from hubtrace.queries.resolve import find_variant
from hubtrace.queries.thresholds import Thresholds

Rows = Mapping[str, list[Row]]

_BY_VARIANT = (
    "variant_facts",
    "variant_commits",
    "variant_refs",
    "variant_links",
    "variant_evidence",
    "variant_copies",
    "variant_references",
    "variant_files",
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The rows of every question, by its name and by what they are about."""

    rows: Mapping[str, Rows]

    def of(self, question: str, *keys: str) -> list[Row]:
        """Return the rows about some variants, projects or families; none if there are none."""
        found = self.rows.get(question, {})
        return [row for key in keys for row in found.get(key, [])]

    def one(self, question: str, key: str) -> Row | None:
        """Return the row about a variant or family, or None."""
        return next(iter(self.of(question, key)), None)


def fetch_rows(
    store: GraphStore, variants: Sequence[str], until: int | None, thresholds: Thresholds
) -> Answers:
    """Ask everything that is known of these variants, by their keys."""
    keys = list(variants)
    rows = {name: _grouped(ask(store, name, variants=keys), "variant") for name in _BY_VARIANT}
    facts = [row for found in rows["variant_facts"].values() for row in found]
    linked = {row["repository"] for found in rows["variant_links"].values() for row in found}
    families = sorted({name for row in facts for name in row["families"]})
    projects = {"projects": keys + sorted(linked)}
    timed: dict[str, Any] = {"families": families, "until": until}
    silence = {**timed, "abandon_after": thresholds.abandon_after}
    for name, by, parameters in (
        ("project_events", "project", projects),
        ("published", "family", timed),
        ("switch_summary", "family", timed),
        ("tails", "family", timed),
        ("side_status", "family", silence),
        ("variant_status", "variant", silence),
        ("branch_status", "project", silence),
    ):
        rows[name] = _grouped(ask(store, name, **parameters), by)
    if any(not row["families"] for row in facts):
        rows["orphan_variants"] = _grouped(ask(store, "orphan_variants", until=until), "variant")
    return Answers(rows)


def _grouped(rows: Iterable[Row], by: str) -> Rows:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[by]].append(row)
    return found


_FLAGS = {
    "archived": ("archived", False),
    "unarchived": ("archived", True),
    "made_private": ("private", False),
    "made_public": ("private", True),
    "disabled": ("disabled", False),
    "enabled": ("disabled", True),
}
"""Kind of event → the property that it set, and what that was before."""
_VALUES = {
    "licence_changed": "licence",
    "gated": "gated",
    "ungated": "gated",
    "replaced": "host_id",
    "renamed": "name",
    "transferred": "name",
}
"""Kind of event → the property that had the value `before` it."""


def as_of(row: Row, events: Sequence[Row], until: int) -> dict[str, Any]:
    """Return the facts of a project as they were at `until`, by what was noticed since.

    What no event tells of (downloads, library, task) stays as last observed.
    """
    then = dict(row)
    moves = [event for event in events if event["kind"] in ("renamed", "transferred")]
    for event in sorted(events, key=lambda event: event["observed_at"], reverse=True):
        if event["observed_at"] <= until:
            break
        if event["kind"] in _FLAGS:
            name, value = _FLAGS[event["kind"]]
            then[name] = value
        elif event["kind"] in _VALUES:
            then[_VALUES[event["kind"]]] = event["before"]
    if moves and all(event["observed_at"] > until for event in moves):
        then["moved_to"] = None
    if then.get("gone_at") is not None and then["gone_at"] > until:
        then["gone_at"] = None
    return then


DEEPEST = 10
"""Steps up the chain. Cards can name each other in circles; a model is told once."""


def bases_of(store: GraphStore, variant: str) -> tuple[records.Base, ...]:
    """Return the base models of a variant, the nearest first, each with its own upstream."""
    found: list[records.Base] = []
    seen = {variant}
    level = [variant]
    for depth in range(1, DEEPEST + 1):
        rows: dict[str, Row] = {}
        for row in ask(store, "variant_bases", variants=level):
            if row["base"] not in seen:
                rows.setdefault(row["base"], row)
        if not rows:
            break
        level = list(rows)
        seen.update(level)
        links = sorted(ask(store, "variant_links", variants=level), key=_likelihood)
        best = {row["variant"]: row for row in links}
        found += [_base(row, depth, best.get(key, {})) for key, row in rows.items()]
    return tuple(found)


def _likelihood(link: Row) -> tuple[bool, float]:
    return bool(link["families"]) or link["role"] == "upstream", link["confidence"] or 0.0


def _base(row: Row, depth: int, link: Row) -> records.Base:
    return records.Base(
        variant=row["base"],
        of=row["variant"],
        depth=depth,
        **{name: row[name] for name in ("name", "url", "relation", "licence", "observed_at")},
        upstream=link.get("name") or link.get("repository"),
        upstream_url=link.get("url"),
        confidence=link.get("confidence"),
    )


_SAYS_NOTHING = frozenset({"other", "noassertion", "unknown"})
"""What both hosts answer where there is a licence text that they cannot name."""


def links_of(answers: Answers, variant: str, until: int) -> list[records.Link]:
    """Return the repositories of a variant: that of its family first, then the likeliest."""
    evidence = answers.of("variant_evidence", variant)
    found = [_link(row, evidence, answers, until) for row in answers.of("variant_links", variant)]
    return sorted(
        found,
        key=lambda link: (not records.is_member(link), -(link.confidence or 0.0), link.repository),
    )


def licences(identity: records.Identity, upstream: records.Link | None) -> records.Licences:
    """Return the licences of a variant and its upstream, and whether they agree."""
    ours, theirs = identity.licence, upstream.licence if upstream else None
    agree: bool | None = None
    if upstream is None:
        why = "no upstream is known"
    elif ours is None or theirs is None:
        silent = "either side" if ours is theirs else "the variant" if ours is None else "upstream"
        why = f"no licence is known of {silent}"
    elif {ours, theirs} & _SAYS_NOTHING:
        why = "one side has a licence that its host cannot name; compare the texts"
    else:
        agree = _plain(ours) == _plain(theirs)
        why = "the same on both sides" if agree else f"{ours} downstream, {theirs} upstream"
    return records.Licences(ours, theirs, agree, why)


def _link(row: Row, evidence: Sequence[Row], answers: Answers, until: int) -> records.Link:
    own = [seen for seen in evidence if seen["repository"] == row["repository"]]
    own = [seen for seen in own if seen["gone_at"] is None or seen["gone_at"] > until]
    known = [seen for seen in own if (seen["observed_at"] or 0) <= until]
    later = [seen for seen in own if seen not in known]
    then = as_of(row, answers.of("project_events", row["repository"]), until)
    then |= {
        "evidence": rows_as(known, records.Evidence),
        "later_evidence": rows_as(later, records.Evidence),
    }
    return rows_as([then], records.Link)[0]


def _plain(licence: str) -> str:
    """Return a licence without SPDX's suffixes: hosts write `gpl-3.0` and `gpl-3.0-only`."""
    return licence.lower().removesuffix("-only").removesuffix("-or-later")


LISTED_PEOPLE = 20
"""Contributors of the upstream that an audit lists; it counts all of them."""


def people_of(store: GraphStore, variant: str, upstream: list[str], until: int) -> records.People:
    """Return the contributors to a variant and to its upstream, a list of one key or none."""
    rows = ask(store, "project_contributors", projects=[variant, *upstream], until=until).data()
    ours = [row for row in rows if row["project"] == variant]
    theirs = [row for row in rows if row["project"] in upstream]
    listed = [
        rows_as([{**row, "name": row["author"]} for row in side], records.Person)
        for side in (ours, theirs[:LISTED_PEOPLE])
    ]
    shared = tuple(_shared(store, ours, theirs))
    return records.People(tuple(listed[0]), tuple(listed[1]), len(theirs), shared)


def _shared(
    store: GraphStore, ours: Sequence[Row], theirs: Sequence[Row]
) -> list[records.SharedPerson]:
    builders = {row["contributor"] for row in theirs}
    keys = [row["contributor"] for row in ours]
    found = [records.SharedPerson(key, key, "same_key") for key in keys if key in builders]
    others = ask(store, "same_persons", contributors=keys)
    found += [
        records.SharedPerson(row["contributor"], row["other"], row["method"] or "same_person")
        for row in others
        if row["other"] in builders
    ]
    return found


def unknown_of(audit: records.Audit) -> Iterator[str]:
    """Yield one sentence for each thing that the graph does not hold."""
    identity, link, drift = audit.identity, audit.upstream, audit.drift
    if identity.host_id is None:
        yield "The Hub was not asked about the model: licence, access, task and base models."
    elif identity.licence is None:
        yield "The Hub tells no licence of the model."
    if audit.revision is None:
        yield "No commit of the variant is known up to this moment, so there is no revision."
    elif audit.revision.how == "newest":
        yield (
            "The head of the default branch is not among the commits up to this moment; the "
            "revision is the newest of its commits."
        )
    if identity.shallow:
        yield "Only a part of the variant's history was read."
    if link is None:
        yield "No repository is known to be its upstream."
        return
    if link.host_id is None:
        yield "GitHub was not asked about the upstream: licence, archiving, renames, releases."
    elif link.licence is None:
        yield "GitHub tells no licence of the upstream."
    if any(finding.kind == "replaced" for finding in audit.findings):
        yield "What was observed of a project that had a name before does not count for this one."
    elif link.confidence is None:
        yield "No evidence was collected for the upstream; a families file names it."
    if link.later_evidence:
        yield (
            "The confidence of the upstream rests on observations that were made after this moment "
            f"as well ({len(link.later_evidence)})."
        )
    if link.shallow:
        yield "Only a part of the upstream's history was read."
    if not audit.files and audit.revision is not None and not audit.revision.is_head:
        yield "The SHA-256 of large files is known only at the head of the default branch."
    if audit.origin.commit is None:
        yield (
            "No file and no commit message proves which upstream commit the revision was made "
            "from; drift is counted from the revision's own date."
        )
    if drift is not None and any(count.name is None for count in drift.by_type):
        yield "Not every commit upstream was classified by what it changes."
    if drift is not None and any(count.name is None for count in drift.by_area):
        yield "It is not known of every commit upstream which paths it changes."
    if not audit.method.snapshots:
        yield "The graph does not say which snapshot it was loaded from; load it again."


BATCH = 100
"""Variants that are asked about at once."""

_NOBODY = records.People((), (), 0, ())


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What an audit is asked for."""

    until: int | None = None
    """Epoch seconds; None for the moment up to which the variant's family was observed."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    revisions: Mapping[str, str] = field(default_factory=dict)
    """Key of a variant → its revision; without one the head of the default branch."""
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
) -> records.Audit:
    """Return the audit of a variant at a revision (a sha or its beginning, a tag, a branch).

    `until` is in epoch seconds; by default the moment up to which its family was observed. Without
    a revision: the newest commit of the default branch at that moment.

    Raises:
        CatalogueError: the graph has no such variant or revision, several fit, or nothing was ever
            observed of the variant.
    """
    key, named = find_variant(store, variant)
    if None not in (revision, named) and revision != named:
        raise CatalogueError(f"{variant!r} names the revision {named!r}, not {revision!r}")
    revision = revision or named
    asked = AuditRequest(until, thresholds or Thresholds(), {key: revision} if revision else {})
    return next(audits(store, [key], asked))


def audits(
    store: GraphStore, variants: Sequence[str], asked: AuditRequest
) -> Iterator[records.Audit]:
    """Yield the audits of variants, by their keys, in their order.

    Raises:
        CatalogueError: nothing was ever observed of a variant, or it lacks the revision.
    """
    snapshots = tuple(records.SnapshotFact(**row) for row in ask(store, "snapshots"))
    for first in range(0, len(variants), BATCH):
        batch = variants[first : first + BATCH]
        answers = fetch_rows(store, batch, asked.until, asked.thresholds)
        drafts = [_Draft.of(answers, variant, asked) for variant in batch]
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
    identity: records.Identity
    history: History
    revision: records.Revision | None
    links: Sequence[records.Link]
    origin: records.Origin
    mark: Any

    @property
    def upstream(self) -> records.Link | None:
        """The repository that it most likely comes from."""
        return next(iter(self.links), None)

    @classmethod
    def of(cls, answers: Answers, variant: str, asked: AuditRequest) -> "_Draft":
        """Return the draft of a variant."""
        row = answers.one("variant_facts", variant)
        if row is None:
            raise CatalogueError(f"the graph has no variant {variant!r}")
        until = _until(answers, row, asked)
        then = as_of(row, answers.of("project_events", variant), until)
        identity = rows_as([then], records.Identity)[0]
        commits, refs = answers.of("variant_commits", variant), answers.of("variant_refs", variant)
        history = History(row["url"], row["default_branch"], commits, refs)
        revision = find_revision(history, asked.revisions.get(variant), until)
        links = links_of(answers, variant, until)
        upstream = next(iter(links), None)
        rows = {question: answers.of(question, variant) for question in _BY_VARIANT}
        places: set[str | None] | None = None
        carried = history.ancestors(revision.commit.sha) if revision else set()
        if upstream is not None and _is_replaced(answers, variant, upstream.repository, until):
            places = {seen.place for seen in upstream.evidence}
        origin = origin_of(rows, upstream, revision, carried, until, places)
        mark = mark_of(variant, upstream, origin, revision, until)
        return cls(answers, until, identity, history, revision, links, origin, mark)


def _finished(
    store: GraphStore,
    draft: _Draft,
    since: Sequence[Row],
    asked: AuditRequest,
    snapshots: tuple[records.SnapshotFact, ...],
) -> records.Audit:
    answers, until, upstream = draft.answers, draft.until, draft.upstream
    variant = draft.identity.variant
    projects = [variant] if upstream is None else [variant, upstream.repository]
    drift = None
    if draft.mark is not None:
        drift = drift_of(draft.mark, since, draft.origin, upstream.url if upstream else None)
    status = answers.of("variant_status", variant) or answers.of("orphan_variants", variant)
    branches = rows_as(answers.of("branch_status", *projects), BranchFlag)
    # The Hub told the large files of the head, so those of other revisions are not known.
    is_head = draft.revision is not None and draft.revision.is_head
    files = answers.of("variant_files", variant) if is_head else []
    members = [link.repository for link in draft.links if records.is_member(link)]
    noticed = answers.of("project_events", *dict.fromkeys([*projects, *members]))
    known = [event for event in noticed if event["observed_at"] <= until]
    events = rows_as(known, records.EventFact)
    drawn = records.Audit(
        schema=records.SCHEMA,
        identity=draft.identity,
        revision=draft.revision,
        upstream=upstream,
        others=tuple(draft.links[1:]),
        licences=licences(draft.identity, upstream),
        origin=draft.origin,
        files=tuple(rows_as(files, records.LargeFile)),
        bases=bases_of(store, variant) if asked.whole else (),
        families=_families(store, draft, asked),
        drift=drift,
        status=next(iter(rows_as(status, VariantFlag)), None),
        branches=tuple(flag for flag in dict.fromkeys(branches) if flag.flagged),
        events=tuple(sorted(events, key=lambda event: (event.observed_at, event.project))),
        vanished=tuple(
            records.CommitFact.of(row, draft.history.url)
            for row in draft.history.commits
            if row["vanished_at"] is not None and row["vanished_at"] <= until
        ),
        people=people_of(store, variant, projects[1:], until) if asked.whole else _NOBODY,
        findings=(),
        undecided=(),
        unknown=(),
        method=records.Method(
            until=until,
            tool=tool(),
            model=MODEL.version,
            snapshots=snapshots,
            **asdict(asked.thresholds),
        ),
    )
    found, undecided = look(drawn, GROUPS["all"])
    drawn = replace(drawn, findings=tuple(found), undecided=tuple(undecided))
    return replace(drawn, unknown=tuple(unknown_of(drawn)))


def _is_replaced(answers: Answers, variant: str, repository: str, until: int) -> bool:
    events = answers.of("project_events", variant, repository)
    return any(e["kind"] == "replaced" and e["observed_at"] <= until for e in events)


def _until(answers: Answers, row: Row, asked: AuditRequest) -> int:
    if asked.until is not None:
        return asked.until
    families = (answers.one("published", name) for name in row["families"])
    times = [found["until"] for found in families if found and found["until"] is not None]
    latest: int | None = max(times, default=row["observed_at"])
    if latest is None:
        raise CatalogueError(
            f"{row['name'] or row['variant']} is known only because another model names it; "
            "nothing was observed of it"
        )
    return latest


def _families(
    store: GraphStore, draft: _Draft, asked: AuditRequest
) -> tuple[records.FamilyView, ...]:
    answers, names = draft.answers, draft.identity.families
    labels = {}
    if asked.whole and names:
        found = patterns(store, names, draft.until, asked.thresholds)
        labels = {pattern.family: pattern for pattern in found}
    return tuple(
        records.FamilyView(
            name=name,
            pattern=labels.get(name),
            status=next(iter(rows_as(answers.of("side_status", name), SideFlag)), None),
            switches=tuple(rows_as(answers.of("switch_summary", name), records.SwitchSummary)),
            tail=next(iter(rows_as(answers.of("tails", name), records.Tail)), None),
        )
        for name in names
    )


def tool() -> str:
    """Return name and version of this program."""
    return f"hubtrace {version('hubtrace')}"
