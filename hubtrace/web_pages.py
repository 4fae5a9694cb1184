"""The pages of `hubtrace serve`: for each address the question behind it, as a table."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from hubtrace.commands import flags as flags_command
from hubtrace.commands import history as history_command
from hubtrace.commands import patterns as patterns_command
from hubtrace.commands import trace as trace_command
from hubtrace.commands import why as why_command
from hubtrace.graph import question
from hubtrace.graph.errors import QueryFailed, WriteRefused
from hubtrace.graph.format import count, words
from hubtrace.graph.question import Limits
from hubtrace.graph.store import GraphStore, Result
from hubtrace.graph.urls import Side, parse_sha
from hubtrace.options import parse_until
from hubtrace.output import Table
from hubtrace.past import graph_at
from hubtrace.queries.audit import audit
from hubtrace.queries.audit.formats import AuditFormat, write
from hubtrace.queries.audit.formats.html import to_html as audit_html
from hubtrace.queries.audit.lineage import picture, steps_of
from hubtrace.queries.catalogue import (
    ask,
    catalogue,
    family_names,
    parse_parameters,
    query,
    values_of,
)
from hubtrace.queries.flags import Flag
from hubtrace.queries.flags import flags as find_flags
from hubtrace.queries.json_schema import plain
from hubtrace.queries.lookup import ProjectName, find_project, find_variant, recognised
from hubtrace.queries.pages import Site
from hubtrace.queries.patterns import PatternRow, patterns
from hubtrace.queries.provenance import trace, why
from hubtrace.queries.report.attention import describe
from hubtrace.queries.report.build import report
from hubtrace.queries.report.formats.html import to_html as report_html

_Row = Mapping[str, Any]

SECTIONS = {
    **{"model": "audit", "repository": "models", "family": "timeline"},
    **{"commit": "trace", "question": "rows"},
}
"""Beginning of an address → the first page on what it names."""
_OVERVIEW = (
    *(("/", "Families"), ("/patterns", "Patterns"), ("/flags", "Flags")),
    *(("/history", "History"), ("/cypher", "Ask")),
)
_SHA_COLUMNS = frozenset(
    {"sha", "head", "origin", "revision", "copied_sha", "origin_sha", "from_sha", "to_sha"}
)
SEARCH = ("kind", "name", "key")
LINEAGE = ("what", "name", "detail", "into", "evidence", "confidence")
QUERIES = ("query", "what")
"""Columns of pages that no command prints."""
_NOTHING = Markup("")
_EXAMPLE = "MATCH (f:Family)-[:RELEASES]->(v:Variant)\nRETURN f.name AS family, count(v) AS models"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks."""

    target: str
    """What it is about: a name, a key or a sha; empty for all."""
    given: Mapping[str, str]
    limits: Limits
    run: bool
    """False if another site led here: its question is shown, and not asked."""
    busy: threading.Semaphore
    """Free for as many questions as are asked at a time."""
    snapshot: Path
    """Where that of the graph may be, for questions about the past."""

    @property
    def until(self) -> int | None:
        """The moment that is asked about; None: when each family was last observed."""
        return parse_until(self.given["until"]) if self.given.get("until") else None


@dataclass(frozen=True, slots=True)
class Page:
    """A page: a table, and what stands around it."""

    title: str
    schema: str
    columns: Sequence[str]
    rows: Sequence[_Row]
    notes: Sequence[str] = ()
    pages: Sequence[tuple[str, str]] = _OVERVIEW
    """Addresses and names of the pages beside it."""
    html: Callable[[Site], str] | None = None
    """What shows it instead of the table."""
    document: Callable[[], str] | None = None
    """Its JSON, if that is more than the rows."""
    form: Sequence[tuple[str, str, str, int]] | None = None
    """Parameters that can be given: name, label, value, lines."""
    lines: Sequence[str] = ()
    picture: Markup = _NOTHING
    warnings: Sequence[str] = ()
    """What is said above it: that the graph of now answers for a moment in the past."""


@dataclass(frozen=True, slots=True)
class Handler:
    """How a page is made."""

    make: Callable[[GraphStore, Asked], Page]
    takes: tuple[str, ...] = ()
    """Parameters; any other is refused."""
    bounded: bool = False
    """True if a question of the user's own is asked, within limits."""
    free: bool = False
    """True if parameters are those of the question."""
    whole: bool = False
    """True if the whole graph is asked where nothing is named: it takes seconds in a large one."""


