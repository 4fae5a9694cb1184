"""Findings: the problems of a variant that an audit shows, and when each is one.

A finding rests on an audit alone. One table, `KINDS`, drives it: each kind names the facts that it
needs, and what lacks one is undecided, never fine (docs/decisions/0040).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from hubtrace.graph.format import DAY, count, date, dated_sha, short_sha
from hubtrace.queries.audit import facts
from hubtrace.queries.audit.facts import Fact
from hubtrace.queries.audit.records import Audit, CommitFact, Drift, Finding, Link, Undecided

DAYS_BEHIND = 30
"""A variant that lacks a change of its upstream for more days than these lags."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much."""

    days_behind: int = DAYS_BEHIND
    upper: bool = False
    """True to count the most days that a variant can be behind, not the least (decision 0041)."""


class _Missing(Exception):
    """What a rule lacks, in words."""


_Found = tuple[str, tuple[str | None, ...]]
"""A sentence, and what proves it."""
_Rule = Callable[[Audit, Limits], _Found | None]
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
    key = audit.identity.variant
    name = audit.identity.name or key
    family = next(iter(audit.identity.families), None)
    for kind in KINDS.values():
        if kind.name not in kinds:
            continue
        result, missing = _decide(kind, audit, limits)
        if missing is not None:
            undecided.append(Undecided(kind.name, key, name, missing))
        elif result is not None:
            text, proof = result
            proofs = tuple(each for each in proof if each)
            found.append(Finding(kind.name, key, name, family, text, proofs))
    return found, undecided


def _replaced(audit: Audit, _: Limits) -> _Found | None:
    """Find that the project behind a name is another one: the host's own id differs."""
    events = [event for event in audit.events if event.kind == "replaced"]
    links = [link for link in (audit.upstream, *audit.others) if link]
    names = {audit.identity.variant: audit.identity.name, **{x.repository: x.name for x in links}}
    texts = []
    for key in dict.fromkeys(event.project for event in events):
        ids = [event for event in events if event.project == key]
        text = f"the project behind the name {names.get(key) or key} was replaced by another one"
        texts.append(f"{text}, and is back" if ids[0].before == ids[-1].after else text)
    proof = [f"noticed {date(e.observed_at)}: id {e.before} became {e.after}" for e in events]
    return ("; ".join(texts), tuple(proof)) if events else None


def _decide(kind: Kind, audit: Audit, limits: Limits) -> tuple[_Found | None, str | None]:
    """Return what is found, or what is missing; neither where all is fine."""
    missing = facts.first_missing(audit, kind.to_look)
    if missing is not None:
        return None, missing
    try:
        result = kind.rule(audit, limits)
    except _Missing as lacking:
        return None, str(lacking)
    return result, None if result else facts.first_missing(audit, kind.to_clear)


def _lag(audit: Audit, limits: Limits) -> _Found | None:
    most = limits.days_behind
    behind = [(_behind(drift, limits) or 0, drift) for drift in audit.drifts]
    days, worst = max(behind, key=lambda each: each[0])
    if days > most:
        return _lag_text(audit, worst), (f"first missed {_commit(worst.first)}", _url(worst))
    for drift in audit.drifts:
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


def _unlinked(audit: Audit, _: Limits) -> _Found | None:
    if audit.upstream is not None:
        return None
    seen = f"seen {date(audit.identity.observed_at)}"
    return "no evidence links it to a repository", (seen,)


def _lost(is_lost: Callable[[Link], object], sentence: str) -> _Rule:
    """Return the rule for an upstream in a state of which GitHub's answer is the only proof."""

    def rule(audit: Audit, _: Limits) -> _Found | None:
        lost = [link for link in audit.upstreams if is_lost(link)]
        if not lost:
            return None
        link = lost[0]
        seen = date(link.gone_at) if link.gone_at else f"seen {date(link.observed_at)}"
        text = sentence.format(name=link.name or link.repository, moved_to=link.moved_to)
        more = f" (one of {len(audit.upstreams)})" if len(audit.upstreams) > 1 else ""
        return f"its upstream {text}{more}", (seen, link.url)

    return rule


