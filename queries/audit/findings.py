"""Findings: the problems of a variant that an audit shows, and when each is one.

A finding rests on an audit alone. One table, `KINDS`, drives it: each kind names the facts that it
needs, and what lacks one is undecided, never fine (docs/decisions/0040).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hubtrace.graph.format import DAY, count, date, dated_sha, short_sha
from hubtrace.queries.audit import facts
from hubtrace.queries.audit.facts import Fact
from hubtrace.queries.audit.records import (
    Attestation,
    Audit,
    CommitFact,
    Drift,
    EventFact,
    Finding,
    LargeFile,
    Link,
    Undecided,
)
from hubtrace.queries.flags import BranchFlag

DAYS_BEHIND = 30
"""A variant that lacks a change of its upstream for more days than these lags."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a finding is about: a finding can be accepted in parts."""

    project: str
    """Key of the variant or a repository."""
    branch: str | None = None
    value: str | None = None
    """What was found, where another one would be another finding (docs/decisions/0042)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much, and what does not count."""

    days_behind: int = DAYS_BEHIND
    upper: bool = False
    """True to count the most days that a variant can be behind, not the least (decision 0041)."""
    without: frozenset[Part] = frozenset()
    """What was found already and is left out."""

    def left(self, parts: Iterable[Part]) -> tuple[Part, ...]:
        """Return the parts that count."""
        return tuple(part for part in parts if part not in self.without)


class _Missing(Exception):
    """What a rule lacks, in words."""


class Found(NamedTuple):
    """A sentence, what proves it, and what it is about."""

    text: str
    proof: tuple[str | None, ...]
    parts: tuple[Part, ...]


_Rule = Callable[[Audit, Limits], Found | None]
"""Returns what is found in an audit."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding."""

    name: str
    what: str
    """One sentence on when it is found."""
    rule: _Rule
    to_look: tuple[Fact, ...]
    """Without these nothing can be found."""
    to_clear: tuple[Fact, ...]
    """Without these what is not found may still be there."""
    usual: bool = True
    """True if it is looked for by default."""


def _commit(fact: CommitFact | None) -> str:
    return dated_sha(fact.sha, fact.at) if fact else "unknown"


def look(
    audit: Audit, kinds: Collection[str], limits: Limits = Limits()
) -> tuple[list[Finding], list[Undecided]]:
    """Return what is found of these kinds, in the order of `KINDS`, and what is undecided."""
    found: list[Finding] = []
    undecided: list[Undecided] = []
    for kind in KINDS.values():
        if kind.name not in kinds:
            continue
        result, missing = decide(kind, audit, limits)
        if missing is not None:
            undecided.append(undecided_of(kind, audit, missing))
        elif result is not None:
            found.append(finding_of(kind, audit, result))
    return found, undecided


def finding_of(kind: Kind, audit: Audit, found: Found) -> Finding:
    """Return what was found of a variant."""
    key, proof = audit.identity.variant, tuple(each for each in found.proof if each)
    family = next(iter(audit.identity.families), None)
    return Finding(kind.name, key, audit.identity.name or key, family, found.text, proof)


def undecided_of(kind: Kind, audit: Audit, missing: str) -> Undecided:
    """Return what could not be decided of a variant."""
    key = audit.identity.variant
    return Undecided(kind.name, key, audit.identity.name or key, missing)


def _own(audit: Audit, value: str | None = None) -> Part:
    """Return the part that is the variant itself."""
    return Part(audit.identity.variant, value=value)


