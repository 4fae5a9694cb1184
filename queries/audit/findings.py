"""Findings: the problems of a variant that an audit shows, and when each is one.

A finding rests on an audit alone. What cannot be decided is kept apart from what was not found:
a rule that lacks what it needs says what is missing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from hubtrace.graph.format import DAY, count, date, dated_sha, short_sha
from hubtrace.queries.audit.records import Audit, CommitFact, Finding, Undecided, is_member

DAYS_BEHIND = 30
"""A variant that lacks a change of its upstream for more days than these lags."""


class _Missing(Exception):
    """What a rule lacks, in words."""


_Found = tuple[str, tuple[str | None, ...]]
"""A sentence, and what proves it."""
_Rule = Callable[[Audit, int], _Found | None]
"""Returns what is found in an audit, given the most days that a variant may be behind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding."""

    name: str
    what: str
    """One sentence on when it is found."""
    usual: bool
    """True if it is looked for by default."""
    rule: _Rule


def _commit(fact: CommitFact | None) -> str:
    return dated_sha(fact.sha, fact.at) if fact else "unknown"


def look(
    audit: Audit, kinds: Collection[str], max_days_behind: int = DAYS_BEHIND
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
        try:
            result = kind.rule(audit, max_days_behind)
        except _Missing as missing:
            undecided.append(Undecided(kind.name, key, name, str(missing)))
            continue
        if result is not None:
            text, proof = result
            proofs = tuple(each for each in proof if each)
            found.append(Finding(kind.name, key, name, family, text, proofs))
    return found, undecided


def _replaced(audit: Audit, _: int) -> _Found | None:
    """Find that the project behind a name is another one: the host's own id differs."""
    events = [event for event in audit.events if event.kind == "replaced"]
    links = [link for link in (audit.upstream, *audit.others) if link]
    names = {audit.identity.variant: audit.identity.name, **{x.repository: x.name for x in links}}
    if not events and audit.identity.host_id is None:
        raise _Missing("the Hub was not asked about it")
    if not events and audit.upstream is not None and audit.upstream.host_id is None:
        raise _Missing(f"GitHub was not asked about {names[audit.upstream.repository]}")
    texts = []
    for key in dict.fromkeys(event.project for event in events):
        ids = [event for event in events if event.project == key]
        text = f"the project behind the name {names.get(key) or key} was replaced by another one"
        texts.append(f"{text}, and is back" if ids[0].before == ids[-1].after else text)
    proof = [f"noticed {date(e.observed_at)}: id {e.before} became {e.after}" for e in events]
    return ("; ".join(texts), tuple(proof)) if events else None


def _lag(audit: Audit, most: int) -> _Found | None:
    drift = audit.drift
    if audit.revision is None:
        raise _Missing("no commit of it is known")
    if audit.upstream is None or drift is None:
        raise _Missing("no upstream is known")
    if not is_member(audit.upstream):
        name = audit.upstream.name or audit.upstream.repository
        raise _Missing(f"it derives from {name}, but is of no family that would follow it")
    if drift.days_behind <= most or drift.first is None:
        return None
    text = (
        f"behind its upstream for {count(drift.days_behind, 'day')}: "
        f"{count(drift.commits, 'commit')} since {date(drift.since)}"
    )
    if drift.basis == "revision":
        text += " (counted from the revision's date: nothing proves its origin)"
    return text, (f"first missed {_commit(drift.first)}", drift.first.url)


def _unlinked(audit: Audit, _: int) -> _Found | None:
    if audit.upstream is not None:
        return None
    seen = f"seen {date(audit.identity.observed_at)}"
    return "no evidence links it to a repository", (seen,)


def _lost(status: str, sentence: str) -> _Rule:
    """Return the rule for an upstream in a state of which GitHub's answer is the only proof."""

    def rule(audit: Audit, _: int) -> _Found | None:
        link = audit.upstream
        if link is None:
            return None
        name = link.name or link.repository
        if audit.status is None or audit.status.status != status:
            if link.host_id is None:
                raise _Missing(f"GitHub was not asked about {name}")
            return None
        seen = date(link.gone_at) if status == "dead_link" else f"seen {date(link.observed_at)}"
        text = sentence.format(name=name, moved_to=link.moved_to)
        return f"its upstream {text}", (seen, link.url)

    return rule


