"""The facts that findings rest on: each says what is missing, or nothing if it is known."""

from collections.abc import Callable, Iterable, Iterator

from hubtrace.graph.format import DAY
from hubtrace.graph.text import NEW_COMMITS_UNREAD
from hubtrace.queries.audit.records import Audit, LargeFile, ProjectFact, is_member
from hubtrace.queries.flags import BranchFlag

Fact = Callable[[Audit], str | None]
"""Returns what is missing, in words; None if the fact is known."""


def first_missing(audit: Audit, needed: Iterable[Fact]) -> str | None:
    """Return what the first fact that is not known lacks; None if all are known."""
    return next((missing for fact in needed if (missing := fact(audit)) is not None), None)


def revision(audit: Audit) -> str | None:
    """Need a commit of the variant."""
    return None if audit.revision is not None else "no commit of its default branch is known"


def upstream(audit: Audit) -> str | None:
    """Need a repository that it comes from."""
    return None if audit.upstream is not None else "no upstream is known"


def member(audit: Audit) -> str | None:
    """Need a family that follows the repository."""
    stranger = next((link for link in audit.upstreams if not is_member(link)), None)
    if stranger is None:
        return None
    name = stranger.name or stranger.repository
    return f"it derives from {name}, but is of no family that would follow it"


def card(audit: Audit) -> str | None:
    """Need all that the Hub has of the model, where nothing links it: the card may."""
    if audit.upstream is not None:
        return None
    own = audit.projects[0]
    if own.host_id is None:
        return "the Hub was not asked about it"
    return f"not all of it could be read: {own.unread}" if own.unread else None


def hub(audit: Audit) -> str | None:
    """Need the Hub's answer."""
    return "the Hub was not asked about it" if audit.projects[0].host_id is None else None


def github(audit: Audit) -> str | None:
    """Need gitHub's answer about every upstream."""
    return _of_each(_upstreams(audit), lambda it: it.host_id, "GitHub was not asked about {}")


def licences(audit: Audit) -> str | None:
    """Need a licence on both sides."""
    return audit.licences.why if audit.licences.agree is None else None


def upstream_commits(audit: Audit) -> str | None:
    """Need a default branch of every upstream, with commits that count for the family."""
    for known, missing in (
        (lambda it: it.default_branch or it.commits, "{} has no default branch"),
        (lambda it: it.commits or not it.paths, "no commit of {} is on its paths"),
        (lambda it: it.commits, "no commit of {} counts for it"),
    ):
        lacking = _of_each(_upstreams(audit), known, missing)
        if lacking is not None:
            return lacking
    return None


def whole_upstream(audit: Audit) -> str | None:
    """Need all of every upstream's history."""
    return _of_each(_upstreams(audit), _is_whole, "only a part of the history of {} is known")


def whole_history(audit: Audit) -> str | None:
    """Need all of the history on both sides."""
    return _of_each(audit.projects, _is_whole, "only a part of the history of {} is known")


def both_sides(audit: Audit) -> str | None:
    """Need a last commit on both sides, in every family."""
    for status in audit.statuses:
        if status.last_at is None or status.upstream_last_at is None:
            side = "it" if status.last_at is None else "its upstream"
            return f"no commit of {side} is known"
    return None if audit.statuses else "it is of no family"


def last_clocks(audit: Audit) -> str | None:
    """Need the right time of the last commit on both sides, in every family."""
    own, *others = audit.projects
    for status in audit.statuses:
        sides = [(own, status.last_at), *((it, status.upstream_last_at) for it in others)]
        for project, last_at in sides:
            if last_at is not None and (project.corrected_at or 0) >= last_at:
                return _wrong_clock(project)
    return None


def revision_clock(audit: Audit) -> str | None:
    """Need the right time of the revision."""
    own, revision = audit.projects[0], audit.revision
    if revision is not None and (own.corrected_at or 0) >= revision.commit.at:
        return _wrong_clock(own)
    return None


def _wrong_clock(project: ProjectFact) -> str:
    name = project.name or project.project
    return f"the clock of the last commit of {name} cannot have been right"


def looked_twice(audit: Audit) -> str | None:
    """Need two looks at both sides: what changed is seen between them."""
    return _of_each(audit.projects, _is_seen_again, "{} was looked at only once")


def branches(audit: Audit) -> str | None:
    """Need the branches of both sides, compared with the default ones."""
    return _of_each(audit.projects, lambda it: it.branches_known, "no branches of {} are known")


def branch_states(audit: Audit) -> str | None:
    """Need of every branch, when it was left and whether it landed."""
    return _branch(branch for branch in audit.branches if not branch.decided)


def branch_heads(audit: Audit) -> str | None:
    """Need the last commit of every branch."""
    return _branch(b for b in audit.branches if not b.decided and b.head_committed_at is None)


