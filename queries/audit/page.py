"""What an audit's page says, and in which order: the most important first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hubtrace.graph.text import count
from hubtrace.queries.audit.build import LISTED_COMMITS
from hubtrace.queries.audit.findings import GROUPS, KINDS
from hubtrace.queries.audit.records import (
    Audit,
    CommitFact,
    Copy,
    Count,
    Drift,
    Evidence,
    FamilyView,
    Link,
    People,
    Person,
    Reference,
    Revision,
    is_member,
)
from hubtrace.queries.flags import BranchFlag
from hubtrace.queries.format import day, is_day, moment, short_or_day, words
from hubtrace.queries.patterns import FamilyPattern

_LONGEST = 300
"""Characters of a text that a page shows: a title of a megabyte must not drown the rest."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A text that leads somewhere."""

    text: str
    url: str | None


Cell = str | Linked | tuple["str | Linked", ...]
"""What stands in one place: texts and links, one after the other."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()
    """Positions of the columns that hold numbers."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of its own."""

    text: Cell
    warns: bool = False


Block = Facts | Table | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page under a heading."""

    name: str
    """For links to it."""
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """An audit for people."""

    title: str
    summary: tuple[Cell, ...]
    """A few sentences that say the most important."""
    sections: tuple[Section, ...]
    known: frozenset[str]
    """Places of the projects that it speaks of: a page may link to what is under them."""


def cut(text: str | None) -> str:
    """Return a text, empty for None; what is too long ends in an ellipsis."""
    if text is None:
        return ""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def parts_of(cell: Cell) -> Sequence[str | Linked]:
    """Return the texts and links of a cell."""
    return cell if isinstance(cell, tuple) else (cell,)


def text_of(cell: Cell) -> str:
    """Return a cell as text alone."""
    return "".join(part.text if isinstance(part, Linked) else part for part in parts_of(cell))


def project(name: str | None, key: str, url: str | None) -> Linked:
    """Return a project by its name, or by its key, as a link to its page."""
    return Linked(cut(name or key), url)


def address(url: str) -> Linked:
    """Return a URL as a link that names itself, so that it can be read on paper."""
    return Linked(cut(url.partition("://")[2]), url)


def sha(commit: CommitFact) -> Linked:
    """Return the whole sha of a commit, as a link to it."""
    text = f"known by its day alone, {day(commit.at)}" if is_day(commit.sha) else commit.sha
    return Linked(text, commit.url)


def short_sha(commit: CommitFact) -> Linked:
    """Return the beginning of a commit's sha, as a link to it."""
    return Linked(short_or_day(commit.sha), commit.url)


def dated(commit: CommitFact | None) -> Cell | None:
    """Return the beginning of a commit's sha as a link to it, and its day."""
    return None if commit is None else (short_sha(commit), f" of {day(commit.at)}")


def confidence(value: float | None) -> str:
    """Return a number from 0 to 1 with two digits; a dash where there is none."""
    return "-" if value is None else f"{value:.2f}"


def yes(value: object) -> str:
    """Return a value as text; nothing for None."""
    return "" if value is None else str(value)


def kept(*facts: tuple[str, Cell | None]) -> tuple[tuple[str, Cell], ...]:
    """Return the facts that have a value."""
    return tuple((label, value) for label, value in facts if value not in (None, ""))


_SINCE = {
    "origin": "since the origin landed",
    "revision": "since the revision: nothing proves its origin",
}


def drift(audit: Audit) -> Iterator[Facts | Table | Note]:
    """Yield what an audit says of drift."""
    found = audit.drift
    if found is None:
        yield Note("There is nothing to count: no upstream or no revision is known.")
        return
    yield Facts(_facts(found))
    if not found.commits:
        return
    yield _counts("By what they change first", "change type", found.by_type, "not classified")
    yield _counts("By where they change something", "area", found.by_area, "not known")
    if found.weighty:
        rows = tuple(
            (
                short_sha(missing.commit),
                day(missing.landed_at),
                cut(missing.commit.subject),
                ", ".join(missing.change_types or ()),
                ", ".join(missing.areas or ()),
            )
            for missing in found.weighty
        )
        columns = ("commit", "landed", "subject", "change types", "areas")
        yield Table("Commits on code, tokenizer, configuration or weights", columns, rows)
    if found.weighty_commits > LISTED_COMMITS:
        yield Note(f"The newest {LISTED_COMMITS} of {found.weighty_commits:,} are listed.")


