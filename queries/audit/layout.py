"""What an audit's page says, and in which order: the most important first."""

from collections.abc import Iterator, Sequence

from graph.text import count
from queries.audit.facts import Audit, Copy, Evidence, Link, Reference, Revision
from queries.audit.findings import GROUPS, KINDS
from queries.audit.layout_drift import drift
from queries.audit.layout_history import family, history, method, people, unknown
from queries.audit.links import is_member
from queries.audit.page import Cell, Facts, Linked, Note, Page, Section, Table, cut
from queries.audit.saying import address, confidence, dated, kept, project, sha, short_sha, yes
from queries.audit.wording import day, moment, words

_HOW = {
    "sha": "the commit that was asked for",
    "tag": "the tag {}",
    "branch": "the branch {}",
    "default_head": "the head of the default branch",
    "newest": "the newest commit of the default branch at this moment",
}
_KINDS = {
    "blob": "itself",
    "lfs": "a large file",
    "asset": "a release's file",
    "readme": "but for its front matter",
}
_DOUBTFUL = 0.5
"""A confidence below this is told as a possibility."""
_BASIS = {
    "commit_reference": "a commit message of the variant that names it",
    "files": "files that are the same",
    "none": "nothing",
}


def page_of(audit: Audit) -> Page:
    """Return the page of an audit."""
    name = audit.identity.name or audit.identity.variant
    links = [audit.upstream, *audit.others]
    places = [audit.identity.url, *(link.url for link in links if link)]
    sections = (
        Section("findings", "What should worry us", tuple(_findings(audit))),
        Section("identity", "The model", tuple(_identity(audit))),
        Section("upstream", "Where it comes from", tuple(_upstream(audit))),
        Section("origin", "Which commit it was made from", tuple(_origin(audit))),
        Section("files", "Large files", tuple(_files(audit))),
        Section("bases", "Models that it was made from", tuple(_bases(audit))),
        Section("drift", "What changed upstream since", tuple(drift(audit))),
        Section("family", "How its family moves", tuple(family(audit))),
        Section("history", "What happened to it", tuple(history(audit))),
        Section("people", "Who wrote it", tuple(people(audit))),
        Section("unknown", "What could not be told", tuple(unknown(audit))),
        Section("method", "How this was found", tuple(method(audit))),
    )
    return Page(
        title=f"Provenance of {name}",
        summary=tuple(_summary(audit)),
        sections=sections,
        known=frozenset(place for place in places if place),
    )


def _summary(audit: Audit) -> Iterator[Cell]:
    revision, link, origin = audit.revision, audit.upstream, audit.origin
    if revision is None:
        yield f"No commit of it is known up to {moment(audit.method.until)}."
    else:
        yield ("Revision ", sha(revision.commit), f", as of {moment(audit.method.until)}.")
    if link is None:
        yield "No repository is known to be its upstream."
        return
    sure = "named by a families file alone"
    if link.confidence is not None:
        best = words(link.best_method or "unknown")
        sure = f"confidence {confidence(link.confidence)}, best evidence: {best}"
    place = project(link.name, link.repository, link.url)
    if is_member(link):
        doubt = not link.families and (link.confidence or 1.0) < _DOUBTFUL
        yield ("It may come from " if doubt else "It comes from ", place, f" ({sure}).")
    else:
        yield ("It derives from ", place, f" ({sure}), but is of no family of it.")
    if origin.commit is None:
        yield "Nothing proves which upstream commit it was made from."
    else:
        shown = day(origin.commit.at)
        yield ("It was made from ", short_sha(origin.commit), f" of {shown}, or from a later one.")
    if audit.drift is not None and audit.drift.commits:
        missed = count(audit.drift.commits, "commit")
        behind = count(audit.drift.days_behind, "day")
        yield f"Upstream has {missed} since; it has been behind for {behind}."
    elif audit.drift is not None:
        yield "Upstream has not moved since."