def address(section: str, target: str, page: str = "") -> str:
    """Return the address of a page on something."""
    return f"/{section}/{quote(target)}/{page or SECTIONS[section]}"


def address_of(column: str, row: _Row) -> str | None:
    """Return the address of what a cell names, by its column."""
    value = row[column]
    if not isinstance(value, str) or not value:
        return None
    kind = {"variant": "model", "base": "model", "family": "family", "repository": "repository"}
    if column in kind:
        return address(kind[column], value)
    if column == "query":
        return address("question", value)
    if column == "name" and row.get("kind") in SECTIONS:
        return address(row["kind"], row.get("key", value))
    if column in _SHA_COLUMNS and parse_sha(value):
        return address("commit", value)
    if column in ("project", "name") and row.get("side") and row.get("project"):
        side = "repository" if row["side"] == Side.UPSTREAM else "model"
        return address(side, row["project"])
    return None


def _on(section: str, target: str) -> list[tuple[str, str]]:
    """Return the pages on one thing."""
    names = [name for place, name in PAGES if place == section]
    return [("/", "Families"), *((address(section, target, name), words(name)) for name in names)]


def _of(table: Table[Any], items: Iterable[Any]) -> dict[str, Any]:
    return {"schema": page_schema(table), "columns": [*table.columns], "rows": table.rows(items)}


def page_schema(table: Table[Any]) -> str:
    """Return the name of a page's rows: the command's own JSON has another shape."""
    return table.schema.replace("hubtrace.", "hubtrace.page.")


def _rows(schema: str, rows: Sequence[_Row], columns: Sequence[str]) -> dict[str, Any]:
    return {"schema": schema, "columns": columns, "rows": rows}


def _stored(store: GraphStore, name: str, **parameters: Any) -> dict[str, Any]:
    """Return the rows of a stored question."""
    found = ask(store, name, **parameters)
    return _rows(f"hubtrace.query.{name}/1", found.data(), found.columns)


def _families(store: GraphStore, _: Asked) -> Page:
    found = _stored(store, "families")
    notes = ["Search above for a model, a repository, a family or a commit."]
    return Page(count(len(found["rows"]), "family"), **found, notes=notes)


def _search(store: GraphStore, asked: Asked) -> Page:
    text = asked.given.get("q", "").strip()
    rows: list[dict[str, Any]] = []
    if text and (found := recognised(store, text)):
        side = "repository" if found.project.side == Side.UPSTREAM else "model"
        rows.append({"kind": side, "key": found.project.key, "name": found.project.name})
        if sha := found.address.commit:
            rows.append({"kind": "commit", "key": sha, "name": sha})
    if digits := parse_sha(text):
        commits = ask(store, "commit_places", sha=digits).data()
        shas = {row["sha"]: f"{row['sha'][:12]} {row['subject'] or ''}".strip() for row in commits}
        rows += [{"kind": "commit", "key": sha, "name": name} for sha, name in shas.items()]
    if text:
        rows += ask(store, "search", text=text).data()
    unique = list({(row["kind"], row["key"]): row for row in rows}.values())
    return Page(f"Search: {text}", "hubtrace.search/1", SEARCH, unique)


def _audit(store: GraphStore, asked: Asked) -> Page:
    revision = asked.given.get("revision") or None
    found = audit(store, asked.target, revision, asked.until)
    rows = [{**asdict(each), "proof": list(each.proof)} for each in found.findings]
    return Page(
        f"Findings on {found.identity.name or found.identity.variant}",
        **_rows("hubtrace.audit/1", rows, ("variant", "kind", "text", "proof")),
        pages=_on("model", asked.target),
        html=lambda site: audit_html(found, site),
        document=lambda: write(found, AuditFormat.JSON),
    )


def _project(store: GraphStore, asked: Asked, side: Side) -> ProjectName:
    return find_project(store, asked.target, side)


def _model_evidence(store: GraphStore, asked: Asked) -> Page:
    model = _project(store, asked, Side.DOWNSTREAM)
    pages = _on("model", asked.target)
    if repository := asked.given.get("repository"):
        found = why(store, model.key, repository)
        title = f"Why {found.variant.name} may come from {found.repository.name}"
        return Page(title, **_of(why_command.TABLE, found.paths), pages=pages)
    evidence = _stored(store, "evidence", variant=model.key)
    notes = [
        "Every observation that it comes from a repository, the strongest first; "
        "?repository=OWNER/NAME lists each path between the two in a sentence."
    ]
    return Page(f"Evidence on {model.name}", **evidence, notes=notes, pages=pages)