def _facts(found: Drift) -> tuple[tuple[str, Cell], ...]:
    return kept(
        ("counted", f"{_SINCE[found.basis]}, {moment(found.since)}"),
        ("commits upstream", f"{found.commits:,}"),
        ("of them by bots", None if found.by_bots is None else f"{found.by_bots:,}"),
        ("first missed", dated(found.first)),
        ("newest", dated(found.last)),
        ("behind for", count(found.days_behind, "day")),
        ("distance", f"{count(found.distance_days, 'day')} from there to the newest"),
    )


def _counts(caption: str, column: str, counts: tuple[Count, ...], unknown: str) -> Table:
    rows = tuple((count.name or unknown, f"{count.commits:,}") for count in counts)
    return Table(caption, (column, "commits"), rows, frozenset({1}))


def family(audit: Audit) -> Iterator[Block]:
    """Yield what an audit says of the families that release the variant."""
    if audit.status is not None:
        yield Note(f"Status of the variant: {words(audit.status.status)}.")
    if not audit.families:
        yield Note("It belongs to no family of the graph, so it has no pattern.")
    for view in audit.families:
        yield from _family(view)


def history(audit: Audit) -> Iterator[Block]:
    """Yield what an audit says of events, vanished commits and branches left behind."""
    names = _names(audit)
    if audit.events:
        rows = tuple(
            (
                day(event.observed_at),
                names.get(event.project, event.project),
                words(event.kind),
                cut(event.subject),
                cut(event.before),
                cut(event.after),
            )
            for event in audit.events
        )
        columns = ("noticed", "project", "what", "ref", "before", "after")
        yield Table("Events", columns, rows)
    else:
        yield Note("Nothing was noticed between two looks at it.")
    if audit.vanished:
        lost = tuple((short_sha(c), day(c.at), cut(c.subject)) for c in audit.vanished)
        yield Table("Commits that no ref reaches any more", ("commit", "of", "subject"), lost)
    if audit.branches:
        headings = ("branch", "of", "status", "head", "last commit", "ahead", "behind")
        left = tuple(_branch(branch) for branch in audit.branches)
        yield Table("Branches left behind", headings, left, frozenset({5, 6}))


def people(audit: Audit) -> Iterator[Block]:
    """Yield what an audit says of the contributors on both sides."""
    found = audit.people
    if found.variant:
        yield _people("Of the variant", found.variant)
    else:
        yield Note("No contributor of the variant is known.")
    if found.repository:
        shown = "" if found.repository_total == len(found.repository) else ", the first 20"
        total = count(found.repository_total, "contributor")
        yield _people(f"Of the upstream: {total}{shown}", found.repository)
    yield Note(_shared(found))


def unknown(audit: Audit) -> Iterator[Block]:
    """Yield what could not be told."""
    if not audit.unknown:
        yield Note("Nothing that this page speaks of is missing in the graph.")
    for sentence in audit.unknown:
        yield Note(sentence)


def method(audit: Audit) -> Iterator[Block]:
    """Yield how the answers were found."""
    used = audit.method
    yield Facts(
        kept(
            ("asked for", moment(used.until)),
            ("by", f"{used.tool}, model {used.model}"),
            ("left alone after", count(used.abandon_after_days, "day")),
            ("period", count(used.period_days, "day")),
            ("rare", f"active in at most {count(used.rare_periods, 'period')}"),
            ("frequent", f"{used.frequent_periods} shared periods in a row"),
            ("stability", f"over {count(used.offsets, 'offset')} of the bins"),
        )
    )
    if used.snapshots:
        rows = tuple(
            (seen.snapshot, seen.digest, seen.tool, moment(seen.observed_at))
            for seen in used.snapshots
        )
        columns = ("snapshot", "SHA-256", "loaded by", "last observed")
        yield Table("Snapshots that the graph was loaded from", columns, rows)


