"""An audit built from the rows of the catalogue's queries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.model import MODEL
from hubtrace.graph.store import GraphStore
from hubtrace.queries.audit.findings import GROUPS, look
from hubtrace.queries.audit.records import (
    SCHEMA,
    Audit,
    Base,
    CommitFact,
    Copy,
    Count,
    Drift,
    EventFact,
    Evidence,
    FamilyView,
    Identity,
    LargeFile,
    Licences,
    Link,
    Method,
    Missing,
    Origin,
    People,
    Person,
    Reference,
    Revision,
    SharedPerson,
    SnapshotFact,
    SwitchSummary,
    Tail,
    is_member,
)
from hubtrace.queries.catalogue import Row, ask
from hubtrace.queries.flags import BranchFlag, SideFlag, VariantFlag, rows_as
from hubtrace.queries.patterns import patterns
from hubtrace.queries.resolve import History, commit_fact, find_revision, find_variant
from hubtrace.queries.thresholds import DAY, Thresholds

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

    def of(self, question: str, key: str) -> list[Row]:
        """Return the rows about a variant, project or family; none if there are none."""
        return self.rows[question].get(key, [])

    def one(self, question: str, key: str) -> Row | None:
        """Return the row about a variant or family, or None."""
        return next(iter(self.of(question, key)), None)


def fetch_rows(
    store: GraphStore, variants: Sequence[str], until: int | None, thresholds: Thresholds
) -> Answers:
    """Ask everything that is known of these variants, by their keys."""
    keys = list(variants)
    rows = {name: _sorted(ask(store, name, variants=keys), "variant") for name in _BY_VARIANT}
    facts = [row for found in rows["variant_facts"].values() for row in found]
    families = sorted({name for row in facts for name in row["families"]})
    projects = keys + sorted({row["repository"] for row in _all(rows["variant_links"])})
    rows["project_events"] = _sorted(ask(store, "project_events", projects=projects), "project")
    rows |= _of_families(store, families, until, thresholds)
    orphans: Iterable[Row] = ()
    if any(not row["families"] for row in facts):
        orphans = ask(store, "orphan_variants", until=until)
    rows["orphan_variants"] = _sorted(orphans, "variant")
    return Answers(rows)


def _of_families(
    store: GraphStore, families: list[str], until: int | None, thresholds: Thresholds
) -> dict[str, Rows]:
    asked: dict[str, Any] = {"families": families, "until": until}
    found: dict[str, Rows] = {
        name: _sorted(ask(store, name, **asked), "family")
        for name in ("published", "switch_summary", "tails")
    }
    asked["abandon_after"] = thresholds.abandon_after
    found["side_status"] = _sorted(ask(store, "side_status", **asked), "family")
    found["variant_status"] = _sorted(ask(store, "variant_status", **asked), "variant")
    found["branch_status"] = _sorted(ask(store, "branch_status", **asked), "project")
    return found


def _all(rows: Rows) -> Iterable[Row]:
    return (row for found in rows.values() for row in found)


def _sorted(rows: Iterable[Row], by: str) -> Rows:
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


def bases_of(store: GraphStore, variant: str) -> tuple[Base, ...]:
    """Return the base models of a variant, the nearest first, each with its own upstream."""
    found: list[Base] = []
    seen = {variant}
    level = [variant]
    for depth in range(1, DEEPEST + 1):
        rows = [row for row in ask(store, "variant_bases", variants=level) if _new(row, seen)]
        level = [row["base"] for row in rows]
        if not level:
            break
        best = _best_links(ask(store, "variant_links", variants=level).data())
        found += [_base(row, depth, best.get(row["base"])) for row in rows]
    return tuple(found)


def _new(row: Row, seen: set[str]) -> bool:
    if row["base"] in seen:
        return False
    seen.add(row["base"])
    return True


def _best_links(rows: Sequence[Row]) -> Mapping[str, Row]:
    def rank(row: Row) -> tuple[bool, float]:
        return bool(row["families"]) or row["role"] == "upstream", row["confidence"] or 0.0

    return {row["variant"]: row for row in sorted(rows, key=rank)}


def _base(row: Row, depth: int, link: Row | None) -> Base:
    return Base(
        variant=row["base"],
        name=row["name"],
        url=row["url"],
        of=row["variant"],
        relation=row["relation"],
        depth=depth,
        licence=row["licence"],
        observed_at=row["observed_at"],
        upstream=None if link is None else link["name"] or link["repository"],
        upstream_url=None if link is None else link["url"],
        confidence=None if link is None else link["confidence"],
    )


WEIGHTY = frozenset({"code", "tokenizer", "config", "weights"})
"""Areas of paths that decide what the weights are and how they answer."""
LISTED_COMMITS = 50
"""Weighty commits that an audit lists; it counts all of them."""

_BASES = {"files": "origin", "commit_reference": "origin", "none": "revision"}


def mark_of(
    variant: str, upstream: Link | None, origin: Origin, revision: Revision | None, until: int
) -> Mapping[str, Any] | None:
    """Return what the query `commits_since` is asked for a variant; None if nothing can be."""
    if upstream is None or revision is None:
        return None
    since = revision.commit.at
    if origin.commit is not None:
        since = origin.commit.at if origin.landed_at is None else origin.landed_at
    family = upstream.families[0] if is_member(upstream) and upstream.families else None
    return {
        "mark": variant,
        "repository": upstream.repository,
        "family": family,
        "since": since,
        "until": until,
    }


def drift_of(
    mark: Mapping[str, Any], rows: Sequence[Row], origin: Origin, url: str | None
) -> Drift:
    """Return the drift that the rows of `commits_since` show."""
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    types = (row["change_types"][0] if row["change_types"] else None for row in rows)
    areas = (area for row in rows for area in ([None] if row["areas"] is None else row["areas"]))
    known_bots = [row["bot"] for row in rows if row["bot"] is not None]
    weighty = [row for row in rows if row["areas"] and WEIGHTY & set(row["areas"])]
    return Drift(
        repository=mark["repository"],
        since=mark["since"],
        basis=_BASES[origin.basis],
        commits=len(rows),
        by_bots=sum(known_bots) if known_bots or not rows else None,
        by_type=_counts(Counter(types)),
        by_area=_counts(Counter(areas)),
        first=_commit(first, url),
        last=_commit(last, url),
        behind_since=first["landed_at"] if first else None,
        days_behind=(mark["until"] - first["landed_at"]) // DAY if first else 0,
        distance_days=(last["landed_at"] - mark["since"]) // DAY if last else 0,
        weighty=tuple(_missing(row, url) for row in reversed(weighty[-LISTED_COMMITS:])),
        weighty_commits=len(weighty),
    )


def _counts(found: Counter[str | None]) -> tuple[Count, ...]:
    order = sorted(found.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return tuple(Count(name, commits) for name, commits in order)


def _commit(row: Row | None, url: str | None) -> CommitFact | None:
    return None if row is None else commit_fact(row, url)


def _missing(row: Row, url: str | None) -> Missing:
    types = None if row["change_types"] is None else tuple(row["change_types"])
    areas = None if row["areas"] is None else tuple(row["areas"])
    return Missing(commit_fact(row, url), row["landed_at"], types, areas)


_SAYS_NOTHING = frozenset({"other", "noassertion", "unknown"})
"""What both hosts answer where there is a licence text that they cannot name."""


def links_of(answers: Answers, variant: str, until: int) -> list[Link]:
    """Return the repositories of a variant: that of its family first, then the likeliest."""
    evidence = answers.of("variant_evidence", variant)
    found = [_link(row, evidence, answers, until) for row in answers.of("variant_links", variant)]
    return sorted(found, key=_likeliest)


def licences(identity: Identity, upstream: Link | None) -> Licences:
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
    return Licences(ours, theirs, agree, why)


def _link(row: Row, evidence: Sequence[Row], answers: Answers, until: int) -> Link:
    own = [seen for seen in evidence if seen["repository"] == row["repository"]]
    known = [seen for seen in own if (seen["observed_at"] or 0) <= until]
    later = [seen for seen in own if seen not in known]
    then = as_of(row, answers.of("project_events", row["repository"]), until)
    return Link(
        **{
            name: then[name]
            for name in (
                "repository",
                "name",
                "url",
                "host_id",
                "confidence",
                "best_method",
                "role",
                "licence",
                "archived",
                "fork_of",
                "gone_at",
                "moved_to",
                "observed_at",
                "shallow",
            )
        },
        families=tuple(row["families"]),
        evidence=tuple(_evidence(seen) for seen in known),
        later_evidence=tuple(_evidence(seen) for seen in later),
    )


def _evidence(row: Row) -> Evidence:
    names = ("method", "rank", "strength", "place", "said", "reason", "observed_at")
    return Evidence(**{name: row[name] for name in names})


def _likeliest(link: Link) -> tuple[bool, float, str]:
    return not is_member(link), -(link.confidence or 0.0), link.repository


def _plain(licence: str) -> str:
    """Return a licence without SPDX's suffixes: hosts write `gpl-3.0` and `gpl-3.0-only`."""
    return licence.lower().removesuffix("-only").removesuffix("-or-later")


