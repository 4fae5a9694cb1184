"""An audit built from the rows of the catalogue's queries."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

from hubtrace.graph.confidence import FLOOR, confidence_of
from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit import records
from hubtrace.queries.audit.base_models import bases_of, people_of
from hubtrace.queries.audit.facts import unknown_of
from hubtrace.queries.audit.findings import GROUPS, look
from hubtrace.queries.audit.origin import (
    History,
    Mark,
    drift_of,
    find_revision,
    looks,
    moment_of,
    origin_of,
    refs_at,
)
from hubtrace.queries.audit.trees import Trees, attestations_of, large_files
from hubtrace.queries.catalogue import Row, ask, rows_as
from hubtrace.queries.flags import BranchFlag, SideFlag, VariantFlag
from hubtrace.queries.lookup import find_variant
from hubtrace.queries.patterns import patterns
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
    "variant_attestations",
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
        ("project_facts", "project", projects),
        ("upstream_commits", "repository", timed),
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
    "default_branch_changed": "default_branch",
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
        elif event["kind"] in _VALUES and not _is_move(event):
            then[_VALUES[event["kind"]]] = event["before"]
    if moves and all(event["observed_at"] > until for event in moves):
        then["moved_to"] = None
    if (url := row.get("url")) and row.get("name") and then["name"] and url.endswith(row["name"]):
        then["url"] = url.removesuffix(row["name"]) + then["name"]
    past = [at for at, _ in looks(row.get("looks"))]
    if past and (then.get("observed_at") or 0) > until:
        then["observed_at"] = max([at for at in past if at <= until], default=past[0])
    if then.get("gone_at") is not None and then["gone_at"] > until:
        then["gone_at"] = None
    return then


def _is_move(event: Row) -> bool:
    """Return True if a project got another one's name, and is who it was (`replaced`)."""
    return event["kind"] == "replaced" and bool(event["subject"])


_SAYS_NOTHING = frozenset({"other", "noassertion", "unknown"})
"""What both hosts answer where there is a licence text that they cannot name."""


def links_of(answers: Answers, variant: str, until: int, moment: int) -> list[records.Link]:
    """Return the repositories of a variant: that of its family first, then the likeliest.

    Evidence that was gone before `moment` does not speak for the revision.
    """
    evidence = answers.of("variant_evidence", variant)
    begun = [looks(row["looks"])[:1] for row in answers.of("variant_facts", variant)]
    found = [
        _link(row, evidence, answers, until, moment, [at for first in begun for at, _ in first])
        for row in answers.of("variant_links", variant)
    ]
    return sorted(
        (link for link in found if _is_linked(link)),
        key=lambda link: (not records.is_member(link), -(link.confidence or 0.0), link.repository),
    )


def licences(identity: records.Identity, upstreams: Sequence[records.Link]) -> records.Licences:
    """Return the licences of a variant and its upstreams, and whether they agree.

    A side that names several has all of them: it is enough that one is the other side's. Each
    upstream must agree: a licence that suits one repository says nothing about another.
    """
    ours = identity.licence
    theirs = ", ".join(dict.fromkeys(link.licence for link in upstreams if link.licence)) or None
    agree: bool | None = None
    unnamed = _licences(ours) & _SAYS_NOTHING
    others = [it for it in upstreams if not _licences(ours) & _licences(it.licence) - _SAYS_NOTHING]
    silent_one = next((link for link in others if link.licence is None), None)
    against = [it for it in others if it.licence and not _licences(it.licence) & _SAYS_NOTHING]
    if not upstreams:
        why = "no upstream is known"
    elif ours is None or theirs is None:
        silent = "either side" if ours is theirs else "the variant" if ours is None else "upstream"
        why = f"no licence is known of {silent}"
    elif not others:
        agree, why = True, "the same on both sides"
    elif against and not unnamed:
        named = ", ".join(dict.fromkeys(link.licence or "" for link in against))
        agree, why = False, f"{ours} downstream, {named} upstream"
    elif silent_one:
        why = f"no licence is known of {silent_one.name or silent_one.repository}"
    else:
        why = "one side has a licence that its host cannot name; compare the texts"
    return records.Licences(ours, theirs, agree, why)


def _licences(text: str | None) -> set[str]:
    """Return the licences that a text names, without SPDX's suffixes.

    Hosts write `gpl-3.0` and `gpl-3.0-only`.
    """
    words = (word.strip() for word in (text or "").lower().split(","))
    return {word.removesuffix("-only").removesuffix("-or-later") for word in words if word}


def _is_linked(link: records.Link) -> bool:
    """Return False if all that ever spoke for a link is gone, or was not there yet."""
    if link.families:
        return True
    if link.confidence is None:
        return link.role is not None
    return link.confidence >= FLOOR