def _branch(unclear: Iterator[BranchFlag]) -> str | None:
    for branch in unclear:
        short = branch.branch.removeprefix("refs/heads/")
        what = (
            "the last commit of {} was not read"
            if branch.head_committed_at is None
            else "it is not known whether {} landed"
        )
        return what.format(f"the branch {short} of {branch.name or branch.project}")
    return None


def _upstreams(audit: Audit) -> Iterable[ProjectFact]:
    return audit.projects[1:]


def _is_whole(project: ProjectFact) -> bool:
    return project.shallow is not True and project.ancestry is not False


def _is_seen_again(project: ProjectFact) -> bool:
    first, last = project.first_observed_at, project.observed_at
    return first is not None and last is not None and first < last


def _of_each(
    projects: Iterable[ProjectFact], known: Callable[[ProjectFact], object], missing: str
) -> str | None:
    for project in projects:
        if not known(project):
            return missing.format(project.name or project.project)
    return None


_OTHER_FILES = (
    *(".arrow", ".csv", ".gif", ".ico", ".jpeg", ".jpg", ".json", ".jsonl", ".md", ".mov", ".mp3"),
    *(".mp4", ".ogg", ".parquet", ".pdf", ".png", ".svg", ".tiktoken", ".txt", ".wav", ".webp"),
)
"""Ends of large files that are surely no weights; whatever else is large may be."""


def weights(audit: Audit) -> list[LargeFile]:
    """Return the large files of the revision that can be weights."""
    return [file for file in audit.files if not file.path.lower().endswith(_OTHER_FILES)]


def large_files(audit: Audit) -> str | None:
    """Need large files of the revision, by their SHA-256."""
    return None if weights(audit) else "no SHA-256 of its weights is known"


def attestations(audit: Audit) -> str | None:
    """Need GitHub's answer about every file that can be weights."""
    asked = {row.sha256 for row in audit.attestations if "://" in row.place}
    for file in weights(audit):
        if file.sha256 not in asked:
            return f"GitHub was not asked for attestations of {file.path}"
    return None


def verified(audit: Audit) -> str | None:
    """Need every attestation to be verified or refused."""
    for row in audit.attestations:
        if row.verdict == "claimed":
            return f"the attestation of {row.path} is {claimed(row.why)}"
    return None


def claimed(why: str | None) -> str:
    """Return, in words, that an attestation was not verified."""
    text = "claimed, not verified here"
    return text if not why or why.startswith(text) else f"{text}: {why}"


def nothing_to_compare(audit: Audit) -> str | None:
    """Return why a member and its upstream cannot be compared at all; None if they can.

    Then a gate cannot pass, whatever else of the usual kinds is decided.
    """
    if audit.upstream is None or member(audit) is not None:
        return None
    return first_missing(audit, (revision, upstream_commits))


def too_old(audit: Audit, now: int, max_days: int | None) -> str | None:
    """Return why what is known is not fresh: the last try failed, or it was too long ago."""
    for project in audit.projects:
        name = project.name or project.project
        if project.failed_at is not None:
            return f"the last try to read {name} failed"
        if NEW_COMMITS_UNREAD in (project.unread or ""):
            return f"{name} has moved on, and {NEW_COMMITS_UNREAD}"
        if max_days is None:
            continue
        if project.observed_at is None:
            return f"{name} was never looked at"
        days = (now - project.observed_at) // DAY
        if days > max_days or days < -1:
            return f"{name} was last looked at {days} days ago"
    return None


def unknown_of(audit: Audit, *, later: bool) -> Iterator[str]:
    """Yield one sentence for each thing that the graph does not hold.

    `later` is True if the graph has looks from before and after the moment (decision 0053).
    """
    identity, link, drift = audit.identity, audit.upstream, audit.drift
    if identity.host_id is None:
        yield "The Hub was not asked about the model: licence, access, task and base models."
    elif identity.licence is None:
        yield "The Hub tells no licence of the model."
    if audit.revision is None:
        yield "No commit of its default branch is known up to this moment, so there is no revision."
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
        yield "The SHA-256 of large files is known only of those that the Hub was seen to list."
    if audit.origin.commit is None:
        yield (
            "No file and no commit message proves which upstream commit the revision was made "
            "from; drift is counted from the revision's own date."
        )
    if drift is not None and any(count.name is None for count in drift.by_type):
        yield "Not every commit upstream was classified by what it changes."
    if drift is not None and any(count.name is None for count in drift.by_area):
        yield "It is not known of every commit upstream which paths it changes."
    if later:
        yield "What was found after this moment can be in this audit: its snapshot is not at hand."
    if not audit.method.snapshots:
        yield "The graph does not say which snapshot it was loaded from; load it again."