LISTED_PEOPLE = 20
"""Contributors of the upstream that an audit lists; it counts all of them."""


def people_of(store: GraphStore, variant: str, repository: str | None, until: int) -> People:
    """Return the contributors to a variant and to its upstream."""
    projects = [variant] if repository is None else [variant, repository]
    rows = ask(store, "project_contributors", projects=projects, until=until).data()
    ours = [row for row in rows if row["project"] == variant]
    theirs = [row for row in rows if row["project"] == repository]
    return People(
        tuple(map(_person, ours)),
        tuple(map(_person, theirs[:LISTED_PEOPLE])),
        len(theirs),
        tuple(_shared(store, ours, theirs)),
    )


def _shared(store: GraphStore, ours: Sequence[Row], theirs: Sequence[Row]) -> list[SharedPerson]:
    builders = {row["contributor"] for row in theirs}
    keys = [row["contributor"] for row in ours]
    found = [SharedPerson(key, key, "same_key") for key in keys if key in builders]
    others = ask(store, "same_persons", contributors=keys)
    found += [
        SharedPerson(row["contributor"], row["other"], row["method"] or "same_person")
        for row in others
        if row["other"] in builders
    ]
    return found


def _person(row: Row) -> Person:
    return Person(
        contributor=row["contributor"],
        login=row["login"],
        name=row["author"],
        commits=row["commits"],
        first_at=row["first_at"],
        last_at=row["last_at"],
    )


