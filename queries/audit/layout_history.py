"""The parts of an audit's page on its family, its history, its people, and the method."""

from collections.abc import Iterator, Mapping

from graph.text import count
from queries.audit.around import FamilyView, People, Person
from queries.audit.facts import Audit
from queries.audit.page import Block, Cell, Facts, Note, Table, cut
from queries.audit.saying import kept, short_sha
from queries.audit.wording import day, moment, short, words
from queries.flags import BranchFlag
from queries.patterns import FamilyPattern


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
    return "none" if at is None or sha is None else f"{short(sha)} of {day(at)}"


def _names(audit: Audit) -> Mapping[str, str]:
    names = {audit.identity.variant: audit.identity.name}
    if audit.upstream is not None:
        names[audit.upstream.repository] = audit.upstream.name
    return {key: cut(name) for key, name in names.items() if name}


def _branch(branch: BranchFlag) -> tuple[Cell, ...]:
    ahead = "" if branch.ahead is None else f"{branch.ahead:,}"
    behind = "" if branch.behind is None else f"{branch.behind:,}"
    name = cut(branch.branch.removeprefix("refs/heads/"))
    head, last = short(branch.head or ""), day(branch.head_committed_at)
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