def _findings(audit: Audit) -> Iterator[Note | Table]:
    usual = [found for found in audit.findings if found.kind in GROUPS["usual"]]
    others = [found for found in audit.findings if found.kind not in GROUPS["usual"]]
    columns = ("finding", "what was found", "proof")
    for caption, findings in (("Findings", usual), ("Also to know", others)):
        if findings:
            rows = [(words(f.kind), cut(f.text), _proof(f.proof)) for f in findings]
            yield Table(caption, columns, tuple(rows))
    told = {each.kind for each in audit.findings} | {each.kind for each in audit.undecided}
    absent = [words(name) for name in KINDS if name not in told]
    yield Note(f"Looked for and not found: {', '.join(absent) or 'nothing else'}.")
    if audit.undecided:
        reasons: dict[str, list[str]] = {}
        for each in audit.undecided:
            reasons.setdefault(each.missing, []).append(words(each.kind))
        parts = [f"{', '.join(kinds)} ({missing})" for missing, kinds in reasons.items()]
        yield Note(f"Could not be decided: {'; '.join(parts)}.", warns=True)


def _proof(proof: tuple[str, ...]) -> Cell:
    parts: list[str | Linked] = []
    for each in proof:
        parts += ["; "] if parts else []
        parts.append(address(each) if "://" in each else each)
    return tuple(parts)


def _identity(audit: Audit) -> Iterator[Facts | Note]:
    identity, licences = audit.identity, audit.licences
    agree = {True: "yes", False: "no", None: "cannot be told"}[licences.agree]
    yield Facts(
        kept(
            ("name", project(identity.name, identity.variant, identity.url)),
            ("revision", _revision(audit.revision)),
            ("made on", day(audit.revision.commit.at) if audit.revision else "unknown"),
            ("licence", licences.variant or "unknown"),
            ("licence upstream", licences.repository or "unknown"),
            ("licences agree", f"{agree}: {licences.why}"),
            ("access", _access(audit)),
            ("library", identity.library),
            ("task", identity.task),
            ("downloads", f"{identity.downloads:,} in 30 days" if identity.downloads else None),
            ("made on the Hub", day(identity.created_at) if identity.created_at else None),
            ("gone since", day(identity.gone_at) if identity.gone_at else None),
            ("moved to", identity.moved_to),
            ("Hub id", identity.host_id or "unknown: the Hub was not asked"),
            ("key", identity.variant),
            ("observed", moment(identity.observed_at)),
        )
    )


def _revision(revision: Revision | None) -> Cell:
    if revision is None:
        return "unknown"
    how = _HOW[revision.how].format(revision.asked)
    gone = f"; no ref reaches it since {day(revision.vanished_at)}" if revision.vanished_at else ""
    side = "" if revision.on_default else ", not on the default branch"
    return (sha(revision.commit), f" ({how}{side}{gone})")


def _access(audit: Audit) -> str:
    identity = audit.identity
    if identity.host_id is None:
        return "unknown: the Hub was not asked"
    gate = f"gated ({identity.gated})" if identity.gated else "open"
    return "private" if identity.private else "shut by the Hub" if identity.disabled else gate


def _upstream(audit: Audit) -> Iterator[Facts | Table | Note]:
    link = audit.upstream
    if link is None:
        yield Note("No repository is known to be its upstream.", warns=True)
    else:
        yield _link_facts(link)
        if link.evidence:
            yield _evidence("Evidence, strongest first", link.evidence)
        elif not link.later_evidence:
            yield Note("No evidence is known; only a families file names it.")
        if link.later_evidence:
            caption = "Seen only after this moment"
            yield _evidence(caption, link.later_evidence)
    if audit.others:
        yield Table(
            "Runners-up",
            ("repository", "confidence", "role", "best evidence", "seen at"),
            tuple(_other(other) for other in audit.others),
            frozenset({1}),
        )


def _link_facts(link: Link) -> Facts:
    state = [
        f"gone since {day(link.gone_at)}" if link.gone_at else "",
        "archived" if link.archived else "",
        f"moved to {link.moved_to}" if link.moved_to else "",
        f"a fork of {link.fork_of}" if link.fork_of else "",
    ]
    return Facts(
        kept(
            ("repository", project(link.name, link.repository, link.url)),
            ("confidence", confidence(link.confidence)),
            ("best evidence", words(link.best_method or "none")),
            ("role", words(link.role or ("upstream" if link.families else "unknown"))),
            ("family", ", ".join(link.families) or "none"),
            ("state", ", ".join(filter(None, state)) or None),
            ("GitHub id", link.host_id or "unknown: GitHub was not asked"),
            ("observed", moment(link.observed_at)),
        )
    )