@dataclass(frozen=True, slots=True, order=True)
class _Proved:
    """An upstream commit that the revision holds something of; the newest is the largest."""

    landed_at: int
    basis: str
    sha: str
    commit: CommitFact
    landed: int | None


def origin_of(
    answers: Answers,
    variant: str,
    upstream: Link | None,
    revision: Revision | None,
    carried: Set[str],
    until: int,
) -> Origin:
    """Return the newest upstream commit that a revision provably holds something of.

    `carried` are the commits that the revision was made on, itself included: what another branch
    brought proves nothing. Nor does a file that the default branch has lost since, one that is in
    everybody's repositories, or one that upstream had later than the variant: it flowed back.
    """
    links = {row["repository"]: row["url"] for row in answers.of("variant_links", variant)}
    url = next((row["url"] for row in answers.of("variant_facts", variant)), None)
    copies = [
        _copy(row, url, links, until)
        for row in answers.of("variant_copies", variant)
        if row["sha"] in carried and _is_there(row, revision, until)
    ]
    references = [
        _reference(row, url, links)
        for row in answers.of("variant_references", variant)
        if row["sha"] in carried and row["origin_at"] <= until
    ]
    proved = max(_proved(upstream, copies, references), default=None)
    shown = tuple(sorted(copies, key=_newest_first)), tuple(references)
    if upstream is None or proved is None:
        return Origin("none", None, None, None, *shown)
    return Origin(proved.basis, upstream.repository, proved.commit, proved.landed, *shown)