def _replaced(audit: Audit, limits: Limits) -> Found | None:
    """Find that the project behind a name is another one: the host's own id differs."""
    events = [event for event in audit.events if event.kind == "replaced"]
    now = {event.project: event.after for event in events}
    parts = limits.left(Part(key, value=id_) for key, id_ in now.items())
    events = [event for event in events if event.project in {part.project for part in parts}]
    links = [link for link in (audit.upstream, *audit.others) if link]
    names = {audit.identity.variant: audit.identity.name, **{x.repository: x.name for x in links}}
    texts = []
    for key in dict.fromkeys(event.project for event in events):
        ids = [event for event in events if event.project == key]
        text = f"the project behind the name {names.get(key) or key} was replaced by another one"
        texts.append(f"{text}, and is back" if ids[0].before == ids[-1].after else text)
    proof = [f"noticed {date(e.observed_at)}: id {e.before} became {e.after}" for e in events]
    return Found("; ".join(texts), tuple(proof), parts) if events else None


def decide(kind: Kind, audit: Audit, limits: Limits) -> tuple[Found | None, str | None]:
    """Return what is found, or what is missing; neither where all is fine."""
    missing = facts.first_missing(audit, kind.to_look)
    if missing is not None:
        return None, missing
    try:
        result = kind.rule(audit, limits)
    except _Missing as lacking:
        return None, str(lacking)
    if result is not None and not limits.left(result.parts):
        result = None
    return result, None if result else facts.first_missing(audit, kind.to_clear)


def _lag(audit: Audit, limits: Limits) -> Found | None:
    most = limits.days_behind
    counted = [d for d in audit.drifts if limits.left([_own(audit, d.repository)])]
    behind = [(days, drift) for drift in counted if (days := _behind(drift, limits) or 0) > most]
    if behind:
        _, worst = max(behind, key=lambda each: each[0])
        proof = (f"first missed {_commit(worst.first)}", _url(worst))
        parts = tuple(_own(audit, drift.repository) for _, drift in behind)
        return Found(_lag_text(audit, worst), proof, parts)
    for drift in counted:
        if limits.upper and drift.most_days is None:
            raise _Missing("nothing proves its origin, so that it has no upper limit")
        if drift.unsure_days > most:
            raise _Missing(
                "commits that landed last before it was made, or after, bear older dates than what "
                "they landed on; it is not known whether it has them"
            )
    return None


def _behind(drift: Drift, limits: Limits) -> int | None:
    return drift.most_days if limits.upper else drift.least_days


def _lag_text(audit: Audit, drift: Drift) -> str:
    names = {link.repository: link.name for link in audit.upstreams}
    of = f" {names.get(drift.repository) or drift.repository}" if len(audit.drifts) > 1 else ""
    text = f"behind its upstream{of} for at least {count(drift.least_days, 'day')}"
    text += f" (since {date(drift.least_since)})" if drift.least_since is not None else ""
    if drift.most_days is None:
        return f"{text}; nothing proves its origin"
    since = f" (since {date(drift.most_since)})" if drift.most_since is not None else ""
    commits = count(drift.commits, "commit")
    return f"{text}, at most {count(drift.most_days, 'day')}{since}: {commits} at most"


def _url(drift: Drift) -> str | None:
    return drift.first.url if drift.first else None


def _unlinked(audit: Audit, _: Limits) -> Found | None:
    if audit.upstream is not None:
        return None
    seen = f"seen {date(audit.identity.observed_at)}"
    return Found("no evidence links it to a repository", (seen,), (_own(audit),))


def _lost(is_lost: Callable[[Link], object], sentence: str) -> _Rule:
    """Return the rule for an upstream in a state of which GitHub's answer is the only proof."""

    def part(link: Link) -> Part:
        state = is_lost(link)
        return Part(link.repository, value=state if isinstance(state, str) else None)

    def rule(audit: Audit, limits: Limits) -> Found | None:
        lost = [x for x in audit.upstreams if is_lost(x) and limits.left([part(x)])]
        if not lost:
            return None
        link = lost[0]
        seen = date(link.gone_at) if link.gone_at else f"seen {date(link.observed_at)}"
        text = sentence.format(name=link.name or link.repository, moved_to=link.moved_to)
        more = f" (one of {len(audit.upstreams)})" if len(audit.upstreams) > 1 else ""
        return Found(f"its upstream {text}{more}", (seen, link.url), tuple(map(part, lost)))

    return rule