def _abandoned(side: str) -> _Rule:
    """Return the rule for a silent side; that its upstream is archived as well does not hide it."""

    def rule(audit: Audit, _: Limits) -> _Found | None:
        days = audit.method.abandon_after_days
        for status in audit.statuses:
            ours, theirs = status.last_at, status.upstream_last_at
            if ours is None or theirs is None:
                continue
            quiet, moved = (theirs, ours) if side == "upstream" else (ours, theirs)
            young = audit.method.until - days * DAY
            if quiet <= young < moved:
                text = f"{side} has been silent since {date(quiet)}, for {days} days or more; the "
                return f"{text}other side moved on", (
                    _last("upstream", theirs, status.upstream_last_sha),
                    _last("variant", ours, status.last_sha),
                )
        return None

    return rule


def _branches(status: str) -> _Rule:
    def rule(audit: Audit, _: Limits) -> _Found | None:
        found = [branch for branch in audit.branches if branch.status == status]
        if not found:
            return None
        names = ", ".join(
            f"{b.name or b.project} {b.branch.removeprefix('refs/heads/')}" for b in found[:5]
        )
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        text = f"{count(len(found), f'{status} branch')}: {names}{more}"
        heads = (_last(b.branch, b.head_committed_at, b.head) for b in found[:5])
        return text, tuple(heads)

    return rule


def _rewritten(audit: Audit, _: Limits) -> _Found | None:
    gone = audit.revision.vanished_at if audit.revision else None
    if gone is not None and audit.revision is not None:
        text = "the audited revision is reached by no ref any more"
        return text, (_commit(audit.revision.commit), f"noticed {date(gone)}")
    young = audit.method.until - audit.method.abandon_after_days * DAY
    events = [e for e in audit.events if e.kind == "history_rewritten" and e.observed_at > young]
    if not events:
        return None
    last = events[-1]
    side = "its own" if last.project == audit.identity.variant else "upstream's"
    text = f"{side} history of {last.subject} was rewritten"
    before = f"before {short_sha(last.before, day='a commit')}" if last.before else None
    return text, (f"noticed {date(last.observed_at)}", before)


def _licence(audit: Audit, _: Limits) -> _Found | None:
    if audit.licences.agree:
        return None
    url = audit.upstream.url if audit.upstream else None
    return f"the licences differ: {audit.licences.why}", (audit.identity.url, url)


def _gone(audit: Audit, _: Limits) -> _Found | None:
    identity = audit.identity
    if identity.gone_at is not None:
        return "the Hub shows it no longer", (f"noticed {date(identity.gone_at)}", identity.url)
    if identity.disabled:
        return "the Hub has shut it", (f"seen {date(identity.observed_at)}", identity.url)
    return None


def _tail(audit: Audit, limits: Limits) -> _Found | None:
    most = limits.days_behind
    tails = [view.tail for view in audit.families if view.tail and view.tail.days > most]
    if not tails:
        return None
    tail = tails[0]
    text = (
        f"{count(tail.commits, 'commit')} {tail.side} after the other side's last one, "
        f"over {count(tail.days, 'day')}"
    )
    return text, (f"{date(tail.first_at)} to {date(tail.last_at)}",)


def _no_origin(audit: Audit, _: Limits) -> _Found | None:
    if audit.origin.commit is not None or audit.revision is None:
        return None
    text = "no file and no message proves which upstream commit it was made from"
    return text, (_commit(audit.revision.commit), audit.revision.commit.url)