def _proved(
    upstream: Link | None, copies: list[Copy], references: list[Reference]
) -> Iterator[_Proved]:
    for copy in copies:
        if upstream and copy.repository == upstream.repository and copy.origin and copy.proves:
            yield _dated("files", copy.origin, copy.landed_at)
    for named in references:
        if upstream and named.repository == upstream.repository:
            yield _dated("commit_reference", named.origin, named.landed_at)


def _dated(basis: str, commit: CommitFact, landed_at: int | None) -> _Proved:
    came_at = commit.at if landed_at is None else landed_at
    return _Proved(came_at, basis, commit.sha, commit, landed_at)


def _is_there(row: Row, revision: Revision | None, until: int) -> bool:
    """Return True if the revision has the file, as far as the default branch tells."""
    if row["origin_at"] is not None and row["origin_at"] > until:
        return False
    gone_at = row["gone_at"]
    return gone_at is None or revision is None or gone_at > revision.commit.at


def _newest_first(copy: Copy) -> tuple[int, str, str]:
    return -(copy.origin.at if copy.origin else 0), copy.path, copy.repository


def _copy(row: Row, url: str | None, links: Mapping[str, str | None], until: int) -> Copy:
    place = links.get(row["repository"])
    gone_at = row["gone_at"]
    return Copy(
        path=row["path"],
        origin_path=row["origin_path"],
        blob=row["blob"],
        kind=row["kind"],
        repository=row["repository"],
        commit=commit_fact(row, url),
        origin=None if row["origin_sha"] is None else commit_fact(row, place, "origin_"),
        landed_at=row["origin_landed_at"],
        gone_at=gone_at if gone_at is not None and gone_at <= until else None,
        lag_seconds=row["lag_seconds"],
        weight=0.0 if row["boilerplate"] else 1 / max(row["holders"], 1),
    )


def _reference(row: Row, url: str | None, links: Mapping[str, str | None]) -> Reference:
    return Reference(
        repository=row["repository"],
        commit=commit_fact(row, url),
        origin=commit_fact(row, links.get(row["repository"]), "origin_"),
        landed_at=row["origin_landed_at"],
        method=row["method"],
    )


def unknown_of(audit: Audit) -> tuple[str, ...]:
    """Return one sentence for each thing that the graph does not hold."""
    return tuple(_unknown(audit))


def _unknown(audit: Audit) -> Iterator[str]:
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
    if link.confidence is None:
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

_NOBODY = People((), (), 0, ())


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
) -> Audit:
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


def audits(store: GraphStore, variants: Sequence[str], asked: AuditRequest) -> Iterator[Audit]:
    """Yield the audits of variants, by their keys, in their order.

    Raises:
        CatalogueError: nothing was ever observed of a variant, or it lacks the revision.
    """
    snapshots = tuple(SnapshotFact(**row) for row in ask(store, "snapshots"))
    for first in range(0, len(variants), BATCH):
        yield from _batch(store, variants[first : first + BATCH], asked, snapshots)


