"""Two revisions of one model side by side: what differs, and how much is the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, assert_never

from hubtrace.graph.errors import CatalogueError
from hubtrace.graph.format import date, words
from hubtrace.graph.store import GraphStore
from hubtrace.graph.text import as_json
from hubtrace.queries.audit.build import AuditRequest, audits
from hubtrace.queries.audit.origin import History
from hubtrace.queries.audit.records import Audit, Drift, Revision
from hubtrace.queries.catalogue import ask
from hubtrace.queries.lookup import find_variant
from hubtrace.queries.thresholds import Thresholds

SCHEMA = "hubtrace.audit-comparison/1"
_NOT_KNOWN = "not known"
"""What the graph does not hold for one of the revisions; it may be there all the same."""
_HEADINGS = {
    "origin": "Origin",
    "files": "Files that a repository has, too",
    "hashes": "SHA-256 of large files",
    "licence": "Licence",
    "evidence": "Evidence",
    "drift": "Upstream changes since",
    "findings": "Findings",
}


class ComparisonFormat(StrEnum):
    """How a comparison is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the revisions do not have in common; null for what is not known of one."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Section:
    """What differs in one respect, and how many things are the same."""

    name: str
    """`origin`, `files`, `hashes`, `licence`, `evidence`, `drift` or `findings`."""
    equal: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two revisions of a variant; the first need not be the earlier one."""

    schema: str
    variant: str
    """Key."""
    name: str
    until: int
    """Both are looked at as of this moment; licences as of when each was first seen."""
    before: Revision
    after: Revision
    sections: tuple[Section, ...]
    tool: str


def compare(
    store: GraphStore,
    variant: str,
    revisions: str,
    until: int | None = None,
    thresholds: Thresholds | None = None,
) -> Comparison:
    """Return what differs between two revisions `A..B`; an end that is empty is the head.

    Raises:
        CatalogueError: as for `audit`, or the text is no pair of revisions.
    """
    key, named = find_variant(store, variant)
    ends = revisions.split("..")
    if len(ends) != 2 or not any(ends) or any(end.startswith(".") for end in ends):
        raise CatalogueError(f"--compare: {revisions!r} is not REV..REV (example: v1.0..main)")
    if named is not None:
        raise CatalogueError(f"{variant!r} names a revision, and --compare names two; give {key}")

    def audit(revision: str, moment: int | None) -> Audit:
        asked = {key: revision} if revision else {}
        request = AuditRequest(moment, thresholds or Thresholds(), asked, whole=False)
        return next(audits(store, [key], request))

    history = _history(store, key)
    found: list[tuple[Revision, Audit, Audit]] = []
    for end in ends:
        now = audit(end, until)
        if now.revision is None:
            raise CatalogueError(f"no commit of {variant} is known, so there is no revision")
        sha, latest = now.revision.commit.sha, now.method.until
        seen = history.first_look_at(sha)
        moment = max(min(latest, seen or latest), now.revision.commit.at)
        found.append((now.revision, now, audit(sha, moment)))
    (before, left, left_then), (after, right, right_then) = found
    sections = []
    for name in _HEADINGS:
        # Licences are those of the moment at which somebody first looked at the revision.
        pair = (left_then, right_then) if name == "licence" else (left, right)
        sections.append(_section(name, *(_READERS[name](each) for each in pair)))
    identity = right.identity
    name, tool = identity.name or key, right.method.tool
    ends_of = (right.method.until, before, after)
    return Comparison(SCHEMA, key, name, *ends_of, tuple(sections), tool)


def _history(store: GraphStore, key: str) -> History:
    facts = ask(store, "variant_facts", variants=[key]).data()[0]
    commits = ask(store, "variant_commits", variants=[key]).data()
    return History(facts["url"], facts["default_branch"], commits, (), facts["looks"] or ())


def _section(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Section:
    rows = [
        Difference(what, before.get(what), after.get(what))
        for what in dict.fromkeys([*before, *after])
    ]
    rows = [row for row in rows if (row.before, row.after) != (None, None)]
    differ = tuple(row for row in rows if row.before != row.after)
    return Section(name, len(rows) - len(differ), differ)


def _origin(audit: Audit) -> dict[str, Any]:
    link, origin = audit.upstream, audit.origin
    commit = origin.commit
    return {
        "upstream": (link.name or link.repository) if link else None,
        "confidence": round(link.confidence, 2) if link and link.confidence is not None else None,
        "made from commit": commit.sha if commit else None,
        "committed": date(commit.at) if commit else None,
        "landed": date(origin.landed_at) if origin.landed_at else None,
        "proved by": words(origin.basis),
    }


def _files(audit: Audit) -> dict[str, Any]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for copy in audit.origin.copies:
        at = copy.origin.sha if copy.origin else "a release"
        found[copy.path].add(f"{copy.repository.partition('://')[2]} {copy.origin_path} @ {at}")
    return {path: "; ".join(sorted(places)) for path, places in sorted(found.items())}


def _hashes(audit: Audit) -> dict[str, Any]:
    return {file.path: file.sha256 for file in audit.files}


def _licence(audit: Audit) -> dict[str, Any]:
    both = audit.licences
    agree = {True: "yes", False: "no", None: "undecided"}[both.agree]
    return {"model": both.variant, "upstream": both.repository, "they agree": agree}


def _evidence(audit: Audit) -> dict[str, Any]:
    found = {}
    for link in filter(None, (audit.upstream, *audit.others)):
        for seen in link.evidence:
            what = f"{words(seen.method)} at {seen.place or 'no place'}"
            found[f"{link.name or link.repository}: {what}"] = seen.said or "observed"
    return found


def _drift(audit: Audit) -> dict[str, Any]:
    return {k: v for drift in audit.drifts for k, v in _of_drift(drift, len(audit.drifts))}


def _of_drift(drift: Drift, several: int) -> Iterator[tuple[str, Any]]:
    of = f" of {drift.repository.partition('://')[2]}" if several > 1 else ""
    yield f"counted since the {drift.basis}{of}", date(drift.since)
    yield f"commits{of}", drift.commits
    yield f"commits on code, tokenizer, configuration{of}", drift.weighty_commits
    yield f"behind for days, at least{of}", drift.least_days
    yield f"behind for days, at most{of}", drift.most_days
    yield f"newest commit{of}", drift.last.sha if drift.last else None


def _findings(audit: Audit) -> dict[str, Any]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for finding in audit.findings:
        found[words(finding.kind)].append(finding.text)
    undecided = {words(each.kind): f"undecided: {each.missing}" for each in audit.undecided}
    return undecided | {kind: "; ".join(texts) for kind, texts in found.items()}


_READERS = {
    "origin": _origin,
    "files": _files,
    "hashes": _hashes,
    "licence": _licence,
    "evidence": _evidence,
    "drift": _drift,
    "findings": _findings,
}
"""Section → what of an audit stands side by side in it."""


def write_comparison(found: Comparison, format_: ComparisonFormat) -> str:
    """Return a comparison as a document that ends in a newline."""
    if format_ is ComparisonFormat.JSON:
        return as_json(asdict(found))
    from hubtrace.queries.audit.formats.html import as_html
    from hubtrace.queries.audit.formats.markdown import render_page
    from hubtrace.queries.audit.formats.text import as_text

    absent = {"findings": "not found", "evidence": "not observed"}
    page = render_page(
        "compare.md.j2", found=found, headings=_HEADINGS, absent=absent, not_known=_NOT_KNOWN
    )
    match format_:
        case ComparisonFormat.TEXT:
            return as_text(page)
        case ComparisonFormat.MARKDOWN:
            return page
        case ComparisonFormat.HTML:
            names = {heading: name for name, heading in _HEADINGS.items()}
            note = f"{found.variant}, as of {date(found.until)} UTC, by {found.tool}."
            return as_html(page, note, names=names)
        case _:
            assert_never(format_)