def _family(view: FamilyView) -> Iterator[Block]:
    status = view.status
    facts: list[tuple[str, Cell | None]] = [("family", view.name)]
    if view.pattern is not None:
        facts += _pattern(view.pattern)
    if status is not None:
        facts += [
            ("status", words(status.status)),
            ("upstream's last", _last(status.upstream_last_at, status.upstream_last_sha)),
            ("variants' last", _last(status.downstream_last_at, status.downstream_last_sha)),
        ]
    if view.tail is not None:
        tail = view.tail
        facts.append(
            (
                "left behind",
                f"{count(tail.commits, 'commit')} {tail.side} after the other side's last one, "
                f"{day(tail.first_at)} to {day(tail.last_at)}",
            )
        )
    yield Facts(kept(*facts))
    if view.switches:
        rows = tuple(
            (
                words(s.from_side),
                f"{s.switches:,}",
                f"{s.mean_days:.1f}",
                f"{s.median_days:g}",
                str(s.p90_days),
            )
            for s in view.switches
        )
        columns = ("from", "switches", "mean", "median", "90th percentile")
        yield Table(
            "Switches between the sides, lags in days", columns, rows, frozenset({1, 2, 3, 4})
        )


def _pattern(pattern: FamilyPattern) -> list[tuple[str, Cell | None]]:
    if pattern.code is None:
        return [("pattern", f"none: {words(pattern.reason or 'unknown')}")]
    firm = None
    if pattern.stability is not None:
        other = f"; else {pattern.runner_up}" if pattern.runner_up else ""
        firm = f"{pattern.stability:.0%} of the day offsets agree{other}"
    halves = (pattern.early_code or "silent", pattern.late_code or "silent")
    return [
        ("pattern", f"{pattern.code}, {pattern.pattern}"),
        ("who moves first", words(pattern.lag or "")),
        ("stability", firm),
        ("early and late half", f"{halves[0]}, then {halves[1]}"),
    ]


def _last(at: int | None, sha: str | None) -> str:
    return "none" if at is None or sha is None else f"{short_or_day(sha)} of {day(at)}"


def _names(audit: Audit) -> Mapping[str, str]:
    names = {audit.identity.variant: audit.identity.name}
    if audit.upstream is not None:
        names[audit.upstream.repository] = audit.upstream.name
    return {key: cut(name) for key, name in names.items() if name}


def _branch(branch: BranchFlag) -> tuple[Cell, ...]:
    ahead = "" if branch.ahead is None else f"{branch.ahead:,}"
    behind = "" if branch.behind is None else f"{branch.behind:,}"
    name = cut(branch.branch.removeprefix("refs/heads/"))
    head, last = short_or_day(branch.head or ""), day(branch.head_committed_at)
    owner = cut(branch.name or branch.project)
    return name, owner, words(branch.status), head, last, ahead, behind


def _people(caption: str, found: tuple[Person, ...]) -> Table:
    rows = tuple(
        (
            cut(person.login or person.name or person.contributor[:13]),
            f"{person.commits:,}",
            day(person.first_at),
            day(person.last_at),
        )
        for person in found
    )
    return Table(caption, ("who", "commits", "first", "last"), rows, frozenset({1}))


def _shared(found: People) -> str:
    if not found.repository or not found.variant:
        return "Who wrote on both sides cannot be told."
    if not found.shared:
        return "Nobody is known to have written on both sides."
    names = {person.contributor: person.login or person.name for person in found.variant}
    both = [
        f"{cut(names.get(each.variant) or each.variant[:13])} ({words(each.method)})"
        for each in found.shared
    ]
    return f"On both sides: {', '.join(both)}."


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