def _batch(
    store: GraphStore,
    variants: Sequence[str],
    asked: AuditRequest,
    snapshots: tuple[SnapshotFact, ...],
) -> Iterator[Audit]:
    answers = fetch_rows(store, variants, asked.until, asked.thresholds)
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
    identity: Identity
    history: History
    revision: Revision | None
    links: Sequence[Link]
    origin: Origin
    mark: Any

    @property
    def upstream(self) -> Link | None:
        """The repository that it most likely comes from."""
        return next(iter(self.links), None)

    @classmethod
    def of(cls, answers: Answers, variant: str, asked: AuditRequest) -> "_Draft":
        """Return the draft of a variant."""
        row = answers.one("variant_facts", variant)
        if row is None:
            raise CatalogueError(f"the graph has no variant {variant!r}")
        until = _until(answers, row, asked)
        identity = _identity(row, answers, until)
        commits, refs = answers.of("variant_commits", variant), answers.of("variant_refs", variant)
        history = History(row["url"], row["default_branch"], commits, refs)
        revision = find_revision(history, asked.revisions.get(variant), until)
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
    asked: AuditRequest,
    snapshots: tuple[SnapshotFact, ...],
) -> Audit:
    answers, until, upstream = draft.answers, draft.until, draft.upstream
    variant = draft.identity.variant
    projects = [variant] if upstream is None else [variant, upstream.repository]
    drift = None
    if draft.mark is not None:
        drift = drift_of(draft.mark, since, draft.origin, upstream.url if upstream else None)
    drawn = Audit(
        schema=SCHEMA,
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


def _until(answers: Answers, row: Row, asked: AuditRequest) -> int:
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


def _identity(row: Row, answers: Answers, until: int) -> Identity:
    then = as_of(row, answers.of("project_events", row["variant"]), until)
    return Identity(**{**then, "families": tuple(row["families"])})


def _families(store: GraphStore, draft: _Draft, asked: AuditRequest) -> tuple[FamilyView, ...]:
    answers, names = draft.answers, draft.identity.families
    labels = {}
    if asked.whole and names:
        found = patterns(store, names, draft.until, asked.thresholds)
        labels = {pattern.family: pattern for pattern in found}
    return tuple(
        FamilyView(
            name=name,
            pattern=labels.get(name),
            status=next(iter(rows_as(answers.of("side_status", name), SideFlag)), None),
            switches=tuple(_switches(answers.of("switch_summary", name))),
            tail=_tail(answers.one("tails", name)),
        )
        for name in names
    )


def _switches(rows: Sequence[Row]) -> Iterator[SwitchSummary]:
    for row in rows:
        yield SwitchSummary(**{key: row[key] for key in row if key != "family"})


def _tail(row: Row | None) -> Tail | None:
    if row is None:
        return None
    return Tail(**{key: row[key] for key in row if key != "family"})


def _status(answers: Answers, variant: str) -> VariantFlag | None:
    rows = answers.of("variant_status", variant) or answers.of("orphan_variants", variant)
    return next(iter(rows_as(rows, VariantFlag)), None)


def _branches(answers: Answers, projects: Collection[str]) -> tuple[BranchFlag, ...]:
    rows = [row for project in projects for row in answers.of("branch_status", project)]
    return tuple(flag for flag in dict.fromkeys(rows_as(rows, BranchFlag)) if flag.flagged)


def _events(answers: Answers, projects: Collection[str], until: int) -> tuple[EventFact, ...]:
    rows = [row for project in projects for row in answers.of("project_events", project)]
    found = [EventFact(**row) for row in rows if row["observed_at"] <= until]
    return tuple(sorted(found, key=lambda event: (event.observed_at, event.project)))


def _files(draft: _Draft) -> tuple[LargeFile, ...]:
    """Return the large files; the Hub told those of the head, so others are not known."""
    if draft.revision is None or not draft.revision.is_head:
        return ()
    rows = draft.answers.of("variant_files", draft.identity.variant)
    names = ("path", "sha256", "size", "blob")
    return tuple(LargeFile(**{name: row[name] for name in names}) for row in rows)


def _vanished(draft: _Draft) -> tuple[CommitFact, ...]:
    return tuple(
        commit_fact(row, draft.history.url)
        for row in draft.history.commits
        if row["vanished_at"] is not None and row["vanished_at"] <= draft.until
    )


def _people(store: GraphStore, draft: _Draft) -> People:
    repository = draft.upstream.repository if draft.upstream else None
    return people_of(store, draft.identity.variant, repository, draft.until)


def tool() -> str:
    """Return name and version of this program."""
    return f"hubtrace {version('hubtrace')}"


def _method(until: int, thresholds: Thresholds, snapshots: tuple[SnapshotFact, ...]) -> Method:
    return Method(
        until=until,
        tool=tool(),
        model=MODEL.version,
        snapshots=snapshots,
        **asdict(thresholds),
    )