def _link(
    row: Row,
    evidence: Sequence[Row],
    answers: Answers,
    until: int,
    moment: int,
    begun: Sequence[int],
) -> records.Link:
    """Return the link as it was at `until`.

    What the first looks at both sides found is what is known of the time before them. What was
    seen of a project that had one of the names before counts for nothing (decision 0043).
    """
    own = [seen for seen in evidence if seen["repository"] == row["repository"]]
    theirs = [at for at, _ in looks(row["looks"])[:1]]
    # Of a repository that was never looked at, or in the graph of an earlier version: no bound.
    latest = max(until, *begun, *theirs) if begun and theirs else math.inf
    events = answers.of("project_events", row["variant"], row["repository"])
    replaced = [e["observed_at"] for e in events if e["kind"] == "replaced" and not _is_move(e)]
    moment = max([moment, *(at for at in replaced if at <= until)])
    counted = [
        seen
        for seen in own
        if (seen["observed_at"] or 0) <= latest
        and (seen["gone_at"] is None or seen["gone_at"] > moment)
    ]
    known = [seen for seen in counted if (seen["observed_at"] or 0) <= until]
    later = [seen for seen in counted if seen not in known]
    if counted != [seen for seen in own if seen["gone_at"] is None]:
        row = {**row, **_sum_of(counted)}
    then = as_of(row, answers.of("project_events", row["repository"]), until)
    then |= {
        "evidence": rows_as(known, records.Evidence),
        "later_evidence": rows_as(later, records.Evidence),
    }
    return rows_as([then], records.Link)[0]


def _sum_of(evidence: Sequence[Row]) -> Row:
    """Return what evidence adds up to, where it is not all that can be seen now."""
    if not evidence:
        return {"confidence": None, "best_method": None}
    sure = confidence_of((seen["method"], seen["rank"], seen["strength"]) for seen in evidence)
    return {"confidence": sure, "best_method": evidence[0]["method"]}


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
        marks = [mark for draft in drafts for mark in draft.marks]
        since: defaultdict[str, list[Row]] = defaultdict(list)
        for row in ask(store, "commits_since", marks=[mark.asked() for mark in marks]):
            if not asked.areas or row["areas"] is None or {*row["areas"]} & {*asked.areas}:
                since[row["mark"]].append(row)
        places = [place for mark in marks for place in mark.neighbours()]
        together = _grouped(ask(store, "landed_together", marks=places), "mark")
        for draft in drafts:
            drifts = [drift_of(mark, since[mark.key], together) for mark in draft.marks]
            yield _finished(store, draft, drifts, asked, snapshots)


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
    marks: Sequence[Mark]

    @property
    def upstream(self) -> records.Link | None:
        """The repository that it most likely comes from."""
        return next(iter(self.links), None)

    @property
    def projects(self) -> list[str]:
        """The variant and the repositories that it follows."""
        followed = records.upstreams_of(self.links)
        return [self.identity.variant, *(link.repository for link in followed)]

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
        history = History(then["url"], row["default_branch"], commits, refs, row["looks"] or ())
        events = answers.of("project_events", variant)
        history = replace(history, refs=refs_at(history, events, until))
        revision = find_revision(history, asked.revisions.get(variant), until)
        links = links_of(answers, variant, until, moment_of(history, revision, until))
        upstream = next(iter(links), None)
        rows = {question: answers.of(question, variant) for question in _BY_VARIANT}
        urls = {link.repository: link.url for link in links}
        places = _valid_places(answers, variant, upstream, until)
        origin = origin_of(rows, urls, upstream, revision, history, until, places)
        marks = [
            Mark.of(
                link,
                revision,
                origin_of(
                    *(rows, urls, link, revision, history, until),
                    _valid_places(answers, variant, link, until),
                ),
                variant,
                until,
            )
            for link in records.upstreams_of(links)
            if revision is not None and _can_drift(answers, link, identity.families, until)
        ]
        return cls(answers, until, identity, history, revision, links, origin, marks)