_SHUT = {"made_private": "made_public", "disabled": "enabled"}
"""Kind of event → the one that takes it back."""
_gone_upstream = _lost(lambda link: link.gone_at is not None, "{name} is gone")


def _dead_link(audit: Audit, limits: Limits) -> Found | None:
    """Find an upstream that is gone, or was shut while we may still read it: others may not."""
    found = _gone_upstream(audit, limits)
    if found is not None:
        return found
    shut: dict[tuple[str, str], EventFact] = {}
    for event in sorted(audit.events, key=lambda event: event.observed_at):
        if event.kind in _SHUT:
            shut[event.project, _SHUT[event.kind]] = event
        shut.pop((event.project, event.kind), None)
    for link in audit.upstreams:
        parts = (Part(link.repository),)
        events = [event for (project, _), event in shut.items() if project == link.repository]
        if events and limits.left(parts):
            what = events[0].kind.replace("_", " ")
            seen = f"noticed {date(events[0].observed_at)}"
            text = f"its upstream {link.name or link.repository} was {what}"
            return Found(text, (seen, link.url), parts)
    return None


def _abandoned(side: str) -> _Rule:
    """Return the rule for a silent side; that its upstream is archived as well does not hide it.

    What came to light late, with older dates, came by any time up to the look that found it.
    """

    def rule(audit: Audit, _: Limits) -> Found | None:
        days = audit.method.abandon_after_days
        young = audit.method.until - days * DAY
        own, *others = (project.late_at or 0 for project in audit.projects)
        for status in audit.statuses:
            ours, theirs = status.last_at, status.upstream_last_at
            if ours is None or theirs is None:
                continue
            sides = (theirs, max([theirs, *others])), (ours, max(ours, own))
            (quiet, late_quiet), (moved, late) = sides if side == "upstream" else sides[::-1]
            if late_quiet <= young < moved:
                text = f"{side} has been silent since {date(quiet)}, for {days} days or more; the "
                proof = (
                    _last("upstream", theirs, status.upstream_last_sha),
                    _last("variant", ours, status.last_sha),
                )
                return Found(f"{text}other side moved on", proof, (_own(audit),))
            if quiet <= young < late:
                raise _Missing("commits came to light after a look that their dates say was later")
        return None

    return rule


def short_ref(ref: str) -> str:
    """Return the name of a branch without what all have in common."""
    return ref.removeprefix("refs/heads/")