def _abandoned(side: str) -> _Rule:
    def rule(audit: Audit, _: int) -> _Found | None:
        if audit.status is None:
            raise _Missing("it is of no family")
        if audit.status.status != f"{side}_abandoned":
            return None
        status = audit.status
        ours, theirs = status.last_at, status.upstream_last_at
        quiet = theirs if side == "upstream" else ours
        days = audit.method.abandon_after_days
        text = f"{side} has been silent since {date(quiet)}, for {days} days or more; the other"
        return f"{text} side moved on", (
            _last("upstream", theirs, status.upstream_last_sha),
            _last("variant", ours, status.last_sha),
        )

    return rule


def _branches(status: str) -> _Rule:
    def rule(audit: Audit, _: int) -> _Found | None:
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


def _rewritten(audit: Audit, _: int) -> _Found | None:
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


def _licence(audit: Audit, _: int) -> _Found | None:
    licences = audit.licences
    if licences.agree is None:
        raise _Missing(licences.why)
    if licences.agree:
        return None
    link = audit.upstream
    return f"the licences differ: {licences.why}", (audit.identity.url, link.url if link else None)


def _gone(audit: Audit, _: int) -> _Found | None:
    identity = audit.identity
    if identity.gone_at is not None:
        return "the Hub shows it no longer", (f"noticed {date(identity.gone_at)}", identity.url)
    if identity.disabled:
        return "the Hub has shut it", (f"seen {date(identity.observed_at)}", identity.url)
    if identity.host_id is None:
        raise _Missing("the Hub was not asked about it")
    return None


def _tail(audit: Audit, most: int) -> _Found | None:
    tails = [view.tail for view in audit.families if view.tail and view.tail.days > most]
    if not tails:
        return None
    tail = tails[0]
    text = (
        f"{count(tail.commits, 'commit')} {tail.side} after the other side's last one, "
        f"over {count(tail.days, 'day')}"
    )
    return text, (f"{date(tail.first_at)} to {date(tail.last_at)}",)


def _no_origin(audit: Audit, _: int) -> _Found | None:
    if audit.revision is None:
        raise _Missing("no commit of it is known")
    if audit.upstream is None:
        raise _Missing("no upstream is known")
    if audit.origin.commit is not None:
        return None
    text = "no file and no message proves which upstream commit it was made from"
    return text, (_commit(audit.revision.commit), audit.revision.commit.url)


def _last(what: str, at: int | None, sha: str | None) -> str | None:
    if sha is None:
        return None
    return f"{what} {short_sha(sha, day='a commit') if at is None else dated_sha(sha, at)}"


def _kinds() -> Iterator[Kind]:
    yield Kind("lag", "it lacks a change of its upstream for more than --max-lag", True, _lag)
    yield Kind("unlinked", "no evidence links it to a repository", True, _unlinked)
    rule = _lost("dead_link", "{name} is gone")
    yield Kind("dead_link", "its upstream is gone (deleted or private)", True, rule)
    rule = _lost("archived_upstream", "{name} is archived")
    yield Kind("archived_upstream", "the owner of its upstream archived it", True, rule)
    rule = _lost("moved_upstream", "moved to {moved_to}")
    yield Kind("moved_upstream", "its upstream moved to another name", True, rule)
    for side, other in (("upstream", "downstream"), ("downstream", "upstream")):
        what = f"{side} is silent for 180 days (--abandon-after) and {other} moved on"
        yield Kind(f"{side}_abandoned", what, True, _abandoned(side))
    what = "history was rewritten in the last 180 days (--abandon-after), or the revision vanished"
    yield Kind("rewritten", what, True, _rewritten)
    yield Kind("licence_mismatch", "the two sides name different licences", True, _licence)
    yield Kind("gone", "the Hub shows it no longer, or has shut it", True, _gone)
    what = "the name of it or its upstream belongs to another project than before, by the host's id"
    yield Kind("replaced", what, True, _replaced)
    what = "a branch of it or its upstream was left behind"
    yield Kind("abandoned_branch", what, False, _branches("abandoned"))
    what = "a branch of it or its upstream shares no ancestor with the default branch"
    yield Kind("orphaned_branch", what, False, _branches("orphaned"))
    what = "one side of its family moved on without the other for more than --max-lag"
    yield Kind("tail", what, False, _tail)
    what = "nothing proves which upstream commit it was made from"
    yield Kind("no_origin", what, False, _no_origin)


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _kinds()}
"""Every kind of finding by its name, in the order in which they are listed."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "usual": tuple(kind.name for kind in KINDS.values() if kind.usual),
    "orphaned": ("unlinked", "dead_link", "archived_upstream", "moved_upstream", "orphaned_branch"),
    "abandoned": ("upstream_abandoned", "downstream_abandoned", "abandoned_branch"),
    "all": tuple(KINDS),
}
"""Names that stand for several kinds."""