def _lineage(store: GraphStore, asked: Asked) -> Page:
    revision = asked.given.get("revision") or None
    found = audit(store, asked.target, revision, asked.until)
    steps = steps_of(found)
    rows: list[dict[str, Any]] = [
        {
            "what": each.kind,
            "name": each.name,
            "detail": each.detail,
            "into": "" if each.into is None else steps[each.into].name,
            "evidence": each.evidence,
            "confidence": each.confidence,
        }
        for each in steps
    ]
    return Page(
        f"Lineage of {steps[-1].name}",
        **_rows("hubtrace.lineage/1", rows, LINEAGE),
        pages=_on("model", asked.target),
        picture=picture(found),
    )


def _model_files(store: GraphStore, asked: Asked) -> Page:
    model = _project(store, asked, Side.DOWNSTREAM)
    found = _stored(store, "origins", variant=model.key)
    pages = _on("model", asked.target)
    return Page(f"Files of {model.name} that repositories hold", **found, pages=pages)


def _repository_models(store: GraphStore, asked: Asked) -> Page:
    found = _project(store, asked, Side.UPSTREAM)
    links = _stored(store, "links", repository=found.key)
    pages = _on("repository", asked.target)
    return Page(f"Models that may come from {found.name}", **links, pages=pages)


def _repository_evidence(store: GraphStore, asked: Asked) -> Page:
    found = _project(store, asked, Side.UPSTREAM)
    evidence = _stored(store, "evidence", repository=found.key)
    pages = _on("repository", asked.target)
    return Page(f"Evidence for {found.name}", **evidence, pages=pages)


def _history(section: str) -> Callable[[GraphStore, Asked], Page]:
    sides = {"model": Side.DOWNSTREAM, "repository": Side.UPSTREAM}

    def history(store: GraphStore, asked: Asked) -> Page:
        key, name = asked.target or None, asked.target or "every project"
        if section in sides:
            found = _project(store, asked, sides[section])
            key, name = found.key, found.name
        elif asked.target:
            family_names(store, [asked.target])
        events = ask(store, "history", target=key).data()
        pages = _on(section, asked.target) if section else _OVERVIEW
        return Page(f"Events of {name}", **_of(history_command.TABLE, events), pages=pages)

    return history


def _patterns(store: GraphStore, asked: Asked) -> Page:
    families = [asked.target] if asked.target else None
    # How firm each label is takes ten times as long, which one family's page has.
    found = patterns(store, families, asked.until, stability=bool(asked.target))
    rows = [plain(PatternRow.of(each)) for each in found]
    title = f"Pattern of {asked.target}" if asked.target else "Patterns of all families"
    pages = _on("family", asked.target) if asked.target else _OVERVIEW
    notes = () if asked.target else ("Stability stands on each family's own page.",)
    return Page(title, **_of(patterns_command.TABLE, rows), pages=pages, notes=notes)


def _flags(store: GraphStore, asked: Asked) -> Page:
    families = [asked.target] if asked.target else None
    found = find_flags(store, families, asked.until)
    every: list[Flag] = [*found.sides, *found.variants, *found.branches]
    rows = [describe(row) for row in every if row.flagged or asked.given.get("all")]
    title = f"What was left behind in {asked.target or 'all families'}"
    pages = _on("family", asked.target) if asked.target else _OVERVIEW
    notes = [flags_command.summary(found)]
    return Page(title, **_of(flags_command.TABLE, rows), notes=notes, pages=pages)


def _timeline(store: GraphStore, asked: Asked) -> Page:
    found = report(store, [asked.target], asked.until, with_statistics=False)
    timeline = _stored(store, "timeline", families=[asked.target], until=asked.until)
    pages = _on("family", asked.target)
    return Page(asked.target, **timeline, pages=pages, html=lambda site: report_html(found, site))


def _trace(store: GraphStore, asked: Asked) -> Page:
    found = trace(store, asked.target)
    rows = trace_command.rows_of(found)
    return Page(
        f"Commit {asked.target}",
        **_of(trace_command.TABLE, rows),
        notes=[*trace_command.summary(found)],
        pages=_OVERVIEW,
    )