def _unattested(audit: Audit, _: Limits) -> _Found | None:
    """Find weights that no verified attestation of a repository that it follows covers."""
    named = {(link.name or "").lower() for link in audit.upstreams}
    proved = {
        row.sha256
        for row in audit.attestations
        if row.verdict == "verified" and (row.repository or "").lower() in named
    }
    lacking = [file for file in facts.weights(audit) if file.sha256 not in proved]
    if not lacking:
        return None
    paths = {file.path for file in lacking}
    claims = [r for r in audit.attestations if r.verdict == "claimed" and r.path in paths]
    if {claim.path for claim in claims} == paths:
        raise _Missing(f"the attestation of {claims[0].path} is {facts.claimed(claims[0].why)}")
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    text = f"no verified attestation of its upstream covers {lacking[0].path}{more}"
    return text, tuple(f"sha256:{file.sha256}" for file in lacking[:5])


def _attestation_mismatch(audit: Audit, _: Limits) -> _Found | None:
    """Find attestations that were refused, or that name another repository than it follows."""
    named = {(link.name or "").lower() for link in audit.upstreams}
    for row in audit.attestations:
        what = row.path or row.place
        if row.verdict == "refused":
            return f"the attestation of {what} was refused: {row.why}", (row.place, row.repository)
        if row.verdict == "verified" and (row.repository or "").lower() not in named:
            text = f"the attestation of {what} names {row.repository}, which is not its upstream"
            return text, (row.place, row.source_sha)
    return None


def _last(what: str, at: int | None, sha: str | None) -> str | None:
    if sha is None:
        return None
    return f"{what} {short_sha(sha, day='a commit') if at is None else dated_sha(sha, at)}"


def _kinds() -> Iterator[Kind]:
    """Yield the table: what is looked for, and the facts that it takes to look and to clear."""
    followed = (facts.revision, facts.upstream, facts.member)
    history = (facts.upstream_commits, facts.whole_upstream)
    what = "it lacks a change of its upstream for more than --max-lag"
    yield Kind("lag", what, _lag, followed, history)
    what = "no evidence links it to a repository"
    yield Kind("unlinked", what, _unlinked, (facts.card,), ())
    asked = (facts.upstream, facts.github)
    rule = _lost(lambda link: link.gone_at is not None, "{name} is gone")
    yield Kind("dead_link", "its upstream is gone (deleted or private)", rule, (), asked)
    rule = _lost(lambda link: link.archived, "{name} is archived")
    yield Kind("archived_upstream", "the owner of its upstream archived it", rule, (), asked)
    rule = _lost(lambda link: link.moved_to, "moved to {moved_to}")
    yield Kind("moved_upstream", "its upstream moved to another name", rule, (), asked)
    both = (*followed, facts.both_sides, facts.upstream_commits)
    for side, other in (("upstream", "downstream"), ("downstream", "upstream")):
        what = f"{side} is silent for 180 days (--abandon-after) and {other} moved on"
        yield Kind(f"{side}_abandoned", what, _abandoned(side), (), both)
    what = "history was rewritten in the last 180 days (--abandon-after), or the revision vanished"
    looks = (facts.revision, facts.upstream, facts.looked_twice, facts.whole_history)
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
    to_look = (facts.revision, facts.upstream, facts.large_files, facts.attestations)
    yield Kind("unattested", what, _unattested, to_look, (), usual=False)
    what = "an attestation of a large file was refused, or names another repository"
    to_clear = (facts.hub, *to_look, facts.verified)
    name = "attestation_mismatch"
    yield Kind(name, what, _attestation_mismatch, (), to_clear, usual=False)


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _kinds()}
"""Every kind of finding by its name, in the order in which they are listed."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "usual": tuple(kind.name for kind in KINDS.values() if kind.usual),
    "orphaned": ("unlinked", "dead_link", "archived_upstream", "moved_upstream", "orphaned_branch"),
    "abandoned": ("upstream_abandoned", "downstream_abandoned", "abandoned_branch"),
    "all": tuple(KINDS),
}
"""Names that stand for several kinds."""