# Long: one record, field by field.
def _finished(
    store: GraphStore,
    draft: _Draft,
    drifts: Sequence[records.Drift],
    asked: AuditRequest,
    snapshots: tuple[records.SnapshotFact, ...],
) -> records.Audit:
    answers, until, upstream = draft.answers, draft.until, draft.upstream
    variant = draft.identity.variant
    projects = draft.projects
    observed = {link.repository: link.observed_at for link in draft.links}
    observed = {variant: draft.identity.observed_at} | {k: observed[k] for k in projects[1:]}
    rows = answers.of("variant_status", variant) or answers.of("orphan_variants", variant)
    statuses = tuple(rows_as(rows, VariantFlag))
    compared = answers.of("branch_status", *projects)
    own = set(draft.identity.families)
    branches = rows_as([row for row in compared if row["family"] in own], BranchFlag)
    files = _large_files(draft)
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
        licences=licences(draft.identity, records.upstreams_of(draft.links)),
        origin=draft.origin,
        files=tuple(rows_as(files, records.LargeFile)),
        card=tuple(
            records.CardFact(*parts)
            for row in answers.of("variant_facts", variant)
            for fact in row["card"] or ()
            if len(parts := fact.split("\t", 2)) == 3
        ),
        attestations=tuple(
            attestations_of(
                answers.of("variant_attestations", variant), files, draft.revision, until
            )
        ),
        bases=bases_of(store, variant) if asked.whole else (),
        families=_families(store, draft, asked),
        drift=next(
            (it for it in drifts if upstream and it.repository == upstream.repository), None
        ),
        other_drifts=tuple(
            it for it in drifts if upstream and it.repository != upstream.repository
        ),
        status=next(iter(statuses), None),
        statuses=statuses,
        branches=tuple(
            flag for flag in dict.fromkeys(branches) if flag.flagged or not flag.decided
        ),
        projects=tuple(
            replace(_project(answers, key, draft.identity.families, until), observed_at=at)
            for key, at in observed.items()
        ),
        events=tuple(sorted(events, key=lambda event: (event.observed_at, event.project))),
        vanished=tuple(
            records.CommitFact.of(row, draft.history.url)
            for row in draft.history.commits
            if row["vanished_at"] is not None and row["vanished_at"] <= until
        ),
        people=people_of(store, variant, projects[1:2], until) if asked.whole else _NOBODY,
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
    looks = [
        (row["first_observed_at"], row["observed_at"])
        for row in answers.of("project_facts", *projects)
    ]
    later = any(first is not None and first <= until < last for first, last in looks)
    return replace(drawn, unknown=tuple(unknown_of(drawn, later=later)))


def _valid_places(
    answers: Answers, variant: str, link: records.Link | None, until: int
) -> set[str | None] | None:
    """Return where the evidence of a link stands that holds for the projects of today.

    None means everywhere: neither side was replaced by another project of its name.
    """
    if link is None:
        return None
    events = answers.of("project_events", variant, link.repository)
    known = [e for e in events if e["observed_at"] <= until and not _is_move(e)]
    if any(e["kind"] == "replaced" for e in known):
        return {seen.place for seen in link.evidence}
    return None


def _can_drift(answers: Answers, link: records.Link, families: Sequence[str], until: int) -> bool:
    """Return False where no default branch of a repository is known, which is not that it rests."""
    known = _project(answers, link.repository, families, until)
    return bool(known.default_branch or known.commits)


def _project(
    answers: Answers, key: str, families: Sequence[str], until: int
) -> records.ProjectFact:
    fact = answers.one("project_facts", key) or {}
    fact = as_of(fact, answers.of("project_events", key), until) if fact else fact
    own = [row for row in answers.of("upstream_commits", key) if row["family"] in families]
    branches = [row for row in answers.of("branch_status", key) if row["family"] in families]
    corrected_at = fact.get("corrected_at")
    read = {
        "corrected_at": corrected_at if (corrected_at or 0) <= until else None,
        "late_at": late_at if (late_at := fact.get("late_at")) and late_at <= until else None,
        "branches_known": any(row["status"] == "default" for row in branches),
        "commits": min((row["commits"] for row in own), default=None),
        "paths": [path for row in own for path in row["paths"] or ()],
    }
    return rows_as([{**fact, "project": key, **read}], records.ProjectFact)[0]


def _large_files(draft: _Draft) -> list[Row]:
    """Return the large files of the revision whose SHA-256 the Hub has ever listed."""
    if draft.revision is None:
        return []
    rows = draft.answers.of("variant_files", draft.identity.variant)
    trees = Trees(rows, draft.history.commits)
    if not trees.paths:  # of a graph that an earlier version loaded: the files of the head
        return rows if draft.revision.is_head else []
    return large_files(trees.of(draft.revision.commit.sha))


def _until(answers: Answers, row: Row, asked: AuditRequest) -> int:
    if asked.until is not None:
        return asked.until
    families = (answers.one("published", name) for name in row["families"])
    times = [found["until"] for found in families if found and found["until"] is not None]
    latest: int | None = max(times, default=row["observed_at"])
    if latest is None:
        raise CatalogueError(
            f"{row['name'] or row['variant']} is known only because another model names it; "
            f"nothing was observed of it: `hubtrace ingest {row['name'] or row['variant']}`"
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