def _cypher(store: GraphStore, asked: Asked) -> Page:
    text = asked.given.get("q", "").strip()
    form = [("q", "A question in Cypher", text or _EXAMPLE, 8)]
    title, schema = "Ask in Cypher", "hubtrace.query/1"
    if text and asked.run:
        found = _bounded(store, text, {}, asked)
        return Page(title, schema, found.columns, found.data(), form=form)
    rows = [{"query": each.name, "what": each.what} for each in catalogue().values()]
    notes = [f"{_limits(asked.limits)} Nothing can be written. Below: the stored questions."]
    if text:
        notes.insert(0, "Another page led here. Read the question, and press Ask if it is yours.")
    return Page(title, "hubtrace.page.queries/1", QUERIES, rows, notes=notes, form=form)


def _question(store: GraphStore, asked: Asked) -> Page:
    stored = query(asked.target)
    given = {key: value for key, value in asked.given.items() if key != "ask"}
    form = [(p.name, f"{p.name} ({p.type})", given.get(p.name, ""), 1) for p in stored.parameters]
    title, schema = words(stored.name), f"hubtrace.query.{stored.name}/1"
    lines = stored.text.splitlines()
    pages = _OVERVIEW
    if not (asked.run and asked.given):
        return Page(title, schema, (), (), (stored.what,), pages, form=form, lines=lines)
    pairs = [f"{key}={value}" for key, value in given.items() if value]
    values = values_of(store, stored, parse_parameters(stored.name, pairs))
    found = _bounded(store, stored.text, values, asked)
    return Page(title, schema, found.columns, found.data(), (stored.what,), pages, form=form)


@contextmanager
def as_it_was(
    store: GraphStore, section: str, handler: Handler, asked: Asked, warn: Callable[[str], None]
) -> Iterator[GraphStore]:
    """Yield what a page is asked of: the graph as it was, if it takes a moment and is given one.

    Raises:
        QueryFailed: as many are being loaded as may be, or it takes longer than a question may.
    """
    if "until" not in handler.takes or asked.until is None:
        yield store
        return
    variants = [find_variant(store, asked.target)[0]] if section == "model" else []
    families = [asked.target] if asked.target else None
    end = time.monotonic() + asked.limits.seconds

    def show(_: str, __: int, ___: int | None) -> None:
        if time.monotonic() > end:
            raise QueryFailed(
                "what was known then takes too long to load here; ask the command, with --until"
            )

    with (
        _turn(asked),
        graph_at(store, asked.until, variants, families, asked.snapshot, warn, show) as then,
    ):
        yield then


@contextmanager
def _turn(asked: Asked) -> Iterator[None]:
    if not asked.busy.acquire(blocking=False):
        raise QueryFailed("other questions are being answered; ask again when they have ended")
    try:
        yield
    finally:
        asked.busy.release()


def _bounded(store: GraphStore, text: str, parameters: Mapping[str, Any], asked: Asked) -> Result:
    try:
        with _turn(asked):
            return question.ask(store, text, parameters, asked.limits)
    except WriteRefused:
        raise QueryFailed("this statement changes the graph, and a question only reads") from None


def _limits(limits: Limits) -> str:
    return (
        f"It may take {limits.seconds:g} seconds, {limits.rows:,} rows and "
        f"{limits.gigabytes:g} GB of memory."
    )


PAGES: Mapping[tuple[str, str], Handler] = {
    ("", "families"): Handler(_families),
    ("", "search"): Handler(_search, ("q",)),
    ("", "patterns"): Handler(_patterns, ("until",), whole=True),
    ("", "flags"): Handler(_flags, ("until", "all"), whole=True),
    ("", "history"): Handler(_history(""), whole=True),
    ("", "cypher"): Handler(_cypher, ("q", "ask"), bounded=True),
    ("model", "audit"): Handler(_audit, ("revision", "until")),
    ("model", "lineage"): Handler(_lineage, ("revision", "until")),
    ("model", "evidence"): Handler(_model_evidence, ("repository",)),
    ("model", "files"): Handler(_model_files),
    ("model", "history"): Handler(_history("model")),
    ("repository", "models"): Handler(_repository_models),
    ("repository", "evidence"): Handler(_repository_evidence),
    ("repository", "history"): Handler(_history("repository")),
    ("family", "timeline"): Handler(_timeline, ("until",)),
    ("family", "patterns"): Handler(_patterns, ("until",)),
    ("family", "flags"): Handler(_flags, ("until", "all")),
    ("family", "history"): Handler(_history("family")),
    ("commit", "trace"): Handler(_trace),
    ("question", "rows"): Handler(_question, bounded=True, free=True),
}
"""Beginning of the address and name of the page → how it is made."""