def _evidence(caption: str, evidence: tuple[Evidence, ...]) -> Table:
    columns = ["method", "strength", "place", "what it says", "seen"]
    rows: list[tuple[Cell, ...]] = [
        (
            words(seen.method),
            confidence(seen.strength),
            _place(seen.place),
            cut(seen.said),
            day(seen.observed_at),
        )
        for seen in evidence
    ]
    if any(seen.reason for seen in evidence):
        columns.append("why it counts less")
        rows = [(*row, cut(seen.reason)) for row, seen in zip(rows, evidence, strict=True)]
    return Table(caption, tuple(columns), tuple(rows), frozenset({1}))


def _place(place: str | None) -> Cell:
    text = cut(place)
    return address(place) if place and "://" in place else text


def _other(link: Link) -> tuple[Cell, ...]:
    best = link.evidence[0] if link.evidence else None
    seen = "" if best is None else f"{words(best.method)}: {cut(best.reason or best.said)}"
    name = project(link.name, link.repository, link.url)
    when = "" if best is None else day(best.observed_at)
    return name, confidence(link.confidence), words(link.role or "unknown"), seen, when


def _origin(audit: Audit) -> Iterator[Facts | Table | Note]:
    origin = audit.origin
    if origin.commit is None:
        yield Note("No file and no commit message proves which upstream commit it was made from.")
    else:
        yield Facts(
            kept(
                ("commit", sha(origin.commit)),
                ("subject", cut(origin.commit.subject)),
                ("author", cut(origin.commit.author)),
                ("written", moment(origin.commit.at)),
                ("landed", moment(origin.landed_at) if origin.landed_at else "never"),
                ("proved by", _BASIS[origin.basis]),
            )
        )
        yield Note(
            "The newest upstream commit that the revision provably holds something of: it was made "
            "from this commit or from a later one."
        )
    if origin.references:
        yield _references(origin.references)
    if origin.copies:
        yield _copies(origin.copies)


def _references(references: Sequence[Reference]) -> Table:
    named = tuple(
        (short_sha(r.commit), day(r.commit.at), short_sha(r.origin), day(r.origin.at))
        for r in references
    )
    headings = ("variant's commit", "of", "names upstream's", "of")
    return Table("Commit messages that name a commit upstream", headings, named)


def _copies(copies: Sequence[Copy]) -> Table:
    columns = ("file", "file upstream", "as", "weight", "brought by", "comes from", "lag in days")
    copied = tuple(
        (
            cut(copy.path),
            cut(copy.origin_path),
            _KINDS.get(copy.kind or "", cut(copy.kind)),
            f"{copy.weight:.2g}",
            dated(copy.commit) or "",
            _comes_from(copy),
            yes(None if copy.lag_seconds is None else copy.lag_seconds // 86_400),
        )
        for copy in copies
    )
    return Table("Files that are the same", columns, copied, frozenset({3, 6}))


def _comes_from(copy: Copy) -> Cell:
    if copy.origin is None:
        return "a release of an unknown tag"
    if copy.flowed_back:
        return ("flowed back: ", short_sha(copy.origin), f" of {day(copy.origin.at)}")
    return dated(copy.origin) or ""


def _files(audit: Audit) -> Iterator[Table | Note]:
    if not audit.files:
        yield Note("No SHA-256 of a large file is known of this revision.")
        return
    rows = tuple(
        (cut(file.path), file.sha256, yes(None if file.size is None else f"{file.size:,}"))
        for file in audit.files
    )
    columns = ("file", "SHA-256", "bytes")
    yield Table("Files by what is in them", columns, rows, frozenset({2}))


def _bases(audit: Audit) -> Iterator[Table | Note]:
    if not audit.bases:
        yield Note("No base model is known.")
        return
    rows = tuple(
        (
            "→ " * base.depth + (base.relation or "made from"),
            project(base.name, base.variant, base.url),
            base.licence or ("" if base.observed_at else "not observed"),
            Linked(base.upstream, base.upstream_url) if base.upstream else "unknown",
            confidence(base.confidence),
        )
        for base in audit.bases
    )
    columns = ("step", "model", "licence", "its upstream", "confidence")
    yield Table("Base models, nearest first", columns, rows, frozenset({4}))