def _branches(status: str) -> _Rule:
    def part(branch: BranchFlag) -> Part:
        return Part(branch.project, short_ref(branch.branch))

    def rule(audit: Audit, limits: Limits) -> Found | None:
        found = [b for b in audit.branches if b.status == status and limits.left([part(b)])]
        if not found:
            return None
        names = ", ".join(f"{b.name or b.project} {short_ref(b.branch)}" for b in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        text = f"{count(len(found), f'{status} branch')}: {names}{more}"
        heads = (_last(b.branch, b.head_committed_at, b.head) for b in found[:5])
        return Found(text, tuple(heads), tuple(map(part, found)))

    return rule


def _rewritten(audit: Audit, limits: Limits) -> Found | None:
    young = audit.method.until - audit.method.abandon_after_days * DAY
    events = [e for e in audit.events if e.kind == "history_rewritten" and e.observed_at > young]
    rewritten = {Part(e.project, short_ref(e.subject), e.before): e for e in events}
    parts = limits.left(rewritten)
    gone = audit.revision.vanished_at if audit.revision else None
    if gone is not None and audit.revision is not None:
        own = _own(audit, audit.revision.commit.sha)
        if limits.left([own]):
            text = "the audited revision is reached by no ref any more"
            proof = (_commit(audit.revision.commit), f"noticed {date(gone)}")
            return Found(text, proof, (own, *parts))
    if not parts:
        return None
    last = rewritten[parts[-1]]
    side = "its own" if last.project == audit.identity.variant else "upstream's"
    text = f"{side} history of {last.subject} was rewritten"
    before = f"before {short_sha(last.before, day='a commit')}" if last.before else None
    return Found(text, (f"noticed {date(last.observed_at)}", before), parts)


def _licence(audit: Audit, _: Limits) -> Found | None:
    licences = audit.licences
    if licences.agree:
        return None
    url = audit.upstream.url if audit.upstream else None
    both = _own(audit, f"{licences.variant} / {licences.repository}")
    return Found(f"the licences differ: {licences.why}", (audit.identity.url, url), (both,))


def _gone(audit: Audit, _: Limits) -> Found | None:
    identity, own = audit.identity, (_own(audit),)
    if identity.gone_at is not None:
        proof = (f"noticed {date(identity.gone_at)}", identity.url)
        return Found("the Hub shows it no longer", proof, own)
    if identity.disabled:
        return Found(
            "the Hub has shut it", (f"seen {date(identity.observed_at)}", identity.url), own
        )
    return None


def _tail(audit: Audit, limits: Limits) -> Found | None:
    most = limits.days_behind
    tails = [view.tail for view in audit.families if view.tail and view.tail.days > most]
    if not tails:
        return None
    tail = tails[0]
    text = (
        f"{count(tail.commits, 'commit')} {tail.side} after the other side's last one, "
        f"over {count(tail.days, 'day')}"
    )
    return Found(text, (f"{date(tail.first_at)} to {date(tail.last_at)}",), (_own(audit),))


def _no_origin(audit: Audit, _: Limits) -> Found | None:
    if audit.origin.commit is not None or audit.revision is None:
        return None
    text = "no file and no message proves which upstream commit it was made from"
    return Found(text, (_commit(audit.revision.commit), audit.revision.commit.url), (_own(audit),))


def _unattested(audit: Audit, limits: Limits) -> Found | None:
    """Find weights that no verified attestation of a repository that it follows covers."""

    def part(file: LargeFile) -> Part:
        return _own(audit, file.sha256)

    named = {(link.name or "").lower() for link in audit.upstreams}
    proved = {
        row.sha256
        for row in audit.attestations
        if row.verdict == "verified" and (row.repository or "").lower() in named
    }
    lacking = [file for file in facts.weights(audit) if file.sha256 not in proved]
    lacking = [file for file in lacking if limits.left([part(file)])]
    if not lacking:
        return None
    paths = {file.path for file in lacking}
    claims = [r for r in audit.attestations if r.verdict == "claimed" and r.path in paths]
    if {claim.path for claim in claims} == paths:
        raise _Missing(f"the attestation of {claims[0].path} is {facts.claimed(claims[0].why)}")
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    text = f"no verified attestation of its upstream covers {lacking[0].path}{more}"
    proof = tuple(f"sha256:{file.sha256}" for file in lacking[:5])
    return Found(text, proof, tuple(map(part, lacking)))


def _attestation_mismatch(audit: Audit, limits: Limits) -> Found | None:
    """Find attestations that were refused, or that name another repository than it follows."""

    def part(row: Attestation) -> Part:
        return _own(audit, f"{row.sha256} {row.place}")

    named = {(link.name or "").lower() for link in audit.upstreams}
    wrong = [
        row
        for row in audit.attestations
        if row.verdict == "refused"
        or (row.verdict == "verified" and (row.repository or "").lower() not in named)
        if limits.left([part(row)])
    ]
    if not wrong:
        return None
    first = wrong[0]
    text = f"the attestation of {first.path or first.place} "
    if first.verdict == "refused":
        text += f"was refused: {first.why}"
    else:
        text += f"names {first.repository}, which is not its upstream"
    more = f" (one of {len(wrong)})" if len(wrong) > 1 else ""
    proof = first.place, first.repository, first.source_sha
    return Found(f"{text}{more}", proof, tuple(map(part, wrong)))


def _last(what: str, at: int | None, sha: str | None) -> str | None:
    if sha is None:
        return None
    return f"{what} {short_sha(sha, day='a commit') if at is None else dated_sha(sha, at)}"


def _kinds() -> Iterator[Kind]:
    """Yield the table: what is looked for, and the facts that it takes to look and to clear."""
    followed = (facts.revision, facts.upstream, facts.member)
    history = (facts.upstream_commits, facts.whole_upstream, facts.revision_clock)
    what = "it lacks a change of its upstream for more than --max-lag"
    yield Kind("lag", what, _lag, followed, history)
    what = "no evidence links it to a repository"
    yield Kind("unlinked", what, _unlinked, (facts.card,), ())
    asked = (facts.upstream, facts.github)
    what = "its upstream is gone or shut (deleted, made private or disabled)"
    yield Kind("dead_link", what, _dead_link, (), asked)
    rule = _lost(lambda link: link.archived, "{name} is archived")
    yield Kind("archived_upstream", "the owner of its upstream archived it", rule, (), asked)
    rule = _lost(lambda link: link.moved_to, "moved to {moved_to}")
    yield Kind("moved_upstream", "its upstream moved to another name", rule, (), asked)
    both = (*followed, facts.both_sides, facts.upstream_commits)
    for side, other in (("upstream", "downstream"), ("downstream", "upstream")):
        what = f"{side} is silent for 180 days (--abandon-after) and {other} moved on"
        dated = (*both, facts.last_clocks)
        yield Kind(f"{side}_abandoned", what, _abandoned(side), (), dated)
    what = "history was rewritten in the last 180 days (--abandon-after), or the revision vanished"
    sides = (facts.revision, facts.upstream, facts.upstream_commits)
    looks = (*sides, facts.looked_twice, facts.whole_history)
    yield Kind("rewritten", what, _rewritten, (), looks)
    what = "the two sides name different licences"
    yield Kind("licence_mismatch", what, _licence, (facts.licences,), ())
    what = "the Hub shows it no longer, or has shut it"
    yield Kind("gone", what, _gone, (), (facts.hub,))
    what = "the name of it or its upstream belongs to another project than before, by the host's id"
    yield Kind("replaced", what, _replaced, (), (facts.hub, *asked))
    what = "a branch of it or its upstream was left behind"
    compared = (facts.upstream, facts.branches, facts.branch_states)
    yield Kind("abandoned_branch", what, _branches("abandoned"), (), compared, usual=False)
    what = "a branch of it or its upstream shares no ancestor with the default branch"
    whole = (facts.upstream, facts.branches, facts.branch_heads, facts.whole_history)
    yield Kind("orphaned_branch", what, _branches("orphaned"), (), whole, usual=False)
    what = "one side of its family moved on without the other for more than --max-lag"
    yield Kind("tail", what, _tail, (), both, usual=False)
    what = "nothing proves which upstream commit it was made from"
    yield Kind("no_origin", what, _no_origin, (facts.revision, facts.upstream), (), usual=False)
    what = "no verified attestation of its upstream covers all of its weights"
    to_look = (facts.hub, facts.revision, facts.upstream, facts.large_files, facts.attestations)
    yield Kind("unattested", what, _unattested, to_look, (), usual=False)
    what = "an attestation of a large file was refused, or names another repository"
    to_clear = (*to_look, facts.verified)
    name = "attestation_mismatch"
    yield Kind(name, what, _attestation_mismatch, (), to_clear, usual=False)


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _kinds()}
"""Every kind of finding by its name, in the order in which they are listed."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "usual": tuple(kind.name for kind in KINDS.values() if kind.usual),
    "orphaned": ("unlinked", "dead_link", "archived_upstream", "moved_upstream", "orphaned_branch"),
    "abandoned": ("upstream_abandoned", "downstream_abandoned", "abandoned_branch"),
    "all": tuple(name for name in KINDS if name != "unattested"),
}
"""Names that stand for several kinds. `unattested` is a policy, which few models meet yet: it is
looked for where it is named."""
